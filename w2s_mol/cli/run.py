"""``w2s-mol run``: a whole study into a run folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.study.config import StudyConfig

if TYPE_CHECKING:
    import pandas as pd


app = new_app()


@app.command()
def run(
    study: StudyConfig,
    output_dir: Annotated[
        Path | None, options.output_dir("The run folder. Default: runs/, named by the study.")
    ] = None,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    form: options.Format = "table",
) -> None:
    """Run a weak-to-strong study.

    Fits a head of every weak encoder on true labels, lets its predictions supervise the strong
    encoder's head, and measures both against the truth, for every split. Writes results.csv,
    results.parquet, predictions.parquet, config.toml and manifest.json. Stopped at any moment,
    the same command goes on; a finished study is not repeated.

    Example: w2s-mol run --dataset lipop --strong molbert
    """
    from w2s_mol.cli.folders import study_folder
    from w2s_mol.study.run import run_study

    folder = output_dir or study_folder(study)
    with output.progress_bars() as progress:
        found = run_study(
            study,
            output_dir=folder,
            device=device,
            mirror=mirror,
            offline=offline,
            progress=progress,
        )
    for name, notes in found.notes.items():
        for text in notes:
            output.note(f"note: {name}: {text}.")
    for what, seconds in found.seconds.items():
        output.detail(f"{what}: {seconds:.1f} s")
    for name in found.mended:
        output.note(f"note: {folder / name} was lost or damaged; it is written again.")
    if found.computed:
        output.note(f"transformers ran on {found.finished.manifest['device']}")
    else:
        output.note(f"{folder} holds this study, finished; nothing was computed again.")
    _print_summary(found.results, form)
    _note_path_ends(found.results)
    output.note(f"written to {folder}. Next: w2s-mol select {shlex.quote(str(folder))}")


def _note_path_ends(results: pd.DataFrame) -> None:
    from w2s_mol.heads.penalties import PENALTIES

    students = results[results["eval_split"] == "test"]["w2s_penalty"]
    at_end = int(students.isin([PENALTIES[0], PENALTIES[-1]]).sum())
    if at_end:
        output.note(
            f"note: {at_end} of {len(students)} students chose a ridge penalty at an end of the "
            f"path, {PENALTIES[0]:g} to {PENALTIES[-1]:g}; another might fit them better."
        )


def _print_summary(results: pd.DataFrame, form: str) -> None:
    from w2s_mol.tasks.registry import task_of

    task = task_of(results)
    shown = [quantity.name for quantity in task.quantities() if quantity.in_summary]
    test = results[results["eval_split"] == "test"]
    by = ["dataset", "unit", "strong", "family", "weak"]
    # A mean over some of the splits would be compared with means over all: pgr is all or nothing.
    means = test.groupby(by, sort=False, dropna=False)[shown].mean(skipna=False)
    means = means.reset_index().astype(object)
    means = means.where(means.notna(), None)
    students = len(set(means["strong"])) > 1
    if form != "table":
        columns = [name for name in means.columns if students or name != "strong"]
        output.print_rows(columns, means[columns].to_numpy().tolist(), form)
        return
    several = len(set(means["family"])) > 1
    columns = [*(["family"] if several else []), "weak", *shown]
    for (dataset, unit, strong), part in means.groupby(by[:3], sort=False, dropna=False):
        splits = test[test["dataset"] == dataset]["split_sha256"].nunique()
        title = (
            f"{dataset}{f', strong {strong}' if students else ''}: test, mean over {splits} "
            f"distinct splits, in {task.error_unit(unit)}; pgr is a ratio, empty where undefined "
            "on a split"
        )
        output.print_rows(columns, part[columns].to_numpy().tolist(), "table", title)
