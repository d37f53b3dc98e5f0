"""The path of ridge penalties."""

from __future__ import annotations

import numpy as np

PENALTIES = np.logspace(-6, 6, 49)
"""Four a decade, in the units of scikit-learn's ``alpha``."""
