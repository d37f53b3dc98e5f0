"""Problems for heads, and matrices that come in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from w2s_mol.heads.matrix import Features, InMemory, Rows


class Problem(NamedTuple):
    """Features and labels of molecules to learn from, and of others to choose on."""

    features: InMemory
    labels: np.ndarray
    learn: Rows
    choose: Rows

    @property
    def x(self) -> np.ndarray:
        return self.features.array[self.learn]

    @property
    def y(self) -> np.ndarray:
        return self.labels[self.learn]

    @property
    def z(self) -> np.ndarray:
        return self.features.array[self.choose]

    @property
    def t(self) -> np.ndarray:
        return self.labels[self.choose]


def problem(n: int, d: int, k: int, seed: int = 0) -> Problem:
    """Make ``n`` molecules to learn from and 20 to choose on, their rows mixed."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n + 20, d)) * generator.uniform(0.1, 10, d) + generator.normal(
        size=d
    )
    y = x @ generator.normal(size=(d, k)) / d + generator.normal(size=(n + 20, k)) + 3
    rows = generator.permutation(n + 20)
    return Problem(InMemory(x), y, rows[:n], rows[n:])


@dataclass(frozen=True)
class InPieces:
    """The numbers of an array in blocks of a few rows, the last ones first."""

    array: np.ndarray
    size: int

    @property
    def shape(self) -> tuple[int, int]:
        n, d = self.array.shape
        return n, d

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Features]]:
        places = np.arange(len(rows))[::-1]
        for start in range(0, len(rows), self.size):
            some = places[start : start + self.size]
            yield some, self.array[rows[some]]
