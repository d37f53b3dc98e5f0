"""``w2s-mol run``: a whole study into a run folder."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from w2s_mol.cli import options, output

if TYPE_CHECKING:
    import pandas as pd


app = options.new_app()

_OWN = options.OWN_TABLE
_QUANTITIES = ("weak_error", "w2s_error", "misfit", "ceiling_error", "gain", "slack", "pgr")


@app.command()
def run(
    dataset: Annotated[
        list[str],
        typer.Option(
            "--dataset",
            "-d",
            metavar="NAME_OR_CSV",
            help="esol, freesolv, lipop, bace, bbbp, computed-logp (its labels are computed, not "
            "measured), 'all' for the paper's three, or a table of your own. Repeatable.",
        ),
    ],
    weak: Annotated[
        list[str],
        typer.Option(
            metavar="NAME_OR_DIR",
            help="Weak encoders: names, folders of one or of a family, hf:NAME[@REVISION], "
            "file:EMBEDDINGS.parquet, python:MODULE:OBJECT, skfp:NAME, 'random' for untrained ones "
            "as a null control. Repeatable.",
        ),
    ] = ["shipped"],  # noqa: B006 -- Typer copies it
    strong: Annotated[
        str,
        typer.Option(
            metavar="NAME_OR_DIR",
            help="molbert, rdkit2d, ecfp, a folder, or as for --weak; as null controls "
            "random-h256-l6-s0 (any size and seed), or self (every supervisor teaches itself).",
        ),
    ] = "molbert",
    shuffle_weak_labels: Annotated[
        bool,
        typer.Option(
            "--shuffle-weak-labels",
            help="Permute the weak labels before the student sees them: a null control.",
        ),
    ] = False,
    protocol: Annotated[
        Literal["paper", "disjoint"],
        typer.Option(
            help="paper: weak and strong heads on the same molecules; disjoint: on halves."
        ),
    ] = "paper",
    head: Annotated[
        Literal["ridge", "ols", "adamw"],
        typer.Option(help="How linear heads are fitted, weak and strong alike."),
    ] = "ridge",
    head_epochs: Annotated[int, typer.Option(help="Epochs of the adamw head.")] = 1000,
    pooling: Annotated[
        Literal["mean+pooled", "mean", "pooled", "cls", "last"],
        typer.Option(help="How transformers make one vector of a molecule."),
    ] = "mean+pooled",
    seed: Annotated[int, typer.Option(help="Of disjoint halves and adamw's batches.")] = 0,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir", "-o", help="The run folder. Default: runs/, named by the study."
        ),
    ] = None,
    smiles_column: Annotated[
        str, typer.Option(help="Column of the SMILES.", rich_help_panel=_OWN)
    ] = "smiles",
    target_column: Annotated[
        str | None, typer.Option(help="Column of the label.", rich_help_panel=_OWN)
    ] = None,
    unit: Annotated[
        str, typer.Option(help="Unit of the label.", rich_help_panel=_OWN)
    ] = "label units",
    split_column: Annotated[
        list[str],
        typer.Option(
            help="Column that says train, valid or test. Repeatable, a split each.",
            rich_help_panel=_OWN,
        ),
    ] = [],  # noqa: B006
    split_file: Annotated[
        list[str],
        typer.Option(
            metavar="FILE.json",
            help='Rows of a split, from 0: {"train": [...], "valid": [...], "test": [...]}. '
            "Repeatable.",
            rich_help_panel=_OWN,
        ),
    ] = [],  # noqa: B006
    split: Annotated[
        Literal["random", "scaffold"],
        typer.Option(help="How to split 80/10/10 where no split is given.", rich_help_panel=_OWN),
    ] = "random",
    split_seeds: Annotated[
        list[int],
        typer.Option("--split-seed", help="A split for each. Repeatable.", rich_help_panel=_OWN),
    ] = [0, 1, 2],  # noqa: B006
    delimiter: options.Delimiter = None,
    on_invalid: Annotated[
        Literal["error", "skip"],
        typer.Option(help="What to do with a row that cannot be used; skipped ones are counted."),
    ] = "error",
    max_atoms: options.MaxAtoms = options.MAX_ATOMS,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    form: Annotated[
        options.TableFormat, typer.Option("--format", help="How to print the summary.")
    ] = "table",
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Run a weak-to-strong study.

    Fits a head of every weak encoder on true labels, lets its predictions supervise the strong
    encoder's head, and measures both against the truth, for every split. Writes results.csv,
    results.parquet, predictions.parquet, config.toml and manifest.json. Stopped at any moment,
    the same command goes on; a finished study is not repeated.

    Example: w2s-mol run --dataset lipop --strong molbert
    """
    given = locals()
    from w2s_mol.cli.folders import study_folder
    from w2s_mol.encoders.transformer import resolve_device
    from w2s_mol.study.config import StudyConfig
    from w2s_mol.study.run import run_study

    names = {field.name for field in dataclasses.fields(StudyConfig)}
    study = StudyConfig(**{name: value for name, value in given.items() if name in names})
    folder = output_dir or study_folder(study)
    device = str(resolve_device(device))
    output.note(f"transformers run on {device}")
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
    if not found.computed:
        output.note(f"{folder} holds this study, finished; nothing was computed again.")
    _print_summary(found.results, form)
    _note_path_ends(found.results)
    output.note(f"written to {folder}. Next: w2s-mol select {shlex.quote(str(folder))}")


def _note_path_ends(results: pd.DataFrame) -> None:
    from w2s_mol.heads.linear import PENALTIES

    students = results[results["eval_split"] == "test"]["w2s_penalty"]
    at_end = int(students.isin([PENALTIES[0], PENALTIES[-1]]).sum())
    if at_end:
        output.note(
            f"note: {at_end} of {len(students)} students chose a ridge penalty at an end of the "
            f"path, {PENALTIES[0]:g} to {PENALTIES[-1]:g}; another might fit them better."
        )


def _print_summary(results: pd.DataFrame, form: str) -> None:
    test = results[results["eval_split"] == "test"]
    from w2s_mol.numbers import squared

    by = ["dataset", "unit", "family", "weak"]
    # A mean over some of the splits would be compared with means over all: pgr is all or nothing.
    means = test.groupby(by, sort=False, dropna=False)[list(_QUANTITIES)].mean(skipna=False)
    means = means.reset_index().astype(object)
    means = means.where(means.notna(), None)
    if form != "table":
        output.print_rows(list(means.columns), means.to_numpy().tolist(), form)
        return
    several = len(set(means["family"])) > 1
    columns = [*(["family"] if several else []), "weak", *_QUANTITIES]
    for (dataset, unit), part in means.groupby(["dataset", "unit"], sort=False, dropna=False):
        splits = test[test["dataset"] == dataset]["split_sha256"].nunique()
        title = (
            f"{dataset}: test, mean over {splits} distinct splits, in {squared(unit)}; pgr is a "
            "ratio, empty where undefined on a split"
        )
        output.print_rows(columns, part[columns].to_numpy().tolist(), "table", title)
