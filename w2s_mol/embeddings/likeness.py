"""How far molecules are from those that are known, in the space of an encoder."""

from __future__ import annotations

import numpy as np

from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Matrix, Rows

FARTHER_THAN = 99
"""Per cent of the known molecules: one that is farther than these is unlike them."""
_ROUNDING = 1e-6
"""Of single-precision vectors: a feature that differs less, in proportion, is constant."""


def unlike(features: Matrix, known: Rows, asked: Rows) -> int:
    """Count the molecules that are farther from the mean of the known ones than 99 % of these.

    Parameters
    ----------
    features
        Of ``n`` molecules, shape (n, d).
    known, asked
        Rows of the known molecules, at least one, and of those to count among.
    """
    limit = np.percentile(distances(features, known, known), FARTHER_THAN)
    return int((distances(features, known, asked) > limit).sum())


def distances(features: Matrix, known: Rows, asked: Rows) -> Array:
    """Return the distance of molecules from the mean of the known ones, shape (len(asked),).

    It is Euclidean, each feature in units of its standard deviation among the ``k`` known
    molecules. A value of a feature that is another one for all of these counts as one that one of
    them has alone: sqrt(k), whatever its size.
    """
    mean, spread = _moments(features, known)
    rounding = _ROUNDING * np.abs(mean)
    constant = spread <= rounding
    scale = np.where(constant, 1.0, spread)
    found = np.empty(len(asked))
    for places, block in features.blocks(asked):
        away = block - mean
        new = np.where(np.abs(away) > rounding, np.sqrt(len(known)), 0.0)
        found[places] = np.linalg.norm(np.where(constant, new, away / scale), axis=1)
    return found


def _moments(features: Matrix, known: Rows) -> tuple[Array, Array]:
    """Return means and standard deviations, in two passes: squares of large means lose digits."""
    d = features.shape[1]
    mean, squares = np.zeros(d), np.zeros(d)
    for _, block in features.blocks(known):
        mean += block.sum(axis=0, dtype=np.float64) / len(known)
    for _, block in features.blocks(known):
        squares += ((block - mean) ** 2).sum(axis=0)
    return mean, np.sqrt(squares / len(known))
