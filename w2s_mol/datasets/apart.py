"""Molecules whose errors are told apart as well: those of which a column of the table says 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol import files


@dataclass(frozen=True)
class Apart:
    """Which molecules of a dataset these are.

    Attributes
    ----------
    column
        That says it.
    marks
        Shape (n,), float64: 1 for these, 0 for others, NaN where nothing is said.
    """

    column: str
    marks: NDArray[np.float64]

    @property
    def sha256(self) -> str:
        """Return a hash of the column's name and what it says."""
        return files.sha256_json([self.column, self.marks.tolist()])

    def among(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which of some rows are told apart."""
        found: NDArray[np.int64] = rows[self.marks[rows] == 1]
        return found

    def keep(self, rows: NDArray[np.bool_]) -> Apart:
        """Return the same of some rows."""
        return Apart(self.column, self.marks[rows])

    def followed(self, n: int, others: Apart | None) -> Apart:
        """Return the same where ``n`` molecules follow, of which nothing is said by default."""
        marks = np.full(n, np.nan) if others is None else others.marks
        return Apart(self.column, np.concatenate([self.marks, marks]))
