"""Choices as rows, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from w2s_mol.advice.errors import ALL_USES, TOLD_KEYS
from w2s_mol.advice.report import Advice
from w2s_mol.advice.wording import sentence

_RANKED = ("rule", "weak_error", "rule_unlabelled")


def of_choices(found: Sequence[Advice]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows, one row a study.

    ``*_test`` are errors of the mean supervisor under each use; the rest is of the choice.
    """
    rows = [_row(advice, place) for advice in found for place in range(len(advice.choices))]
    columns = list(rows[0]) if rows else []
    return columns, [list(row.values()) for row in rows]


def _row(advice: Advice, place: int) -> dict[str, Any]:
    choice, errors = advice.choices[place], advice.group[place]
    value = choice.worth
    return {
        **{key: errors.keys[key] for key in TOLD_KEYS},
        "n_labels": errors.n_labels,
        "n_splits": errors.n_splits,
        "weak": choice.weak,
        "family": choice.family,
        "use": choice.use,
        "valid_error": choice.seen,
        "valid_direct": choice.seen_direct,
        "test_error": choice.test,
        "test_direct": choice.test_direct,
        "saved_low": choice.low,
        "saved_high": choice.high,
        "established": choice.established,
        "direct_is_better": choice.direct_is_better,
        "worth": value.labels if value else None,
        "worth_low": value.low if value else None,
        "worth_high": value.high if value else None,
        **{f"{use}_test": float(errors.test[use].mean()) for use in ALL_USES},
        **{f"spearman_{name}": float(advice.ranking[name].iloc[place]) for name in _RANKED},
        "sentence": sentence(choice),
    }
