"""How far a molecule is from those that a model learnt from, in the space of its encoder.

Features are standardised as the model's head does it. One that does not vary among the training
molecules is nothing to the head, but a molecule that has another value there is unlike them: it
counts with the median scale of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol.heads.linear import Array, Scaler
from w2s_mol.heads.matrix import Features

MOST = 1000
"""Training molecules that others are compared with; of more, so many are drawn."""

UNLIKE = 99.0
"""The percentile beyond which a molecule is unlike the training molecules."""


@dataclass(frozen=True)
class Neighbourhood:
    """Some training molecules, and how far each is from the nearest of the others.

    Attributes
    ----------
    scaler
        By which features are standardised.
    points
        Standardised features, shape (m, d), float32.
    known
        The distances among them, shape (m,), sorted.
    """

    scaler: Scaler
    points: NDArray[np.float32]
    known: NDArray[np.float32]

    @classmethod
    def of(cls, features: Features, scaler: Scaler) -> Neighbourhood | None:
        """Return that of some molecules, shape (m, d); None where there are not two."""
        if len(features) <= 1:
            return None
        scaler = _all_varying(scaler)
        points = _standardised(features, scaler)
        apart = _squares(points, points)
        np.fill_diagonal(apart, np.inf)
        return cls(scaler, points, np.sort(np.sqrt(apart.min(axis=1))))

    def percentiles(self, features: Features) -> Array:
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
        known = ~np.isnan(features).any(axis=1)
        apart = _squares(_standardised(features[known], self.scaler), self.points)
        nearest = np.sqrt(apart.min(axis=1))
        found[known] = 100 * np.searchsorted(self.known, nearest, "right") / len(self.known)
        return found


def _all_varying(scaler: Scaler) -> Scaler:
    varying = np.isfinite(scaler.scale)
    median = float(np.median(scaler.scale[varying])) if varying.any() else 1.0
    return Scaler(scaler.mean, np.where(varying, scaler.scale, median))


def _standardised(features: Features, scaler: Scaler) -> NDArray[np.float32]:
    return scaler.transform(features).astype(np.float32)


def _squares(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return squared Euclidean distances, shape (len(a), len(b))."""
    found: NDArray[np.float32] = (-2 * a) @ b.T
    found += (a * a).sum(axis=1)[:, None]
    found += (b * b).sum(axis=1)
    np.maximum(found, 0, out=found)
    return found
