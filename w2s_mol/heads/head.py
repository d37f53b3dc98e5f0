"""What every head is: from features of molecules to a column for each column of labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from w2s_mol.heads.matrix import Features, Matrix, Rows

Array = NDArray[np.float64]


class Head(ABC):
    """A fitted head of ``k`` columns of labels.

    Attributes
    ----------
    penalties
        Shape (k,): the ridge penalty chosen for each column; NaN where the rule has none.
    """

    penalties: Array

    @abstractmethod
    def predict(self, features: Features, beside: Array | None = None) -> Array:
        """Return predictions of shape (n, k) for features of shape (n, d).

        ``beside`` has shape (n, k), where the head reads a number beside the features.
        """

    @abstractmethod
    def correcting(self) -> Head:
        """Return the head that corrects what is beside the features, which it was fitted to do."""

    @abstractmethod
    def columns(self, numbers: Sequence[int]) -> Self:
        """Return the head of some columns of labels."""

    def predict_rows(self, features: Matrix, rows: Rows, beside: Array | None = None) -> Array:
        """Return the predictions of some rows, shape (n, k); NaN for all others."""
        found = np.full((features.shape[0], len(self.penalties)), np.nan)
        for places, block in features.blocks(rows):
            here = rows[places]
            found[here] = self.predict(block, None if beside is None else beside[here])
        return found
