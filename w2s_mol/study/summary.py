"""What a study found, in a line a supervisor and student: means over splits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from w2s_mol.numbers import Form, counted
from w2s_mol.study.protocols import column_apart

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


def on_test(rows: Iterable[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Return the rows of the test part, and of its molecules that are told apart, by name."""
    parts: dict[str, list[dict[str, str]]] = {"test": []}
    for row in rows:
        if row["eval_split"] == "test" or column_apart(row["eval_split"]):
            parts.setdefault(row["eval_split"], []).append(row)
    return parts


def apart_in_words(
    rows: Sequence[dict[str, str]], test: Sequence[dict[str, str]], words: Mapping[str, str]
) -> str:
    """Say how large errors are on molecules that are told apart, beside those on all of test.

    Parameters
    ----------
    rows, test
        Of both, of one dataset, student and number of labels.
    words
        What the quantities to tell are called, by name.
    """
    of_all = {_cell(row): row for row in test}
    pairs = [(row, of_all[_cell(row)]) for row in rows]  # a split may have none of them
    told = []
    for name, called in words.items():
        values = [tuple(float(row[name] or "nan") for row in pair) for pair in pairs]
        known = [value for value in values if all(map(math.isfinite, value))]
        means = [_mean(each) or 0.0 for each in zip(*known, strict=True)] or [math.nan] * 2
        form = Form.of(means)
        told.append(f"{called} {form.number(means[0])} (all: {form.number(means[1])})")
    few, many = (counted({float(row["n"]) for row in each}) for each in zip(*pairs, strict=True))
    return (
        f"On the test molecules whose {column_apart(rows[0]['eval_split'])} is 1, {few} of {many}: "
        f"{', '.join(told)}; means over supervisors and splits."
    )


def _cell(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("split", "family", "weak"))
