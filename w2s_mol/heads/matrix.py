"""Features of many molecules, in memory or on disk, read a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]
Rows = NDArray[np.int64]

BLOCK = 4096
"""Rows of an array that are worked on at a time: enough for fast products, little memory."""


class Matrix(Protocol):
    """Features of ``n`` molecules; what reads them needs a block in memory, never all."""

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n, d)."""

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Features]]:
        """Yield the features of some rows, block by block.

        Parameters
        ----------
        rows
            Row numbers, shape (m,).

        Yields
        ------
        places
            Where in ``rows`` the block's molecules are, shape (b,); each place comes once.
        features
            Theirs, shape (b, d).
        """


@dataclass(frozen=True)
class InMemory:
    """An array of shape (n, d) as a ``Matrix``."""

    array: Features

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n, d)."""
        n, d = self.array.shape
        return n, d

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Features]]:
        """Yield the rows in the order asked for."""
        for start in range(0, len(rows), BLOCK):
            places = np.arange(start, min(start + BLOCK, len(rows)))
            yield places, self.array[rows[places]]


@dataclass(frozen=True)
class SomeRows:
    """Some rows of a matrix as one: its row i is ``rows[i]`` there."""

    matrix: Matrix
    rows: Rows

    @property
    def shape(self) -> tuple[int, int]:
        """Return (len(rows), d)."""
        return len(self.rows), self.matrix.shape[1]

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Features]]:
        """Yield them in the order of the matrix's blocks."""
        return self.matrix.blocks(self.rows[rows])


def gathered(features: Matrix, rows: Rows) -> Features:
    """Return the features of some rows as one array, shape (len(rows), d)."""
    found: Features | None = None
    for places, block in features.blocks(rows):
        if len(places) == len(rows) and np.array_equal(places, np.arange(len(rows))):
            return block
        if found is None:
            found = np.empty((len(rows), features.shape[1]), dtype=block.dtype)
        found[places] = block
    return np.empty((0, features.shape[1])) if found is None else found
