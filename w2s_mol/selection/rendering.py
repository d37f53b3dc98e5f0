"""The selection in finished texts, put together once: terminal, LaTeX and report draw it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from w2s_mol.numbers import Form
from w2s_mol.selection.pairs import Pairs
from w2s_mol.selection.scores import MODELS, OF_PICK
from w2s_mol.selection.tables import StudySelection, supervisor_names
from w2s_mol.study.config import ALL
from w2s_mol.study.groups import NO_CONTROL, USUAL_TEACHING
from w2s_mol.supervisors.names import TOP
from w2s_mol.tasks.registry import REGRESSION, TASK_KIND

PART_WORDS = {"valid": "validation", "val": "validation", "test": "test"}
_MARKS = (("picked", "pick"), ("oracle", "oracle"))
_SHOWN = ("bound", "w2s_error", "gain")
CORRELATION = Form(decimals=2, rounding=1.0)
"""A correlation near zero counts as zero, unlike a small error."""


@dataclass(frozen=True)
class Rendering:
    """A table as a reader sees it.

    Attributes
    ----------
    title
        What it is of.
    columns
        Their heads.
    rows
        A text for each column.
    numeric
        Positions of the columns that hold numbers.
    pick
        Position of the row to point out.
    note
        Below the table: in which unit, over what the spread is.
    short_note
        The same for a document that explains its quantities.
    goes
        Heads of columns that a narrow terminal can do without, in the order in which they go.
    kept
        Positions of the rows that are shown however few are.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int]
    pick: int | None = None
    note: str = ""
    short_note: str = ""
    goes: tuple[str, ...] = ()
    kept: frozenset[int] = frozenset()


def rendered_table(selection: StudySelection, names: Iterable[str] | None = None) -> Rendering:
    """Return the paper's selection table of one study.

    Parameters
    ----------
    selection
        Of one study.
    names
        What to call the supervisors, in the order of the table; by default as
        ``supervisor_names`` does.

    Returns
    -------
    Rendering
        Columns: hidden size, name, weak error - misfit, true error, gain, the task's headline score
        of the student where it has one, marks.
    """
    table = selection.table
    forms = column_forms(selection)
    texts = table.assign(
        name=supervisor_names(table) if names is None else list(names), marks=selection.marks()
    )
    rows = [
        (
            "" if pd.isna(row["hidden"]) else str(row["hidden"]),
            str(row["name"]),
            *(form.plus_minus(row[f"{n}_mean"], row[f"{n}_std"]) for n, form in forms.items()),
            str(row["marks"]),
        )
        for row in texts.to_dict(orient="records")
    ]
    bound, true_error = column_titles(selection)
    task, several = selection.task, selection.n_splits > 1
    unit, gain = task.error_unit(selection.unit), task.term("gain")
    scores = [f"{task.words(name)} (test)" for name in task.headline_of("w2s")]
    spread = f"mean ± standard deviation (n - 1) over {selection.n_splits} splits"
    alone = "one distinct split"
    return Rendering(
        title=_study(selection),
        columns=("hidden", "weak encoder", bound, true_error, f"{gain.words} (test)", *scores, ""),
        rows=tuple(rows),
        numeric=frozenset({0, *range(2, 2 + len(forms))}),
        pick=table["picked"].tolist().index(True),
        note=f"In {unit}; {spread if several else f'{alone}, so no spread'}; "
        f"{gain.words} = {gain.what}.{too_good(selection)}",
        short_note=f"In {unit}; {spread if several else alone}."
        f"{left_out(selection.not_finite)}{too_good(selection)}",
    )


def too_good(selection: StudySelection) -> str:
    """Say which supervisors were chosen on the molecules that the table's rule sees."""
    names = [str(n) for n in selection.table["weak"] if str(n).startswith(TOP)]
    if not names or selection.selector_split == "test":
        return ""
    return (
        f" {', '.join(sorted(names))}: chosen by this rule on these molecules, so that its "
        f"{selection.task.words('bound')} is too good."
    )


def rendered_scores(selection: StudySelection) -> Rendering | None:
    """Return the scores of a study as a reader sees them; None where the task has none."""
    table = selection.scores
    if table.empty:
        return None
    rows = []
    for row in table.to_dict(orient="records"):
        numbers = [row[model] for model in MODELS] + [row[f"picked_{model}"] for model in OF_PICK]
        form = Form.of(numbers, 3)
        shown = [form.number(value) for value in numbers]
        gap = CORRELATION.number(row["pgr"])
        rows.append((str(row["words"]), *shown[: len(MODELS)], gap, *shown[len(MODELS) :]))
    pick = str(supervisor_names(selection.table).iloc[0])
    return Rendering(
        title="Scores on test, means over supervisors",
        columns=("score", "weak", "student", "direct", "ceiling", "gap recovered", pick,
                 "its student"),
        rows=tuple(rows),
        numeric=frozenset(range(1, 8)),
        goes=("its student", pick, "direct"),
        note=f"{nothing_to_recover(selection)}Direct: the strong encoder on the supervisors' true "
        "labels. Gap recovered: (student - weak) / (ceiling - weak), n/a where the ceiling is not "
        "better by a hundredth. A calibration slope is best at 1; its gap is of distances from 1.",
    )  # fmt: skip


