"""A label's text as a number, or why it cannot be used as one."""

from __future__ import annotations

import math
import re

from w2s_mol.datasets.dataset import LARGEST_LABEL, SMALLEST_LABEL

_NOT_ZERO = re.compile(r"[-+.0]*[1-9]")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


def label_of(text: str) -> tuple[float, str]:
    """Return a label's value, and why it cannot be used; empty if it can."""
    if not text:
        return math.nan, "empty label"
    if _DECIMAL_COMMA.fullmatch(text):  # it could also part thousands
        return math.nan, "label has a comma, the decimal sign should be a point"
    try:
        # Python would read 1_0 as 10, and digits of other scripts.
        value = float(text if text.isascii() and "_" not in text else "not a number")
    except ValueError:
        return math.nan, "label is not a number"
    if not math.isfinite(value):
        return value, "label is not finite"
    if abs(value) >= LARGEST_LABEL:
        return value, f"label is {LARGEST_LABEL:g} or more, whose square overflows"
    written_as_zero = value == 0 and _NOT_ZERO.match(text) is not None  # 1e-400
    if 0 < abs(value) < SMALLEST_LABEL or written_as_zero:
        return value, f"label is below {SMALLEST_LABEL:g}, whose square is lost"
    return value, ""
