"""Two classes; predictions are probabilities of the class 1, errors are log losses.

The log loss of a probability is the Kullback-Leibler divergence KL(truth, prediction), a Bregman
divergence, so that misfit is KL(student, weak): the one for which gain >= misfit holds over convex
classes. The forward KL(weak, student), by which a classifier is usually fitted, stands beside it,
and so does the Brier score, the squared difference of probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from w2s_mol.errors import InputError
from w2s_mol.heads.rules import HeadSettings, Teach
from w2s_mol.tasks import class_scores
from w2s_mol.tasks.bregman import ERROR_RECOVERED, Divergence, terms_of
from w2s_mol.tasks.contract import Predicted, Ratio, Score, Task, Term, recovered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from w2s_mol.heads.fitter import FitHead
    from w2s_mol.tasks.contract import Array

_HALF = 0.5
_SURE_LOSSES = 2
"""So many times the log loss of the surest prediction that there is, and less, is none."""


def _kl(p: Array, q: Array) -> Array:
    """Return KL(p, q) of two classes in nats."""
    from scipy.special import rel_entr

    found: Array = rel_entr(p, q) + rel_entr(1 - p, 1 - q)
    return found


def _logit(p: Array) -> Array:
    from w2s_mol.heads.probability import logit

    return logit(p)


LOG_LOSS = Divergence(_kl, _logit)
BRIER = Divergence(lambda p, q: (p - q) ** 2, lambda p: 2 * p)


def _of_each(prediction: Array, truth: Array) -> Array:
    """Return what every molecule has in a ROC-AUC, column by column; NaN where nothing is said."""
    import numpy as np

    if prediction.ndim > 1:
        truth = truth if truth.ndim > 1 else truth[:, None]
        columns = zip(prediction.T, np.broadcast_to(truth, prediction.shape).T, strict=True)
        return np.stack([_of_each(one, true) for one, true in columns], axis=1)
    found, said = np.full(len(prediction), np.nan), ~np.isnan(prediction)
    found[said] = class_scores.of_each(prediction[said], truth[said])
    return found


def _ranking(of: Callable[[Predicted], Array]) -> Callable[[Predicted], Array]:
    """Return the ROC-AUC of someone's predictions where the supervisor says something."""

    def each(p: Predicted) -> Array:
        import numpy as np

        return _of_each(np.where(np.isnan(p.weak), np.nan, of(p)), p.truth)

    return each


_AUC = {name: _ranking(of) for name, of in (
    ("weak", lambda p: p.weak), ("w2s", lambda p: p.w2s), ("ceiling", lambda p: p.ceiling),
)}  # fmt: skip


class Binary(Task):
    """Labels are classes, or probabilities where a supervisor gives them; heads are logistic."""

    name = "binary"
    error = "log loss"
    terms = (
        *terms_of(LOG_LOSS),
        Term("misfit_forward", "forward misfit", "KL(weak, student): no theorem is about it",
             lambda p: _kl(p.weak, p.w2s), in_summary=False),
        Term("weak_roc_auc", "weak ROC-AUC", "of the supervisor", _AUC["weak"]),
        Term("w2s_roc_auc", "student ROC-AUC", "of the student", _AUC["w2s"]),
        Term("ceiling_roc_auc", "ceiling ROC-AUC", "of the ceiling", _AUC["ceiling"]),
        Term("gain_roc_auc", "gain in ROC-AUC", "the student's less the supervisor's",
             lambda p: _AUC["w2s"](p) - _AUC["weak"](p), in_summary=False),
        *terms_of(BRIER, prefix="brier_", suffix=" (Brier)", told=False),
    )  # fmt: skip
    ratios = (
        ERROR_RECOVERED,
        Ratio("pgr_roc_auc", "performance gap recovered in ROC-AUC", "the same of ROC-AUC",
              lambda means: recovered(
                  -means["weak_roc_auc"], -means["w2s_roc_auc"], -means["ceiling_roc_auc"]),
              in_summary=False),
    )  # fmt: skip
    scores = (
        Score("roc_auc", "ROC-AUC", "share of pairs of both classes that are ordered right",
              class_scores.roc_auc, higher_is_better=True),
        Score("average_precision", "average precision", "area under precision and recall",
              class_scores.average_precision, higher_is_better=True),
        Score("accuracy", "accuracy", "share whose likelier class is the true one",
              class_scores.accuracy, higher_is_better=True),
        Score("balanced_accuracy", "balanced accuracy", "mean of the two classes' accuracies",
              class_scores.balanced_accuracy, higher_is_better=True),
        Score("brier", "Brier", "mean squared difference of probability and class",
              lambda p, t: float(((p - t) ** 2).mean()) if len(t) else math.nan),
        Score("calibration_error", "calibration error",
              f"mean distance of predicted and observed share, {class_scores.BINS} bins",
              class_scores.calibration_error),
        Score("calibration_slope", "calibration slope",
              "of the classes' logit on the predicted one; 1 is right, less is too sure",
              class_scores.calibration_slope, ideal=1.0),
    )  # fmt: skip
    headline = "roc_auc"
    scored_models = ("weak", "w2s", "direct", "ceiling")
    floor = "the share of class 1 among the labels"

    def error_unit(self, unit: object) -> str:
        """Return nats."""
        return "nats"

    def loss(self, prediction: Array, truth: Array) -> Array:
        """Return the log loss."""
        return _kl(truth, prediction)

    def fitter(self, settings: HeadSettings) -> FitHead:
        """Return a rule for log losses."""
        from w2s_mol.heads.class_fitting import class_fitter

        return class_fitter(settings)

    def penalties(self) -> Array:
        """Return the path of logistic heads."""
        from w2s_mol.heads.penalties import LOGISTIC_PENALTIES

        return LOGISTIC_PENALTIES

    def is_rounding(self, error: float, beside: float) -> bool:
        """Say whether the class that is the true one is as good as certain everywhere."""
        from w2s_mol.heads.probability import LEAST

        return error <= _SURE_LOSSES * LEAST

    def rarest(self, truth: Array) -> int:
        """Return how many labels are of the rarer class."""
        ones = int((truth == 1).sum())
        return min(ones, len(truth) - ones)

    def sayable(self, labels: Array) -> NDArray[np.bool_]:
        """Say which of some numbers are probabilities."""
        import numpy as np

        with np.errstate(invalid="ignore"):
            found: NDArray[np.bool_] = (labels >= 0) & (labels <= 1)
        return found

    def said(self, labels: Array, name: str) -> Array:
        """Return weak labels as they count, within what a head can predict."""
        import numpy as np

        from w2s_mol.heads.probability import within

        known = labels[~np.isnan(labels)]
        if not self.sayable(known).all():
            worst = float(known[np.argmax(np.abs(known - _HALF))])
            raise InputError(
                f"supervisor {name} says {worst:g}, and labels are classes: it should give "
                "probabilities from 0 to 1. A number that is none is made one by column:NAME."
            )
        return within(labels)

    def taught(self, weak: Array, teach: Teach) -> Array:
        """Return weak labels as students learn them: the likelier class, if classes are taught."""
        import numpy as np

        if teach == "probabilities":
            return weak
        return np.where(np.isnan(weak), np.nan, (weak > _HALF).astype(float))
