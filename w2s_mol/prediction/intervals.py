"""Intervals of predictions from what was missed on molecules that nobody learnt from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from w2s_mol.heads.linear import Array

COVERAGE = 0.9


def half_width(misses: Sequence[Array], molecules: int, coverage: float = COVERAGE) -> float:
    """Return half the width of a split-conformal interval (Vovk et al. 2005, section 4.1).

    Parameters
    ----------
    misses
        Absolute errors on validation molecules, an array for each split, in label units; pooled.
    molecules
        How many distinct molecules these errors are of: one that several splits or draws validate
        on counts once.
    coverage
        The share of new molecules that the interval is to hold.

    Returns
    -------
    float
        The quantile ``k / n`` of all, ``k = ceil((n + 1) coverage)`` for n distinct molecules;
        infinite where n is less.

    Notes
    -----
    For one split it holds at least this share of molecules on average, if they are exchangeable
    with the validation molecules; of molecules unlike these nothing is promised, nor for each kind
    of molecule by itself. The mean over several splits errs less than its members do on average,
    so that the interval tends to be wide rather than narrow; penalties, and the use itself, were
    chosen on the same molecules, which makes it a little narrow.
    """
    pooled = np.sort(np.concatenate(misses)) if misses else np.empty(0)
    # Rounded first: 10 x 0.9 is 9, not a little above it.
    k = math.ceil(round((molecules + 1) * coverage, 9))
    if not len(pooled) or k > molecules:
        return math.inf
    place = math.ceil(round(k / molecules * len(pooled), 9))
    return float(pooled[place - 1])


def prediction_sets(probabilities: Array, half: float) -> NDArray[np.bool_]:
    """Return which of two classes cannot be ruled out: those no farther than half the width.

    Parameters
    ----------
    probabilities
        Of the class 1, shape (n,).
    half
        As ``half_width`` returns it, of distances between probability and class.

    Returns
    -------
    array of shape (n, 2)
        Whether class 0, and class 1, is in the set: one, both or none. Sets hold the true class as
        often as intervals hold the label, of both classes together, of a rare one less often.
    """
    distances = np.stack([probabilities, 1 - probabilities], axis=1)
    # As misses are kept: probabilities that recur (of a table) are as far as what was missed.
    found: NDArray[np.bool_] = distances.astype(np.float32) <= half
    return found
