"""What a linear head is: standardised features times coefficients, one column a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from w2s_mol.heads.head import Head
from w2s_mol.heads.matrix import Features, Matrix, Rows
from w2s_mol.heads.probability import logit, probability

Array = NDArray[np.float64]
Link = Literal["identity", "logistic"]

FLOAT32_EPS = float(np.finfo(np.float32).eps)
"""Embeddings are computed in float32: what is smaller than this beside its like is rounding."""


@dataclass(frozen=True)
class Scaler:
    """Means and scales of the features a head was fitted on, each of shape (d,)."""

    mean: Array
    scale: Array

    @classmethod
    def fit(cls, features: Matrix, rows: Rows, weights: Array | None = None) -> Scaler:
        """Take mean and standard deviation; a feature constant up to rounding is scaled to 0.

        ``weights`` are of the rows, shape (len(rows),); all are 1 if not given.
        """
        d = features.shape[1]
        total, squares = np.zeros(d), np.zeros(d)
        of_all = len(rows) if weights is None else weights.sum()
        for places, block in features.blocks(rows):
            total += weighted(np.asarray(block, dtype=np.float64), weights, places).sum(axis=0)
        mean = total / of_all
        for places, block in features.blocks(rows):
            squares += weighted(np.square(block - mean), weights, places).sum(axis=0)
        scale = np.sqrt(squares / of_all)
        constant = scale <= 8 * FLOAT32_EPS * np.abs(mean)
        return cls(mean, np.where(constant, np.inf, scale))

    def columns(self, numbers: Sequence[int]) -> Scaler:
        """Return that of some features."""
        some = list(numbers)
        return Scaler(self.mean[some], self.scale[some])

    def transform(self, features: Features) -> Array:
        """Standardise features of shape (n, d)."""
        return (np.asarray(features, dtype=np.float64) - self.mean) / self.scale


def weighted(values: Array, weights: Array | None, places: Rows | None = None) -> Array:
    """Return rows times their weights, shape (m, ...); ``places`` are of these rows in weights."""
    if weights is None:
        return values
    return values * (weights if places is None else weights[places])[:, None]


@dataclass(frozen=True)
class LinearHead(Head):
    """A fitted head: ``link(((X - mean) / scale) @ coefficients + intercepts + slopes * beside)``.

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
    slopes
        Shape (k,), each of a number of the molecule that the column reads beside the features;
        None where there is none.
    link
        ``logistic`` makes probabilities of sums, and reads the logit of the number beside.
    """

    scaler: Scaler
    coefficients: Array
    intercepts: Array
    penalties: Array
    slopes: Array | None = None
    link: Link = "identity"

    def predict(self, features: Features, beside: Array | None = None) -> Array:
        """Return predictions of shape (n, k); see ``Head.predict``."""
        found: Array = self.scaler.transform(features) @ self.coefficients + self.intercepts
        return linked(found, self.link, self.slopes, beside)

    def correcting(self) -> LinearHead:
        """Return the head whose slopes are 1."""
        return replace(self, slopes=np.ones(len(self.intercepts)))

    def columns(self, numbers: Sequence[int]) -> LinearHead:
        """Return the head of some columns of labels."""
        some = list(numbers)
        return LinearHead(
            self.scaler,
            self.coefficients[:, some],
            self.intercepts[some],
            self.penalties[some],
            None if self.slopes is None else self.slopes[some],
            self.link,
        )


def linked(sums: Array, link: Link, slopes: Array | None, beside: Array | None) -> Array:
    """Return predictions of sums over features and of numbers beside them, all (n, k)."""
    if slopes is not None and beside is not None:
        sums = sums + slopes * (logit(beside) if link == "logistic" else beside)
    return probability(sums) if link == "logistic" else sums
