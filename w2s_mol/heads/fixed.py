"""Heads at a penalty that is given: nothing is chosen, so that all labels can be learnt from."""

from __future__ import annotations

import numpy as np

from w2s_mol.heads.beside import ridge_beside_at
from w2s_mol.heads.fitting import FitHead
from w2s_mol.heads.linear import Array, LinearHead
from w2s_mol.heads.matrix import Matrix, Rows
from w2s_mol.heads.penalties import PENALTIES
from w2s_mol.heads.ridge import RidgePath


def ridge_at(penalty: float) -> FitHead:
    """Return what fits ridge heads at the penalty of the path that is nearest to one."""
    number = int(np.argmin(np.abs(np.log(PENALTIES / penalty))))

    def fit(
        features: Matrix,
        labels: Array,
        learn: Rows,
        _choose: Rows,
        weights: Array | None = None,
    ) -> LinearHead:
        path = RidgePath.fit(features, labels, learn, weights)
        return path.head(np.full(labels.shape[1], number))

    def fit_beside(
        features: Matrix, labels: Array, beside: Array, learn: Rows, _choose: Rows
    ) -> LinearHead:
        numbers = np.full(labels.shape[1], number)
        return ridge_beside_at(features, labels, beside, learn, numbers)

    return FitHead(fit, fit_beside)


def middle_penalty(penalties: Array) -> float:
    """Return the median of some penalties, the lower of two; NaN where none was chosen."""
    chosen = np.sort(penalties[~np.isnan(penalties)])
    return float(chosen[(len(chosen) - 1) // 2]) if len(chosen) else float("nan")
