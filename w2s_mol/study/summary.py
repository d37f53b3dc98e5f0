"""What a study found, in a line a supervisor and student: means over splits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from w2s_mol.numbers import Form, counted
from w2s_mol.study.protocols import column_apart
from w2s_mol.tasks.contract import Ratio, Term

_ALL = "all"
CASE = ("dataset", "unit", "strong", "labels", "family", "weak")
"""What tells one line from another."""
_STUDENT = CASE[:4]
_Supervisor = tuple[tuple[str, ...], str]


def summary(
    rows: Iterable[dict[str, str]], quantities: Sequence[Term | Ratio]
) -> list[dict[str, Any]]:
    """Return the means over splits of some quantities, and the ratios of these means.

    Parameters
    ----------
    rows
        Of ``results.csv``, of one part of the splits.
    quantities
        Terms, and ratios of these. A mean of ratios would be that of the split with the least
        below the line.

    Returns
    -------
    list of dict
        One a supervisor and student, in the order of the results: the columns of ``CASE``, and the
        quantities, None where one is undefined, a mean on any split. A mean over some of the
        splits would be compared with means over all.
    """
    cases: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        cases.setdefault(tuple(row.get(name, _ALL) for name in CASE), []).append(row)
    return [
        {
            **dict(zip(CASE, case, strict=True)),
            **_quantities(found, quantities),
        }
        for case, found in cases.items()
    ]


def _quantities(
    rows: Sequence[dict[str, str]], quantities: Sequence[Term | Ratio]
) -> dict[str, float | None]:
    terms = [quantity.name for quantity in quantities if isinstance(quantity, Term)]
    means = {name: _mean([float(row[name] or "nan") for row in rows]) for name in terms}
    found = {q.name: q.of(means) if isinstance(q, Ratio) else means[q.name] for q in quantities}
    return {name: None if math.isnan(value) else value for name, value in found.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def marks(rows: Iterable[dict[str, str]]) -> dict[tuple[str, ...], str]:
    """Say which supervisors the rule picks, and which are the best on test, as ``select`` does.

    Parameters
    ----------
    rows
        Of ``results.csv``.

    Returns
    -------
    dict
        ``pick`` or ``oracle``, or both, by the columns of ``CASE``.
    """
    means: dict[tuple[str, ...], dict[_Supervisor, dict[str, dict[str, float]]]] = {}
    for row in rows:
        supervisor = tuple(row.get(name, _ALL) for name in CASE), row["weak_sha256"]
        student = tuple(row.get(name, _ALL) for name in _STUDENT)
        seen = means.setdefault(student, {}).setdefault(supervisor, {"valid": {}, "test": {}})
        if row["eval_split"] in seen:
            name = "bound" if row["eval_split"] == "valid" else "w2s_error"
            # Splits that are the same count once.
            seen[row["eval_split"]][row["split_sha256"]] = float(row[name] or "nan")
    found = {}
    for supervisors in means.values():
        numbers = {
            key: tuple(_mean([*seen[part].values()] or [math.nan]) for part in ("valid", "test"))
            for key, seen in supervisors.items()
        }
        finite = [key for key, both in numbers.items() if all(map(math.isfinite, both))]
        if not finite:
            continue
        pick = min(finite, key=lambda key: (numbers[key][0], key[1]))
        oracle = min(finite, key=lambda key: (numbers[key][1], numbers[key][0], key[1]))
        found[oracle[0]] = "oracle"
        found[pick[0]] = "pick + oracle" if pick == oracle else "pick"
    return found


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
        means = [_mean(each) for each in zip(*known, strict=True)] or [math.nan] * 2
        form = Form.of(means)
        told.append(f"{called} {form.number(means[0])} (all: {form.number(means[1])})")
    few, many = (counted({float(row["n"]) for row in each}) for each in zip(*pairs, strict=True))
    return (
        f"On the test molecules whose {column_apart(rows[0]['eval_split'])} is 1, {few} of {many}: "
        f"{', '.join(told)}; means over supervisors and splits."
    )


def _cell(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("split", "family", "weak"))
