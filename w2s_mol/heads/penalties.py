"""The path of ridge penalties, and the middle of some of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PENALTIES = np.logspace(-6, 6, 49)
"""Four a decade, in the units of scikit-learn's ``alpha``."""


def middle_penalty(penalties: NDArray[np.float64]) -> float:
    """Return the median of some penalties, the lower of two; NaN where none was chosen."""
    chosen = np.sort(penalties[~np.isnan(penalties)])
    return float(chosen[(len(chosen) - 1) // 2]) if len(chosen) else float("nan")
