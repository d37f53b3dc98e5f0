"""How far molecules are from those that are known, in the space of an encoder.

It is the distance to the nearest of these. The distance to their mean hardly sees anything: of
1,000 molecules of ChEMBL it finds none to be unlike ESOL's in the strong encoder's space, the
nearest one finds 60 %, and of ESOL's own test molecules 1 %.
"""

from __future__ import annotations

import numpy as np

from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Features, Matrix, Rows, gathered
from w2s_mol.streams import stream

FARTHER_THAN = 99
"""Per cent of the known molecules: one that is farther than these is unlike them."""
MOST_KNOWN = 4096
"""Of more, so many are drawn: the work is that of a head, whatever the table."""
_AT_ONCE = 1024
_SINGLE, _DOUBLE = 1e-6, 1e-12
"""What is lost in rounding, in proportion: of single-precision vectors, of squared distances."""


class Known:
    """Known molecules, and how far others are from the nearest of them.

    Each feature counts in units of its standard deviation among the ``k`` known ones. A value of
    a feature that is another one for all of these counts as one that one of them has alone:
    sqrt(k), whatever its size.
    """

    def __init__(self, features: Features) -> None:
        vectors = features.astype(np.float64)
        self._mean, self._spread = vectors.mean(axis=0), vectors.std(axis=0)
        self._rounding = _SINGLE * np.abs(self._mean)
        self._root = np.sqrt(len(vectors))
        self._vectors = self._standardised(vectors)

    def distances(self, features: Features) -> Array:
        """Return the distance of molecules from the nearest known one, shape (m,)."""
        found: Array = np.sqrt(self._squared(self._standardised(features)).min(axis=1))
        return found

    def own_distances(self) -> Array:
        """Return that of each known molecule from the nearest other one, shape (k,)."""
        found = np.empty(len(self._vectors))
        for start in range(0, len(found), _AT_ONCE):
            squared = self._squared(self._vectors[start : start + _AT_ONCE])
            places = np.arange(len(squared))
            squared[places, start + places] = np.inf
            found[start : start + _AT_ONCE] = np.sqrt(squared.min(axis=1))
        return found

    def _standardised(self, features: Features) -> Array:
        constant = self._spread <= self._rounding
        away = features - self._mean
        new = np.where(np.abs(away) > self._rounding, self._root, 0.0)
        return np.where(constant, new, away / np.where(constant, 1.0, self._spread))

    def _squared(self, vectors: Array) -> Array:
        norms = (vectors**2).sum(axis=1)[:, None] + (self._vectors**2).sum(axis=1)
        squared = norms - 2 * vectors @ self._vectors.T
        return np.where(squared > _DOUBLE * norms, squared, 0.0)


def unlike(features: Matrix, known: Rows, asked: Rows) -> int:
    """Count the molecules that are unlike known ones.

    They are farther from the nearest known one than 99 % of these are from the nearest other.

    Parameters
    ----------
    features
        Of ``n`` molecules, shape (n, d).
    known, asked
        Rows of the known molecules, at least two, and of those to count among.
    """
    drawn = np.sort(stream(0, "known molecules").permutation(known)[:MOST_KNOWN])
    those = Known(gathered(features, drawn))
    limit = np.percentile(those.own_distances(), FARTHER_THAN)
    count = 0
    for start in range(0, len(asked), _AT_ONCE):
        some = gathered(features, asked[start : start + _AT_ONCE])
        count += int((those.distances(some) > limit).sum())
    return count
