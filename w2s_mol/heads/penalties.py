"""The paths of ridge penalties, and the middle of some of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PENALTIES = np.logspace(-6, 6, 49)
"""Of heads of numbers: four a decade, in the units of scikit-learn's ``alpha``."""

LOGISTIC_PENALTIES = np.logspace(5, -4, 30)
"""Of heads of classes, in the units of 1 / scikit-learn's ``C``: each fit starts at the one before,
so that the largest is the first."""


def middle_penalty(penalties: NDArray[np.float64]) -> float:
    """Return the median of some penalties, the lower of two; NaN where none was chosen."""
    chosen = np.sort(penalties[~np.isnan(penalties)])
    return float(chosen[(len(chosen) - 1) // 2]) if len(chosen) else float("nan")
