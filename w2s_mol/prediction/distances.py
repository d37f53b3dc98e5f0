"""How far a molecule is from training molecules, as a percentile among these."""

from __future__ import annotations

import numpy as np

from w2s_mol.embeddings.likeness import Known
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Features
from w2s_mol.threads import one_thread

MOST = 500
"""Training molecules that others are compared with; of more, so many are drawn.

With these a molecule takes a hundredth of the time that the smallest encoder takes to read it.
"""

_FEWEST = 2
_AT_ONCE = 256
"""Molecules: their distances from all known ones stay in a core's cache, and in memory at hand."""


class Percentiles:
    """Distances from the nearest of some training molecules, among their own.

    Parameters
    ----------
    features
        Of training molecules, shape (k, d), k at least 2.
    """

    def __init__(self, features: Features) -> None:
        self._known = Known(features)
        self._own = np.sort(self._known.own_distances())

    def of(self, features: Features) -> Array:
        """Return how far molecules are from the nearest training molecule.

        Parameters
        ----------
        features
            Shape (n, d).

        Returns
        -------
        array of shape (n,)
            The share of training molecules, in percent, that are no farther from the nearest other
            one; NaN where features are.
        """
        found = np.full(len(features), np.nan)
        rows = np.flatnonzero(~np.isnan(features).any(axis=1))
        with one_thread():  # products this small: several threads mostly wait for each other
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                distances = self._known.distances(features[some])
                found[some] = 100 * np.searchsorted(self._own, distances, "right") / len(self._own)
        return found


def percentiles_among(features: Features) -> Percentiles | None:
    """Return those among training molecules; None where there are not two that can be read."""
    readable = features[~np.isnan(features).any(axis=1)]
    return Percentiles(readable) if len(readable) >= _FEWEST else None
