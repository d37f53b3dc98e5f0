"""Real-valued labels; errors are squared differences.

Charikar et al. 2024, section 2.2: ``d(f, g)`` is the mean of ``(f(x) - g(x))^2`` over molecules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from w2s_mol.heads.rules import HeadRule
from w2s_mol.tasks import scores
from w2s_mol.tasks.contract import Predicted, Ratio, Score, Task, Term

if TYPE_CHECKING:
    from w2s_mol.heads.fitting import FitHead
    from w2s_mol.tasks.contract import Array


def _d(f: Array, g: Array) -> Array:
    return (f - g) ** 2


def _projection(p: Predicted) -> Array:
    """Return the part of slack between student and ceiling.

    Not negative in the mean where the student is the projection of the weak model onto a convex
    set that holds the ceiling (equation 8 of Charikar et al. 2024): it is negative because the
    student was fitted on other molecules, or because the ceiling lies outside the set (a ridge
    ceiling of a larger norm).
    """
    return 2 * (p.w2s - p.ceiling) * (p.weak - p.w2s)


def _epsilon(p: Predicted) -> Array:
    """Return the part of slack between ceiling and truth.

    At most ``2 sqrt(ceiling_error * misfit)`` in size, as Theorem 2's term in epsilon is.
    """
    return 2 * (p.ceiling - p.truth) * (p.weak - p.w2s)


def _recovered(means: Mapping[str, float]) -> float:
    room = means["weak_error"] - means["ceiling_error"]
    return means["gain"] / room if room > 0 else math.nan


class Regression(Task):
    """Labels are numbers; heads are fitted to them, and students to the weak ones, as they are."""

    name = "regression"
    error = "squared error"
    terms = (
        Term("weak_error", "weak error", "d(weak, truth)", lambda p: _d(p.weak, p.truth),
             mean_in_words=""),
        Term("w2s_error", "true error", "d(student, truth)", lambda p: _d(p.w2s, p.truth),
             mean_in_words=""),
        Term("misfit", "misfit", "d(student, weak)", lambda p: _d(p.w2s, p.weak)),
        Term("ceiling_error", "ceiling error", "d(strong on true labels, truth)",
             lambda p: _d(p.ceiling, p.truth), mean_in_words=""),
        Term("gain", "gain", "weak error - true error",
             lambda p: _d(p.weak, p.truth) - _d(p.w2s, p.truth)),
        Term("bound", "weak error - misfit", "the column of Table 1",
             lambda p: _d(p.weak, p.truth) - _d(p.w2s, p.weak), in_summary=False,
             mean_in_words=""),
        Term("slack", "slack", "gain - misfit; >= 0 exactly where Theorem 1's inequality holds",
             lambda p: _d(p.weak, p.truth) - _d(p.w2s, p.truth) - _d(p.w2s, p.weak)),
        Term("slack_projection", "slack, projection", "of slack, between student and ceiling",
             _projection, in_summary=False,
             mean_in_words="of it, slack_projection: between student and ceiling"),
        Term("slack_epsilon", "slack, epsilon", "of slack, between ceiling and truth",
             _epsilon, in_summary=False,
             mean_in_words="of it, slack_epsilon: between ceiling and truth"),
    )  # fmt: skip
    ratios = (
        Ratio("pgr", "performance gap recovered", "gain / (weak error - ceiling error)",
              _recovered),
    )  # fmt: skip
    scores = (
        Score("rmse", "RMSE", "root of the mean squared error, in label units", scores.rmse),
        Score("mae", "MAE", "mean size of the error, in label units", scores.mae),
        Score("r2", "R2", "1 - squared error / that of the mean of the very labels measured on",
              scores.r2, higher_is_better=True),
        Score("spearman", "Spearman", "rank correlation of prediction and label",
              scores.spearman, higher_is_better=True),
    )  # fmt: skip

    def error_unit(self, unit: object) -> str:
        """Return the square of a unit, also where a study's unit is empty."""
        return f"({unit})^2" if str(unit).strip() else "squared label units"

    def loss(self, prediction: Array, truth: Array) -> Array:
        """Return the squared error."""
        return _d(prediction, truth)

    def fitter(self, rule: HeadRule, *, epochs: int, width: int, seed: int) -> FitHead:
        """Return a rule for squared errors."""
        from w2s_mol.heads.fitting import head_fitter

        return head_fitter(rule, epochs=epochs, width=width, seed=seed)