def nothing_to_recover(selection: StudySelection) -> str:
    """Say by which scores the ceiling is not better than the supervisors; empty if by none."""
    table = selection.scores
    if table.empty or not table["no_gap"].any():
        return ""
    names = ", ".join(map(str, table["words"][table["no_gap"]]))
    return (
        f"By {names} the ceiling, the strong encoder on true labels, is no better than the "
        "supervisors are on average: there is no gap for a student to recover. "
    )


def rendered_pairs(pairs: Pairs) -> Rendering:
    """Return which supervisor and student to use.

    Columns: student, supervisor, true error on the part that pairs are compared on and on test,
    marks.
    """
    table, words = pairs.table, pairs.task.words
    form = Form.of([*table["seen_mean"], *table["w2s_error_mean"]])
    rows = [
        (
            str(row["strong"]),
            str(row["weak"]),
            *(form.plus_minus(row[f"{n}_mean"], row[f"{n}_std"]) for n in ("seen", "w2s_error")),
            " + ".join(mark for name, mark in _MARKS if row[name]),
        )
        for row in table.to_dict(orient="records")
    ]
    seen = PART_WORDS[pairs.selector_split]
    return Rendering(
        title=f"{pairs.dataset}: which strong encoder, under the supervisor that is best for it",
        columns=(
            "strong",
            "weak encoder",
            *(f"{words('w2s_error')} of strong ({part})" for part in (seen, "test")),
            "",
        ),
        rows=tuple(rows),
        numeric=frozenset({2, 3}),
        pick=0,
        note=f"In {pairs.task.error_unit(pairs.unit)}. Pairs are compared by true labels of the "
        f"{seen} molecules: {words('misfit')}s of different strong encoders do not compare.",
    )


def column_forms(selection: StudySelection) -> dict[str, Form]:
    """Return how the quantities of a selection are written, each column in one form."""
    shown = [*_SHOWN, *selection.task.headline_of("w2s")]
    return {name: Form.of(selection.table[f"{name}_mean"]) for name in shown}


def column_titles(selection: StudySelection) -> tuple[str, str]:
    """Return what the bound and the true error are called, with what they are measured on."""
    seen = PART_WORDS[selection.selector_split]
    words = selection.task.words
    return f"{words('bound')} ({seen})", f"{words('w2s_error')} of strong (test)"


def in_short(keys: Mapping[str, Any] | pd.Series) -> str:
    """Return what tells a study from its neighbours: dataset, strong encoder, number of labels.

    And the kind of its task, where it is no regression; the heads, where they are not ridge; the
    protocol, where it is not the paper's.
    """
    protocol = keys.get("protocol", "paper")
    protocol = "" if protocol == "paper" else f", protocol {protocol}"
    heads = "" if keys.get("head", "ridge") == "ridge" else f", {keys['head']} heads"
    study = f"{keys['dataset']}{_kind(keys)}, strong {keys['strong']}{protocol}{heads}"
    return f"{study}{number_of_labels(keys)}{unusual_teaching(keys)}"


def _kind(keys: Mapping[str, Any] | pd.Series) -> str:
    kind = keys.get(TASK_KIND, REGRESSION.name)
    return "" if kind == REGRESSION.name else f" ({kind})"


def number_of_labels(keys: Mapping[str, Any] | pd.Series) -> str:
    """Say how many true labels supervisors have if not all, and what students learn beside them."""
    labels, unlabelled = keys.get("labels", ALL), keys.get("unlabelled", 0)
    drawn = "" if labels == ALL else f", {labels} labels"
    return drawn + (f", {unlabelled:,} molecules without a label" if unlabelled else "")


def unusual_teaching(keys: Mapping[str, Any] | pd.Series) -> str:
    """Say how students of classes were taught, if not as usual: what, by which loss, how sure."""
    teaching = str(keys.get("teaching", ""))
    return "" if teaching in ("", USUAL_TEACHING) else f", taught {teaching}"


def left_out(names: Sequence[str]) -> str:
    """Return the sentence on supervisors that cannot be compared, empty if there is none."""
    return f" Left out, as their errors are not finite: {', '.join(names)}." if names else ""


def _study(selection: StudySelection) -> str:
    keys, control = selection.keys, selection.control
    return (
        f"{keys['dataset']}{_kind(keys)}: strong {keys['strong']}{number_of_labels(keys)}, "
        f"protocol {keys['protocol']}, head {keys['head']}{unusual_teaching(keys)}, "
        f"pooling {keys['pooling']}, seed {keys['study_seed']}"
        + ("" if control == NO_CONTROL else f" (null control: {control})")
    )
