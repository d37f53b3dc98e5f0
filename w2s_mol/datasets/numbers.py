"""A cell's text as a number, or why it cannot be used as one."""

from __future__ import annotations

import math
import re

from w2s_mol.datasets.dataset import LARGEST_LABEL, SMALLEST_LABEL

_NOT_ZERO = re.compile(r"[-+.0]*[1-9]")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


_WORDS = {"false": 0.0, "true": 1.0}


def mark_of(text: str) -> tuple[float, str]:
    """Return a cell's 0 or 1, NaN where it is empty, and why it cannot be used; empty if it can.

    Parameters
    ----------
    text
        Without blanks around it.

    Examples
    --------
    >>> mark_of("True")
    (1.0, '')
    """
    if not text:
        return math.nan, ""
    known = _WORDS.get(text.lower())
    mark = number_of(text, "value")[0] if known is None else known
    return (mark, "") if mark in (0, 1) else (math.nan, "value is none of 0, 1, true, false")


def number_of(text: str, what: str) -> tuple[float, str]:
    """Return a cell's number, and why it cannot be used; empty if it can.

    Parameters
    ----------
    text
        Without blanks around it.
    what
        What the number is, for the reason: ``label``, ``value``.

    Examples
    --------
    >>> number_of("1e3", "label")
    (1000.0, '')
    """
    if not text:
        return math.nan, f"empty {what}"
    if _DECIMAL_COMMA.fullmatch(text):  # it could also part thousands
        return math.nan, f"{what} has a comma, the decimal sign should be a point"
    try:
        # Python would read 1_0 as 10, and digits of other scripts.
        value = float(text if text.isascii() and "_" not in text else "not a number")
    except ValueError:
        return math.nan, f"{what} is not a number"
    if not math.isfinite(value):
        return value, f"{what} is not finite"
    if abs(value) >= LARGEST_LABEL:
        return value, f"{what} is {LARGEST_LABEL:g} or more, whose square overflows"
    written_as_zero = value == 0 and _NOT_ZERO.match(text) is not None  # 1e-400
    if 0 < abs(value) < SMALLEST_LABEL or written_as_zero:
        return value, f"{what} is below {SMALLEST_LABEL:g}, whose square is lost"
    return value, ""
