"""What a linear head is: standardised features times coefficients, one column a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol.heads.matrix import Features, Matrix, Rows

Array = NDArray[np.float64]

FLOAT32_EPS = float(np.finfo(np.float32).eps)
"""Embeddings are computed in float32: what is smaller than this beside its like is rounding."""


@dataclass(frozen=True)
class Scaler:
    """Means and scales of the features a head was fitted on, each of shape (d,)."""

    mean: Array
    scale: Array

    @classmethod
    def fit(cls, features: Matrix, rows: Rows) -> Scaler:
        """Take mean and standard deviation; a feature constant up to rounding is scaled to 0."""
        d = features.shape[1]
        total, squares = np.zeros(d), np.zeros(d)
        for _, block in features.blocks(rows):
            total += np.asarray(block, dtype=np.float64).sum(axis=0)
        mean = total / len(rows)
        for _, block in features.blocks(rows):
            squares += ((block - mean) ** 2).sum(axis=0)
        scale = np.sqrt(squares / len(rows))
        constant = scale <= 8 * FLOAT32_EPS * np.abs(mean)
        return cls(mean, np.where(constant, np.inf, scale))

    def transform(self, features: Features) -> Array:
        """Standardise features of shape (n, d)."""
        return (np.asarray(features, dtype=np.float64) - self.mean) / self.scale


@dataclass(frozen=True)
class LinearHead:
    """A fitted head: ``((X - mean) / scale) @ coefficients + intercepts``.

    Attributes
    ----------
    scaler
        Of the d features.
    coefficients
        Shape (d, k), one column per column of labels.
    intercepts
        Shape (k,).
    penalties
        Shape (k,): the ridge penalty chosen for each column; NaN where the rule has none.
    """

    scaler: Scaler
    coefficients: Array
    intercepts: Array
    penalties: Array

    def predict(self, features: Features) -> Array:
        """Return predictions of shape (n, k) for features of shape (n, d)."""
        return self.scaler.transform(features) @ self.coefficients + self.intercepts

    def predict_rows(self, features: Matrix, rows: Rows) -> Array:
        """Return the predictions of some rows, shape (n, k); NaN for all others."""
        found = np.full((features.shape[0], len(self.intercepts)), np.nan)
        for places, block in features.blocks(rows):
            found[rows[places]] = self.predict(block)
        return found

    def column(self, number: int) -> LinearHead:
        """Return the head of one column of labels."""
        one = slice(number, number + 1)
        return LinearHead(
            self.scaler, self.coefficients[:, one], self.intercepts[one], self.penalties[one]
        )
