"""A table's rows as items and labels, with what is wrong with each that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol.datasets.apart import Apart
from w2s_mol.datasets.classes import Classes
from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.faults import (
    FIX_OR_SKIP,
    Fault,
    counted_rows,
    faults_error,
    item_fault,
    left_out_note,
)
from w2s_mol.datasets.numbers import mark_of, number_of
from w2s_mol.datasets.rules import ROWS, OnInvalid
from w2s_mol.datasets.table import Row, Table, open_table
from w2s_mol.errors import InputError, ItemError, shortened
from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules

_LABEL = "label"
_USUAL = "smiles"
_OTHER_COLUMN = "Name the column of the SMILES with --smiles-column."
_FIX_SKIP_OR_KEEP = (
    "Fix the {rows}, or pass --on-invalid skip, or "
    f"--unlabelled {ROWS} to let the student learn their weak labels."
)


@dataclass(frozen=True)
class Reading:
    """How a table is read.

    Attributes
    ----------
    item_column, target_column, split_columns
        Names of columns; None for the label's where it is not to be read: no row has one then,
        and a column of numbers that the table lacks is NaN.
    delimiter
        As in ``open_table``.
    items
        What the cells of ``item_column`` should be.
    columns
        Names of columns of numbers.
    without_label
        What becomes of a row without a label: it has a fault, or is ``left out`` (it is of another
        target of the table), or ``kept`` (it may serve a student).
    apart
        Name of a column that says which molecules are told apart, if there is one.
    classes
        The two classes that labels are; None where they are numbers.
    """

    item_column: str
    target_column: str | None
    split_columns: Sequence[str] = ()
    delimiter: str | None = None
    items: Items = field(default_factory=Molecules)
    columns: Sequence[str] = ()
    without_label: Literal["fault", "left out", "kept"] = "fault"
    apart: str | None = None
    classes: Classes | None = None


@dataclass(frozen=True)
class Rows:
    """All rows of a table; a row with a fault, or left out, has no item.

    Attributes
    ----------
    table, word
        The table's name, and what the places of rows are.
    target, columns
        The names of the label's column and of those of numbers.
    items
        What the items are.
    lines, smiles, labels, split_values, numbers
        One of each a row; ``numbers`` are of ``columns``, NaN where a cell is empty.
    faults
        By row.
    unlabelled
        Rows that have no label and are left out.
    pool
        Rows that have no label and are kept; they are in no part of a split.
    text_after
        What was left out after an item in its cell, by the place of its row.
    apart, marks
        The column that says which rows are told apart, if any, and what it says of each.
    classes
        What labels are 0 and 1 for; None where they are numbers.
    """

    table: str
    word: str
    target: str
    columns: tuple[str, ...] = ()
    lines: list[int] = field(default_factory=list)
    smiles: list[str] = field(default_factory=list)
    labels: list[float] = field(default_factory=list)
    split_values: list[list[str]] = field(default_factory=list)
    numbers: list[list[float]] = field(default_factory=list)
    faults: dict[int, Fault] = field(default_factory=dict)
    unlabelled: list[int] = field(default_factory=list)
    pool: list[int] = field(default_factory=list)
    text_after: dict[int, str] = field(default_factory=dict)
    apart: str | None = None
    marks: list[float] = field(default_factory=list)
    classes: Classes | None = None
    items: Items = field(default_factory=Molecules)

    def add(
        self,
        line: int,
        smiles: str,
        label: float,
        numbers: list[float],
        split_values: list[str],
        mark: float,
    ) -> None:
        """Add a row; one that is left out is in no part of a split."""
        self.lines.append(line)
        self.smiles.append(smiles)
        self.labels.append(label)
        self.numbers.append(numbers)
        self.split_values.append(split_values)
        self.marks.append(mark)

    def usable(self, on_invalid: OnInvalid) -> NDArray[np.bool_]:
        """Return which rows with a label to keep, or raise InputError for all faulty ones."""
        self._refuse_faults(on_invalid)
        usable = np.ones(len(self.lines), dtype=bool)
        usable[[*self.faults, *self.unlabelled, *self.pool]] = False
        self._refuse_none(usable, "usable row" + (" with a label" if self.pool else ""))
        return usable

    def usable_pool(self, on_invalid: OnInvalid) -> NDArray[np.bool_]:
        """Return which rows without a label to keep, or raise InputError for faulty ones."""
        self._refuse_faults(on_invalid)
        usable = np.zeros(len(self.lines), dtype=bool)
        usable[self.pool] = True
        self._refuse_none(usable, "usable row without a label" if self.target else "usable row")
        return usable

    def _refuse_faults(self, on_invalid: OnInvalid) -> None:
        if self.faults and on_invalid == "error":
            faults = list(self.faults.values())
            lacking = any(fault.reason == number_of("", _LABEL)[1] for fault in faults)
            way_out = _FIX_SKIP_OR_KEEP if lacking else FIX_OR_SKIP
            raise faults_error(self.table, faults, len(self.lines), self.word, way_out)

    def _refuse_none(self, usable: NDArray[np.bool_], what: str) -> None:
        if not usable.any():
            why = "; ".join(self._left_out()) or f"all have one. Leave out --unlabelled {ROWS}"
            raise InputError(f"{self.table} holds no {what} out of {len(self.lines)}: {why}.")

    def dataset(
        self, name: str, target: str, unit: str, splits: list[Split], keep: NDArray[np.bool_]
    ) -> Dataset:
        """Return the rows to keep as a dataset, with notes; splits are of all rows."""
        labels = np.array(self.labels, dtype=np.float64)
        numbers = np.array(self.numbers, dtype=np.float64).reshape(len(labels), -1)
        every = Dataset(
            name, self.smiles, labels, target, unit, splits, self.lines,
            line_word=self.word, columns=dict(zip(self.columns, numbers.T, strict=True)),
            apart=Apart(self.apart, np.array(self.marks)) if self.apart else None,
            classes=self.classes.words if self.classes else None,
            items=self.items,
        )  # fmt: skip
        kept = every.keep(keep)
        kept.notes.extend(self.notes())
        return kept

    def split_column(self, number: int) -> list[str | None]:
        """Return the values of a split column; None on rows that are left out anyway."""
        return [values[number] if values else None for values in self.split_values]

    def notes(self) -> list[str]:
        """Return what is to be said of the rows left out, and of text that was not read."""
        notes = self._left_out()
        if self.text_after:
            place, text = next(iter(self.text_after.items()))
            notes.append(
                f"text after the {self.items.cell} in its cell is left out: "
                f"{counted_rows(self.text_after)} (first: {self.word} {place}, {shortened(text)})"
            )
        return notes

    def _left_out(self) -> list[str]:
        notes = [left_out_note(list(self.faults.values()))] if self.faults else []
        if self.unlabelled:
            without = f"without a label in column {self.target!r}"
            notes.append(f"{counted_rows(self.unlabelled)} {without} left out")
        return notes


def read_rows(path: Path, reading: Reading) -> Rows:
    """Read a table.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column or has no rows.
    """
    items = reading.items
    with open_table(path, reading.delimiter, items.max_atoms) as table, rdBase.BlockLogs():
        reader = _Reader(table, reading)
        rows = Rows(
            path.name, table.word, reader.target, reader.columns,
            apart=reading.apart, classes=reading.classes, items=items,
        )  # fmt: skip
        for row in table.rows:
            reader.add(row, rows)
    if not rows.lines:
        raise InputError(f"{path.name} has a header but no rows.")
    return rows


class _Reader:
    def __init__(self, table: Table, reading: Reading) -> None:
        target = reading.target_column
        self._item_at = table.column(
            reading.item_column, _OTHER_COLUMN if reading.item_column == _USUAL else ""
        )
        self._target_at = None if target is None else table.column(target)
        self._split_at = [table.column(name) for name in reading.split_columns]
        self.target = "" if self._target_at is None else table.header[self._target_at]
        self._numbers_at = {
            name: table.column(name) if target is not None or table.has(name) else None
            for name in reading.columns
        }
        self.columns = tuple(self._numbers_at)
        self._apart = reading.apart
        self._apart_at = None if reading.apart is None else table.column(reading.apart)
        self._items = reading.items
        self._without_label = reading.without_label
        self._classes = reading.classes

    def add(self, row: Row, rows: Rows) -> None:
        place, at = row.place, len(rows.lines)
        smiles, label, fault = "", math.nan, row.fault
        numbers, mark = [math.nan] * len(self.columns), math.nan
        lacks = fault is None and self._without_label != "fault" and self._lacks_label(row)
        if lacks and self._without_label == "left out":
            rows.unlabelled.append(at)
            rows.add(place, smiles, label, numbers, [], mark)
            return
        if fault is None and not lacks:
            label, fault = self._label(row)
        if fault is None:
            numbers, fault = self._columns(row)
        if fault is None:
            mark, fault = self._mark(row)
        if fault is None:
            smiles, fault = self._item(row, rows)
        if fault is not None:
            rows.faults[at] = fault
        elif lacks:
            rows.pool.append(at)
        in_parts = [] if fault or lacks else [row.fields[number] for number in self._split_at]
        rows.add(place, smiles, label, numbers, in_parts, mark)

    def _lacks_label(self, row: Row) -> bool:
        return self._target_at is None or not row.fields[self._target_at].strip()

    def _label(self, row: Row) -> tuple[float, Fault | None]:
        return _read(row, self._target_at, self.target, self._label_of)

    def _label_of(self, text: str) -> tuple[float, str]:
        return self._classes.label_of(text) if self._classes else number_of(text, _LABEL)

    def _columns(self, row: Row) -> tuple[list[float], Fault | None]:
        """Return the numbers of all columns, and the first fault among them."""
        found = [
            (math.nan, None)
            if at is None or not row.fields[at].strip()
            else _read(row, at, name, _value_of)
            for name, at in self._numbers_at.items()
        ]
        faults = [fault for _, fault in found if fault]
        return [number for number, _ in found], faults[0] if faults else None

    def _mark(self, row: Row) -> tuple[float, Fault | None]:
        text = "" if self._apart_at is None else row.fields[self._apart_at].strip()
        mark, reason = mark_of(text)
        fault = Fault(row.place, reason, f"{shortened(text)} in column {self._apart!r}")
        return mark, fault if reason else None

    def _item(self, row: Row, rows: Rows) -> tuple[str, Fault | None]:
        cell = row.fields[self._item_at]
        try:
            item = self._items.read(cell)
        except ItemError as error:
            return "", item_fault(row.place, str(error), cell.strip())
        if rest := self._items.unread(cell):
            rows.text_after[row.place] = rest
        return item, None


def _value_of(text: str) -> tuple[float, str]:
    return number_of(text, "value")


def _read(
    row: Row, at: int | None, column: str, read: Callable[[str], tuple[float, str]]
) -> tuple[float, Fault | None]:
    text = "" if at is None else row.fields[at].strip()
    number, reason = read(text)
    if not reason:
        return number, None
    quoted = f"{shortened(text)} in " if text else ""
    return number, Fault(row.place, reason, f"{quoted}column {column!r}")
