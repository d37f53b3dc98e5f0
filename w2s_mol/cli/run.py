"""``w2s-mol run``: a whole study into a run folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import LINES, Asked, Shown, within, wrapped
from w2s_mol.study.config import ALL, StudyConfig

if TYPE_CHECKING:
    from w2s_mol.tasks.contract import Ratio, Task, Term

app = new_app()
_PART = "eval_split"
_ERROR = "w2s_error"
_LONGEST = 16
_GOES = (
    "slack", "misfit", "gain", "ceiling error", "pgr", "weak error", "ceiling ROC-AUC",
    "weak ROC-AUC",
)  # fmt: skip
"""What a narrow terminal can do without, in the order in which it goes."""


@app.command()
def run(
    study: StudyConfig,
    output_dir: Annotated[
        Path | None, options.output_dir("The run folder. Default: runs/, named by the study.")
    ] = None,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    workers: options.StudyWorkers = None,
    cluster: options.Cluster = None,
    form: options.Format = "table",
    columns: options.Columns = None,
    top: options.Top = None,
) -> None:
    """Run a weak-to-strong study.

    Fits a head of every weak encoder on true labels, lets its predictions supervise the strong
    encoder's head, and measures both against the truth, for every split. Writes results.csv,
    results.parquet, predictions.parquet (by row number), molecules.parquet (what these rows are),
    models.parquet and scalers.parquet (every head, for predict and fit), config.toml and
    manifest.json. Stopped at any moment, the same command goes on; a finished study is not
    repeated.

    Example: w2s-mol run --dataset lipop --strong molbert
    """
    from w2s_mol.cli.folders import study_folder
    from w2s_mol.study.run import run_study
    from w2s_mol.study.summary import marks, on_test

    folder = output_dir or study_folder(study)
    wanted = Asked(columns, top)
    wanted.check(_all_heads())  # before anything is computed
    asked = options.crew(workers, cluster)
    with output.progress_bars() as progress:
        found = run_study(
            study,
            output_dir=folder,
            device=device,
            mirror=mirror,
            offline=offline,
            workers=asked.workers,
            cluster=asked.cluster,
            progress=progress,
            note=asked.note,
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
    rows = found.finished.rows()
    parts = on_test(rows)
    _print_summary(parts, marks(rows), form, wanted)
    _note_path_ends(parts["test"])
    several = len({(row["family"], row["weak"]) for row in rows}) > 1
    verb = "select" if several else "recommend"  # of one there is nothing to select
    output.note(f"written to {folder}. Next: w2s-mol {verb} {shlex.quote(str(folder))}")


def _note_path_ends(rows: list[dict[str, str]]) -> None:
    first, *_, last = _task_of(rows).penalties()
    students = [float(row["w2s_penalty"] or "nan") for row in rows]
    at_end = sum(penalty in (first, last) for penalty in students)
    if at_end:
        output.note(
            f"note: {at_end} of {len(students)} students chose a ridge penalty at an end of the "
            f"path, {min(first, last):g} to {max(first, last):g}; another might fit them better."
        )


def _task_of(rows: list[dict[str, str]]) -> Task:
    from w2s_mol.tasks.registry import REGRESSION, TASK_KIND, find_task

    return find_task(rows[0].get(TASK_KIND, REGRESSION.name))


def _all_heads() -> list[str]:
    """Return the heads of the columns that tables of any task may have."""
    from w2s_mol.tasks.registry import TASKS

    quantities = [one for task in TASKS.values() for one in task.quantities() if one.in_summary]
    return ["family", "weak", *map(_head, quantities)]


def _head(quantity: Term | Ratio) -> str:
    return quantity.words if len(quantity.words) <= _LONGEST else quantity.name


def _print_summary(
    parts: dict[str, list[dict[str, str]]],
    marked: Mapping[tuple[str, ...], str],
    form: str,
    asked: Asked,
) -> None:
    """Print errors on test; of molecules told apart in words, or for other programs as rows."""
    from w2s_mol.study.summary import CASE, apart_in_words, summary

    rows = parts["test"]
    task = _task_of(rows)
    quantities = [quantity for quantity in task.quantities() if quantity.in_summary]
    shown = [quantity.name for quantity in quantities]
    means = summary(rows, quantities)
    students = len({row["strong"] for row in means}) > 1
    budgets = len({row["labels"] for row in means}) > 1
    if form != "table":
        told = {"strong": students, "labels": budgets, _PART: len(parts) > 1}
        columns = [*(name for name in (_PART, *CASE) if told.get(name, True)), *shown]
        lines = [
            {_PART: part, **line} for part in parts for line in summary(parts[part], quantities)
        ]
        output.print_rows(columns, [[line[name] for name in columns] for line in lines], form)
        return
    named = {(row["family"], row["weak"]) for row in means}
    families = len({weak for _, weak in named}) < len(named)
    for place, key in enumerate(dict.fromkeys(_of(row) for row in means)):
        dataset, unit, strong, labels = key
        here = [r for r in rows if (r["dataset"], r.get("labels", labels)) == (dataset, labels)]
        splits = len({row["split_sha256"] for row in here})
        part = [row for row in means if _of(row) == key]
        title = (
            f"{dataset}{f', strong {strong}' if students else ''}"
            f"{f', {labels} labels' if budgets else ''}: "
            f"test, mean over {_of_splits(splits)}, in {task.error_unit(unit)}"
        )
        said = [marked.get(tuple(str(row[name]) for name in CASE), "") for row in part]
        table = _table(title, part, said, quantities, families=families)
        words = {name: task.words(name) for name in shown if name.endswith("_error")}
        test, *others = ([row for row in part if _of(row) == key] for part in parts.values())
        apart = [wrapped(apart_in_words(one, test, words)) for one in others if one]
        text = within(LINES, table, "\n".join(apart), asked)
        output.result(f"\n{text}" if place else text)


def _of_splits(number: int) -> str:
    return "one split" if number == 1 else f"{number} distinct splits"


def _table(
    title: str,
    rows: list[dict[str, Any]],
    said: list[str],
    quantities: Sequence[Term | Ratio],
    *,
    families: bool,
) -> Shown:
    """Return the supervisors of one student, the best first."""
    order = sorted(range(len(rows)), key=lambda n: (rows[n][_ERROR] is None, rows[n][_ERROR] or 0))
    names = ["weak", "family"] if families else ["weak"]
    heads = [*names, *map(_head, quantities), ""]
    shown = [*names, *(quantity.name for quantity in quantities)]
    marks = [said[place] for place in order]
    cells = [[*(rows[n][name] for name in shown), said[n]] for n in order]
    [error, pgr] = (next(q for q in quantities if q.name == name) for name in (_ERROR, "pgr"))
    return replace(
        output.shown(heads, cells, title, _GOES),
        pick=next((place for place, mark in enumerate(marks) if "pick" in mark), None),
        kept=frozenset(place for place, mark in enumerate(marks) if mark),
        note=f"{_head(error).capitalize()}: of the student, by which rows are sorted. Ceiling: "
        f"strong on true labels. {_head(pgr).capitalize()}: {pgr.what}, empty where the ceiling "
        "is no better. Pick: by weak error - misfit on validation.",
        rest=" or results.csv",
    )


def _of(row: dict[str, Any]) -> tuple[str, ...]:
    """Return what tells one table of the summary from another."""
    return (row["dataset"], row["unit"], row["strong"], row.get("labels", ALL))
