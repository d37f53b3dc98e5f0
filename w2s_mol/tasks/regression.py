"""Real-valued labels; errors are squared differences.

Charikar et al. 2024, section 2.2: ``d(f, g)`` is the mean of ``(f(x) - g(x))^2`` over molecules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from w2s_mol.errors import InputError
from w2s_mol.heads.rules import HeadSettings
from w2s_mol.tasks import scores
from w2s_mol.tasks.bregman import ERROR_RECOVERED, Divergence, terms_of
from w2s_mol.tasks.contract import Score, Task

if TYPE_CHECKING:
    from w2s_mol.heads.fitter import FitHead
    from w2s_mol.tasks.contract import Array


def _d(f: Array, g: Array) -> Array:
    return (f - g) ** 2


SQUARES = Divergence(_d, lambda f: 2 * f)


class Regression(Task):
    """Labels are numbers; heads are fitted to them, and students to the weak ones, as they are."""

    name = "regression"
    error = "squared error"
    terms = terms_of(SQUARES)
    ratios = (ERROR_RECOVERED,)
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

    def fitter(self, settings: HeadSettings) -> FitHead:
        """Return a rule for squared errors."""
        from w2s_mol.heads.fitting import head_fitter

        _refuse_ways_of_classes(settings)
        return head_fitter(
            settings.rule, epochs=settings.epochs, width=settings.width, seed=settings.seed
        )

    def penalties(self) -> Array:
        """Return the path of ridge heads."""
        from w2s_mol.heads.penalties import PENALTIES

        return PENALTIES


def _refuse_ways_of_classes(settings: HeadSettings) -> None:
    """Raise InputError if what is asked for is for classes alone."""
    if settings.confidence.strength:
        raise InputError(
            "--confidence is for classes. With squared errors a target that is partly the "
            "student's own prediction has the same minimiser, so that nothing would change (see "
            "docs/theory.md). Leave it out."
        )
    if settings.loss != "cross-entropy":
        raise InputError(
            f"--loss {settings.loss} is for classes; numbers are fitted by squared errors, which "
            "are alike both ways round. Leave it out."
        )
    if settings.teach != "probabilities":
        raise InputError(
            f"--teach {settings.teach} is for classes, and these labels are numbers. Leave it out."
        )
    if settings.rule == "mixture":
        raise InputError(
            "--head mixture is for classes: a mean of linear heads is a linear head. Leave it out."
        )
