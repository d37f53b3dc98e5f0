"""A representation by its principal directions, from moments of its features.

Centred features X of ``n`` molecules are ``U S V'``. What the scores need of U and S comes from
``X'X``, shape (d, d), and what they need of two representations from ``U_w' U_s``: sums over
molecules, so no matrix of n x n is ever made, and nothing has to be sampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array, Scaler
from w2s_mol.heads.matrix import BLOCK, Matrix, Rows, gathered

_ROUNDING = 1e-10
"""Share of the variance below which a direction of float32 features is rounding."""


@dataclass(frozen=True)
class Spectrum:
    """The principal directions of one representation on some molecules.

    Attributes
    ----------
    mean
        Of the features, shape (d,).
    shares
        Of the whole variance, shape (r,), the largest first; they add up to 1.
    directions
        Shape (d, r): centred features times these are the left singular vectors U, shape (n, r).
    """

    mean: Array
    shares: Array
    directions: Array

    @classmethod
    def fit(cls, features: Matrix, rows: Rows) -> Spectrum:
        """Take the moments of some rows of features of shape (n, d), block by block.

        Raises
        ------
        InputError
            If all of them have the same vector.
        """
        scaler = Scaler.fit(features, rows)
        varies = np.isfinite(scaler.scale)  # what is constant up to rounding has no direction
        moments = np.zeros((len(varies), len(varies)))
        for _, block in features.blocks(rows):
            centred = np.where(varies, block - scaler.mean, 0.0)
            moments += centred.T @ centred
        values, vectors = scipy.linalg.eigh(moments, overwrite_a=True, check_finite=False)
        values, vectors = values[::-1], vectors[:, ::-1]
        kept = values > _ROUNDING * values.sum()
        if not kept.any():
            raise InputError(
                f"all {len(rows):,} molecules have the same vector: there is nothing to compare. "
                "Give other molecules or another encoder."
            )
        values = values[kept]
        return cls(scaler.mean, values / values.sum(), vectors[:, kept] / np.sqrt(values))

    def coordinates(self, features: Matrix, rows: Rows) -> Array:
        """Return the left singular vectors' entries for some rows, shape (len(rows), r)."""
        found: Array = (gathered(features, rows) - self.mean) @ self.directions
        return found


def overlap(
    weak: Spectrum, weak_features: Matrix, strong: Spectrum, strong_features: Matrix, rows: Rows
) -> Array:
    """Return ``U_w' U_s``, shape (r_w, r_s): cosines between directions, each of unit length.

    Parameters
    ----------
    weak, strong
        Fitted on these very rows of the features beside them.
    weak_features, strong_features
        Shapes (n, d_w) and (n, d_s).
    rows
        Of the molecules.
    """
    found = np.zeros((len(weak.shares), len(strong.shares)))
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        of_strong = strong.coordinates(strong_features, some)
        found += weak.coordinates(weak_features, some).T @ of_strong
    return found
