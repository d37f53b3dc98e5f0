"""Scores of numbers that readers know, each of predictions and true labels of shape (n,).

NaN where one is undefined: of no molecule, or where what it is divided by is zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2s_mol.tasks.contract import Array


def rmse(prediction: Array, truth: Array) -> float:
    """Return the root of the mean squared error."""
    return math.sqrt(float(((prediction - truth) ** 2).mean())) if len(truth) else math.nan


def mae(prediction: Array, truth: Array) -> float:
    """Return the mean size of the error."""
    return float(abs(prediction - truth).mean()) if len(truth) else math.nan


def r2(prediction: Array, truth: Array) -> float:
    """Return 1 - squared error / variance of the truth; below 0 where its mean does better."""
    if not len(truth) or not _varies(truth):
        return math.nan
    return 1 - float(((prediction - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def spearman(prediction: Array, truth: Array) -> float:
    """Return Pearson's correlation of the ranks; ties share the mean of theirs."""
    if not len(truth) or not (_varies(prediction) and _varies(truth)):
        return math.nan
    import numpy as np
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(prediction), rankdata(truth))[0, 1])


def _varies(values: Array) -> bool:
    return bool(values.min() < values.max())
