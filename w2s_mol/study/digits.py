"""The digits of a prediction that are kept."""

from __future__ import annotations

import numpy as np

from w2s_mol.heads.linear import Array

_DROPPED = np.uint64(8)
"""Bits of a prediction that are rounding: the other 44 are 13 digits, and take less room."""


def without_rounding(values: Array) -> Array:
    """Return numbers to 44 bits, which is what of them is kept; the results are of these."""
    half = np.uint64(1) << (_DROPPED - np.uint64(1))
    bits = np.ascontiguousarray(values).view(np.uint64)
    kept: Array = (((bits + half) >> _DROPPED) << _DROPPED).view(np.float64)
    return kept
