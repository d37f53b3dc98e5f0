"""A table of items of any length, read a block at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.faults import faults_error
from w2s_mol.datasets.numbers import number_of
from w2s_mol.datasets.table import open_table
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MAX_ATOMS
from w2s_mol.molecules.smiles import forget

BLOCK = 8192
"""Rows held in memory at a time; enough that molecules of equal length find each other."""


@dataclass(frozen=True)
class Library:
    """A table of SMILES, or of texts.

    Attributes
    ----------
    path, delimiter, max_atoms
        As in ``open_table``.
    item_column
        The column of them.
    """

    path: Path
    item_column: str = "smiles"
    delimiter: str | None = None
    max_atoms: int = MAX_ATOMS

    def checked_total(self, columns: Sequence[str] = ()) -> int:
        """Return how many rows there are.

        Raises
        ------
        InputError
            If the table cannot be read, has no rows, lacks a column, or has rows with another
            number of fields than the header. A record of an SD file that RDKit cannot read is a
            row like any other.
        """
        total, faults = 0, []
        with open_table(self.path, self.delimiter, self.max_atoms) as table:
            for column in (self.item_column, *columns):
                table.column(column)
            for row in table.rows:
                total += 1
                if row.fault and len(row.fields) != len(table.header):
                    faults.append(row.fault)
        if faults:
            raise faults_error(self.path.name, faults, total, table.word, "Fix the {rows}.")
        if total == 0:
            raise InputError(f"{self.path.name} has a header but no rows.")
        return total

    def blocks(self, columns: Sequence[str] = ()) -> Iterator[Examples]:
        """Yield the molecules in order, at most ``BLOCK`` at a time, with columns of numbers.

        A cell that holds no number is NaN. How the SMILES of a block read is forgotten with it, so
        that memory does not grow from block to block.
        """
        with open_table(self.path, self.delimiter, self.max_atoms) as table:
            at = table.column(self.item_column)
            numbers_at = {column: table.column(column) for column in columns}
            while rows := list(itertools.islice(table.rows, BLOCK)):
                numbers = {
                    column: np.array([_number(row.fields[place]) for row in rows])
                    for column, place in numbers_at.items()
                }
                yield Examples([row.fields[at] for row in rows], numbers)
                forget()


def _number(cell: str) -> float:
    number, reason = number_of(cell.strip(), "value")
    return nan if reason else number
