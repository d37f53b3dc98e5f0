"""``w2s-mol sweep``: all studies of a plan."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.option import Option

if TYPE_CHECKING:
    from w2s_mol.study.config import StudyConfig

app = new_app()


@app.command()
def sweep(
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN.toml",
            help="Options of 'run' by name. Where one takes one value, a list of values is a study "
            "of each; where it takes several, a list of lists.",
        ),
    ],
    output_dir: Annotated[
        Path | None, options.output_dir("A folder for the run folders. Default: runs/PLAN.")
    ] = None,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    workers: options.StudyWorkers = None,
    cluster: options.Cluster = None,
    dry_run: Annotated[
        bool, Option("Say what would be studied, from the settings alone, and do nothing.")
    ] = False,
) -> None:
    """Carry out all studies of a plan.

    Every combination of the options' values is a study in a run folder of its own, as 'run' writes
    it; select, statistics, figures and report read the folder of all. Embeddings that several
    studies need are computed once. Stopped at any moment, the same command goes on; finished
    studies are not repeated, and one that cannot be carried out is told at the end and stops no
    other.

    Example: w2s-mol sweep plan.toml --workers 8
    """
    from w2s_mol.errors import InputError

    where = output_dir or Path("runs") / plan.stem
    if where.exists() and not where.is_dir():
        raise InputError(f"{where} is a file. Give a folder with --output-dir.")
    studies = _folders(plan, where)
    if dry_run:
        for folder in studies:
            output.result(str(folder))
        output.note(f"{len(studies):,} studies.")
        return
    from w2s_mol.sweep.run import run_sweep

    asked = options.crew(workers, cluster)
    with output.progress_bars() as progress:
        done = run_sweep(
            studies,
            workers=asked.workers,
            cluster=asked.cluster,
            device=device,
            mirror=mirror,
            offline=offline,
            progress=progress,
            note=asked.note,
        )
    refused = [one for one in done if one.finished is None]
    computed = sum(one.finished.computed for one in done if one.finished)
    found = len(done) - len(refused) - computed
    for one in refused:
        output.note(f"{one.folder}: {one.refused}")
    output.note(
        f"{computed:,} studies written to {where}, {found:,} were there, finished"
        f"{f', {len(refused):,} refused' if refused else ''}."
        f"{f' Next: w2s-mol select {shlex.quote(str(where))}' if computed + found else ''}"
    )
    if refused:
        raise InputError(
            f"{len(refused):,} of {len(done):,} studies cannot be carried out; each is told above. "
            "Change the plan, and run the same command again: the others are not repeated."
        )


def _folders(plan: Path, where: Path) -> dict[Path, StudyConfig]:
    """Return the studies of a plan by their folders."""
    from w2s_mol import files
    from w2s_mol.cli.config_file import as_text
    from w2s_mol.cli.declared import meanings, spelt
    from w2s_mol.cli.folders import study_folder
    from w2s_mol.errors import InputError
    from w2s_mol.study.config import StudyConfig
    from w2s_mol.sweep.plan import STUDY, studies_of

    meant, names = meanings(StudyConfig), spelt(StudyConfig)

    def seen_from_here(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [seen_from_here(name, one) for one in value]
        return as_text(meant[name], plan.parent, value) if isinstance(value, str) else value

    def options_of(values: dict[str, Any]) -> dict[str, Any]:
        known = {name: names.get(name.replace("-", "_"), name) for name in values}
        return {
            known[name]: seen_from_here(known[name], value) if known[name] in meant else value
            for name, value in values.items()
        }

    said = options_of(files.read_toml(plan, "plan"))
    if isinstance(tables := said.get(STUDY), list):
        said[STUDY] = [options_of(one) if isinstance(one, dict) else one for one in tables]
    studies = studies_of(said, f"plan {plan}")
    by_folder = {where / study_folder(study).name: study for study in studies}
    if len(by_folder) < len(set(studies)):
        raise InputError(
            f"{plan}: two of its studies would be written to one folder, for names that differ "
            "only in their folders. Give tables and encoders names of their own."
        )
    if again := len(studies) - len(by_folder):
        times = f"{again:,} time{'s' if again > 1 else ''}"
        output.note(f"The plan repeats itself {times}; each study is carried out once.")
    return by_folder
