"""Molecules (or texts) in a document: those mended and broken, the page of one supervisor."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from w2s_mol._version import __version__
from w2s_mol.advice.errors import words
from w2s_mol.errors import shortened
from w2s_mol.inspection.chosen import Chosen, Wanted, choose, predictions_of
from w2s_mol.inspection.drawing import drawn_molecule
from w2s_mol.inspection.inspected import Inspected, inspect_molecules
from w2s_mol.inspection.molecules import broken, mended
from w2s_mol.inspection.pictures import calibration, predicted_against_true
from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules
from w2s_mol.items.texts import Texts
from w2s_mol.numbers import Form
from w2s_mol.report import made
from w2s_mol.report.blocks import Block, Card, Drawing, Gallery, Report, Section, Table, Text
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.rendering import in_short
from w2s_mol.study.class_words import spoken
from w2s_mol.study.prediction_tables import item_column
from w2s_mol.uses.registry import DIRECT, STUDENT, WEAK

_LONGEST = 300
"""Characters of a text that are shown."""


def build_page(runs: Sequence[FinishedRun], wanted: Wanted, most: int) -> Report:
    """Build the page on the test molecules of one supervisor.

    Parameters
    ----------
    runs
        Where to find it.
    wanted
        What to look at.
    most
        Molecules drawn of each kind.

    Raises
    ------
    InputError
        If there is nothing of that kind, or a run cannot be read.
    """
    chosen = choose(runs, wanted)
    found = inspect_molecules(chosen, predictions_of(chosen, runs))
    run = next(run for run in runs if run.id == chosen.study)
    sections = [
        Section("looked-at", "What is looked at", [Text(_what(found), (chosen.study,))]),
        Section("molecules", "Mended and broken", molecules(chosen, found.molecules, most)),
        Section("gains", "Where the student gains", _gains(found)),
        Section(
            "predicted",
            "Predicted and true",
            [Drawing(predicted_against_true(chosen, found.molecules))],
        ),
        Section(
            "calibration",
            "Calibration of the supervisor",
            [Drawing(calibration(chosen, found.molecules))],
        ),
        Section("runs", "The run", [made.run_manifest(run)]),
    ]
    title = f"{in_short(chosen.errors.keys)}: {_items(found.molecules).name} under {chosen.weak}"
    return Report(title, sections, __version__)


def molecules(chosen: Chosen, found: pd.DataFrame, most: int) -> list[Block]:
    """Return the molecules that the student mends and breaks, so many of each."""
    error = f"{chosen.errors.task.error}, in {chosen.errors.task.error_unit(chosen.errors.unit)}"
    one = _items(found).one
    note = (
        f"Saved: {error}, of the supervisor minus that of the student. Means over the splits that "
        f"test a {one}; predictions likewise. They are picked by their true labels, as extremes: "
        f"some are chance, and some labels may be wrong.{_probabilities(chosen)}"
    )
    kinds = {
        "Mended: the student takes most error away": mended(found, most),
        "Broken: the student adds most error": broken(found, most),
    }
    return [
        Gallery(title, _cards(chosen, rows), (chosen.study,), note, one)
        if len(rows)
        else Text(f"{title.split(':')[0]}: no {one}.", (chosen.study,))
        for title, rows in kinds.items()
    ]


def _cards(chosen: Chosen, rows: pd.DataFrame) -> list[Card]:
    shown = {words(use): use for use in (WEAK, STUDENT.name, chosen.use, DIRECT)}
    form = Form.of(rows[["truth", *shown.values()]].to_numpy().ravel(), 2)
    saved, item = Form.of(rows["gain"], 2), item_column(rows)
    return [
        Card(
            *_shown(str(row[item]), item),
            (
                ("label", _label(chosen, row["truth"], form)),
                *((name, form.number(row[use])) for name, use in shown.items()),
                ("saved", saved.number(row["gain"])),
            ),
        )
        for row in rows.to_dict(orient="records")
    ]


def _shown(item: str, column: str) -> tuple[str, str]:
    """Return what stands under an item's picture, and this: a text has none."""
    if column == Texts.column:
        return shortened(item, _LONGEST), ""
    return item, drawn_molecule(item)


def _label(chosen: Chosen, truth: float, form: Form) -> str:
    return form.number(truth) if chosen.classes is None else chosen.classes[int(truth)]


def _probabilities(chosen: Chosen) -> str:
    if chosen.classes is None:
        return ""
    return f" Predictions are probabilities of {spoken(chosen.classes, 1)}."


def _what(found: Inspected) -> str:
    items = _items(found.molecules).name
    chosen, gain = found.chosen, found.molecules["gain"]
    more = (gain > 0).sum()
    return (
        f"{in_short(chosen.errors.keys)}: {len(gain):,} test {items}, supervisor {chosen.weak} "
        f"({chosen.family}). The student's error is smaller than its supervisor's on {more:,} of "
        f"them, larger on {(gain < 0).sum():,}. Beside the two stand {_beside(chosen)}."
    )


def _items(molecules: pd.DataFrame) -> Items:
    return Texts() if Texts.column in molecules else Molecules()


def _beside(chosen: Chosen) -> str:
    direct = "direct, the strong encoder on the true labels that the supervisor had"
    plain = chosen.use in (WEAK, STUDENT.name, DIRECT)
    return direct if plain else f"{words(chosen.use)}, and {direct}"


def _gains(found: Inspected) -> list[Block]:
    task, unit = found.chosen.errors.task, found.chosen.errors.unit
    items = _items(found.molecules).name
    notes = {
        "scaffold": "Generic Bemis-Murcko scaffolds (all atoms carbon, all bonds single), the ten "
        "most frequent.",
        "heavy atoms": "Quartiles of the molecules.",
        "words": "Quartiles of the texts; words are parted at blanks.",
        "characters": "Quartiles of the texts.",
        "similarity to the nearest learnt": "Quartiles of the Tanimoto similarity (ECFP4) to the "
        "nearest molecule that supervisor or student learnt from, a mean over splits.",
    }
    shared = (
        f"Gain: weak error - true error of the student, in {task.error_unit(unit)}; a mean over "
        f"{items}, with its 95 % interval (Student) over them (n/a under five). The groups are "
        "many: some intervals leave out zero by chance."
    )
    return [
        Table(f"Gain by {what}", [what, items, "gain", "95 % interval"],
              _rows(rows), (found.chosen.study,), f"{notes[what]} {shared}")
        for what, rows in found.gains.items()
    ]  # fmt: skip


def _rows(gains: pd.DataFrame) -> list[list[str]]:
    form = Form.of(gains[["gain", "low", "high"]].to_numpy().ravel(), 3)
    return [
        [str(row["group"]), f"{row['n']}", form.number(row["gain"]),
         form.interval(row["low"], row["high"])]
        for row in gains.to_dict(orient="records")
    ]  # fmt: skip
