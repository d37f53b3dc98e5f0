"""A table's rows as molecules and labels, with what is wrong with each that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.faults import Fault, counted_rows, faults_error, left_out_note, smiles_fault
from w2s_mol.datasets.numbers import number_of
from w2s_mol.datasets.rules import OnInvalid
from w2s_mol.datasets.table import Row, Table, open_table
from w2s_mol.errors import InputError, shortened
from w2s_mol.molecules.limits import MAX_ATOMS
from w2s_mol.molecules.smiles import MoleculeError, check_molecule, smiles_of, text_after


@dataclass(frozen=True)
class Reading:
    """How a table is read.

    Attributes
    ----------
    smiles_column, target_column, split_columns
        Names of columns.
    delimiter, max_atoms
        As in ``open_table``.
    columns
        Names of columns of numbers.
    label_may_lack
        Whether a row without a label has no fault: it is of another target of the table.
    """

    smiles_column: str
    target_column: str
    split_columns: Sequence[str] = ()
    delimiter: str | None = None
    max_atoms: int = MAX_ATOMS
    columns: Sequence[str] = ()
    label_may_lack: bool = False


@dataclass(frozen=True)
class Rows:
    """All rows of a table; a row with a fault, or without a label, has no SMILES.

    Attributes
    ----------
    table, word
        The table's name, and what the places of rows are.
    target, columns
        The names of the label's column and of those of numbers.
    lines, smiles, labels, split_values, numbers
        One of each a row; ``numbers`` are of ``columns``, NaN where a cell is empty.
    faults
        By row.
    unlabelled
        Rows that have no label, and need none.
    text_after
        The text left out after a SMILES, by the place of its row.
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
    text_after: dict[int, str] = field(default_factory=dict)

    def add(
        self, line: int, smiles: str, label: float, numbers: list[float], split_values: list[str]
    ) -> None:
        """Add a row; one that is left out is in no part of a split."""
        self.lines.append(line)
        self.smiles.append(smiles)
        self.labels.append(label)
        self.numbers.append(numbers)
        self.split_values.append(split_values)

    def usable(self, on_invalid: OnInvalid) -> NDArray[np.bool_]:
        """Return which rows to keep, or raise InputError for all faulty ones."""
        if self.faults and on_invalid == "error":
            faults = list(self.faults.values())
            raise faults_error(self.table, faults, len(self.lines), self.word)
        usable = np.ones(len(self.lines), dtype=bool)
        usable[[*self.faults, *self.unlabelled]] = False
        if not usable.any():
            raise InputError(
                f"{self.table} holds no usable row out of {len(self.lines)}: "
                f"{'; '.join(self._left_out())}."
            )
        return usable

    def dataset(
        self, name: str, target: str, unit: str, splits: list[Split], keep: NDArray[np.bool_]
    ) -> Dataset:
        """Return the rows to keep as a dataset, with notes; splits are of all rows."""
        labels = np.array(self.labels, dtype=np.float64)
        numbers = np.array(self.numbers, dtype=np.float64).reshape(len(labels), -1)
        every = Dataset(
            name, self.smiles, labels, target, unit, splits, self.lines,
            line_word=self.word, columns=dict(zip(self.columns, numbers.T, strict=True)),
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
                f"text after the SMILES in its cell is left out: {counted_rows(self.text_after)} "
                f"(first: {self.word} {place}, {shortened(text)})"
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
    with open_table(path, reading.delimiter, reading.max_atoms) as table, rdBase.BlockLogs():
        reader = _Reader(table, reading)
        rows = Rows(path.name, table.word, reader.target, reader.columns)
        for row in table.rows:
            reader.add(row, rows)
    if not rows.lines:
        raise InputError(f"{path.name} has a header but no rows.")
    return rows


class _Reader:
    def __init__(self, table: Table, reading: Reading) -> None:
        self._smiles_at = table.column(reading.smiles_column)
        self._target_at = table.column(reading.target_column)
        self._split_at = [table.column(name) for name in reading.split_columns]
        self.target = table.header[self._target_at]
        self._numbers_at = {name: table.column(name) for name in reading.columns}
        self.columns = tuple(self._numbers_at)
        self._max_atoms = reading.max_atoms
        self._label_may_lack = reading.label_may_lack

    def add(self, row: Row, rows: Rows) -> None:
        smiles, label, fault = "", math.nan, row.fault
        numbers = [math.nan] * len(self.columns)
        if fault is None and self._label_may_lack and not row.fields[self._target_at].strip():
            rows.unlabelled.append(len(rows.lines))
            rows.add(row.place, smiles, label, numbers, [])
            return
        if fault is None:
            label, fault = self._label(row)
        if fault is None:
            numbers, fault = self._columns(row)
        if fault is None:
            cell = row.fields[self._smiles_at]
            try:
                smiles = smiles_of(cell, self._max_atoms)
                check_molecule(smiles)
            except MoleculeError as error:
                fault = smiles_fault(row.place, str(error), cell.strip())
            else:
                if rest := text_after(cell):
                    rows.text_after[row.place] = rest
        if fault is not None:
            rows.faults[len(rows.lines)] = fault
        in_parts = [] if fault else [row.fields[at] for at in self._split_at]
        rows.add(row.place, smiles, label, numbers, in_parts)

    def _label(self, row: Row) -> tuple[float, Fault | None]:
        return _number(row, self._target_at, self.target, "label")

    def _columns(self, row: Row) -> tuple[list[float], Fault | None]:
        """Return the numbers of all columns, and the first fault among them."""
        found = [
            _number(row, at, name, "value") if row.fields[at].strip() else (math.nan, None)
            for name, at in self._numbers_at.items()
        ]
        faults = [fault for _, fault in found if fault]
        return [number for number, _ in found], faults[0] if faults else None


def _number(row: Row, at: int, column: str, what: str) -> tuple[float, Fault | None]:
    text = row.fields[at].strip()
    number, reason = number_of(text, what)
    if not reason:
        return number, None
    quoted = f"{shortened(text)} in " if text else ""
    return number, Fault(row.place, reason, f"{quoted}column {column!r}")
