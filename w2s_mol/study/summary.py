"""What a study found, in a line a supervisor and student: means over splits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

_ALL = "all"
CASE = ("dataset", "unit", "strong", "labels", "family", "weak")
"""What tells one line from another."""


def summary(rows: Iterable[dict[str, str]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the means over splits of some quantities.

    Parameters
    ----------
    rows
        Of ``results.csv``, of one part of the splits.
    names
        Of the quantities.

    Returns
    -------
    list of dict
        One a supervisor and student, in the order of the results: the columns of ``CASE``, and the
        quantities, None where one is undefined on a split. A mean over some of the splits would
        be compared with means over all.
    """
    cases: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        cases.setdefault(tuple(row.get(name, _ALL) for name in CASE), []).append(row)
    return [
        {
            **dict(zip(CASE, case, strict=True)),
            **{name: _mean([float(row[name] or "nan") for row in found]) for name in names},
        }
        for case, found in cases.items()
    ]


def _mean(values: Sequence[float]) -> float | None:
    mean = sum(values) / len(values)
    return None if math.isnan(mean) else mean
