"""A table of items of any length, read row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

LibraryRow = tuple[str, list[float]]
"""The cell of an item as it stands, and the numbers beside it; NaN where a cell holds none."""


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

    @contextmanager
    def rows(self, columns: Sequence[str] = ()) -> Iterator[Iterator[LibraryRow]]:
        """Open the table; yield its rows in order, with columns of numbers."""
        with open_table(self.path, self.delimiter, self.max_atoms) as table:
            at = table.column(self.item_column)
            numbers_at = [table.column(column) for column in columns]
            yield (
                (row.fields[at], [_number(row.fields[place]) for place in numbers_at])
                for row in table.rows
            )


def examples_of(rows: Sequence[LibraryRow], columns: Sequence[str]) -> Examples:
    """Return rows as items and columns of numbers."""
    numbers = np.array([numbers for _, numbers in rows], dtype=float).reshape(
        len(rows), len(columns)
    )
    return Examples([item for item, _ in rows], dict(zip(columns, numbers.T, strict=True)))


def _number(cell: str) -> float:
    number, reason = number_of(cell.strip(), "value")
    return nan if reason else number
