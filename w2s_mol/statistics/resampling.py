"""The bootstrap over molecules, for what is read off a curve: replicates and percentiles."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from w2s_mol.statistics.intervals import LEVEL
from w2s_mol.streams import stream

Array = NDArray[np.float64]
REPLICATES = 2000


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
