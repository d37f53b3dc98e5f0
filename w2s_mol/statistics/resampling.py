"""The bootstrap: which molecules, splits and seeds a replicate holds, and intervals from them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from w2s_mol.streams import stream

Array = NDArray[np.float64]
REPLICATES = 2000
LEVEL = 0.95


@lru_cache(maxsize=4)
def row_weights(n: int, replicates: int, seed: int) -> NDArray[np.float32]:
    """Return how often each of ``n`` rows occurs in each replicate, shape (replicates, n).

    The same arguments give the same replicates, so that quantities of two runs on the same
    molecules can be compared replicate by replicate.
    """
    generator = stream(seed, "molecules of a replicate", n)
    weights = np.empty((replicates, n), dtype=np.float32)
    for replicate in range(replicates):
        weights[replicate] = np.bincount(generator.integers(n, size=n), minlength=n)
    weights.flags.writeable = False  # it is shared
    return weights


def resampled(values: Array, groups: list[list[int]], axis: int, seed: int) -> Array:
    """Resample positions of an axis within groups, anew for each replicate.

    Parameters
    ----------
    values
        Replicates first: shape (r, ...).
    groups
        Positions of the axis by the group they are drawn within; each is drawn as often as it
        has members.
    axis
        Of ``values``, after the first.
    """
    generator = stream(seed, "splits and seeds of a replicate")
    r = len(values)
    drawn = [generator.choice(group, size=(r, len(group))) for group in groups]
    order = np.concatenate(drawn, axis=1)  # (r, length of the axis)
    shape = [1] * values.ndim
    shape[0], shape[axis] = order.shape
    return np.take_along_axis(values, order.reshape(shape), axis=axis)


def interval(replicates: Array) -> tuple[float, float]:
    """Return the percentile interval of a statistic's replicates; NaN where one is undefined."""
    if not np.isfinite(replicates).all():
        defined = replicates[np.isfinite(replicates)]
        # A few replicates without spread are left out; a statistic that is mostly undefined is not.
        if len(defined) < 0.95 * len(replicates):
            return float("nan"), float("nan")
        replicates = defined
    low, high = np.quantile(replicates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def two_sided_p(differences: Array) -> float:
    """Return the p at which the percentile interval of a difference begins to hold zero.

    Twice the smaller share of replicates on either side of zero, ties counted on both, with one
    replicate added to each so that no p is zero. Nothing is drawn under a null hypothesis: it is
    the interval read as a test (Efron and Tibshirani 1993, section 13.7 on percentile intervals).
    """
    differences = differences[~np.isnan(differences)]
    n = len(differences) + 1
    below, above = (differences <= 0).sum() + 1, (differences >= 0).sum() + 1
    return float(min(1.0, 2 * min(below, above) / n))
