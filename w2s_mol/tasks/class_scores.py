"""Scores of probabilities of a class that readers know, and what each molecule has in one.

Each takes predictions and true classes (0 and 1) of shape (n,); NaN where one is undefined: of no
molecule, or of one class alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2s_mol.tasks.contract import Array

BINS = 10
"""Of as many molecules each, for the calibration error."""
_ALIKE = 1e-3
"""Standard deviation of logits below which a slope on them means nothing."""


def roc_auc(prediction: Array, truth: Array) -> float:
    """Return the share of pairs of both classes that are ordered right; ties count half."""
    if not _both(truth):
        return math.nan
    return float(placements(prediction, truth)[truth == 1].mean())


def average_precision(prediction: Array, truth: Array) -> float:
    """Return the mean precision at each positive, best first (area under precision and recall).

    Molecules of one prediction count together.
    """
    if not _both(truth):
        return math.nan
    import numpy as np

    order = np.argsort(-prediction, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(prediction[order])), len(order) - 1)
    found = truth[order].cumsum()[ends]
    precision = found / (ends + 1)
    return float(np.diff(found, prepend=0) @ precision / found[-1])


def accuracy(prediction: Array, truth: Array) -> float:
    """Return the share whose likelier class is the true one."""
    return float(((prediction > _HALF) == (truth == 1)).mean()) if len(truth) else math.nan


def balanced_accuracy(prediction: Array, truth: Array) -> float:
    """Return the mean of the two classes' accuracies."""
    if not _both(truth):
        return math.nan
    right = (prediction > _HALF) == (truth == 1)
    return float((right[truth == 1].mean() + right[truth == 0].mean()) / 2)


def calibration_error(prediction: Array, truth: Array) -> float:
    """Return the mean distance of predicted and observed share, in ``BINS`` bins by prediction.

    Molecules of one prediction count with their mean share, so that no order of them matters.
    """
    if not len(truth):
        return math.nan
    import numpy as np

    _, ties, sizes = np.unique(prediction, return_inverse=True, return_counts=True)
    truth = (np.bincount(ties, truth) / sizes)[ties]
    order = np.argsort(prediction, kind="stable")
    bins = [b for b in np.array_split(order, BINS) if len(b)]
    off = [abs(float(prediction[b].mean() - truth[b].mean())) * len(b) for b in bins]
    return sum(off) / len(truth)


def calibration_slope(prediction: Array, truth: Array) -> float:
    """Return the slope of the classes' logit on the predicted one; below 1 is too sure of itself.

    Cox 1958, Biometrika 45, 562. NaN where the predictions are all but alike (by less than
    ``_ALIKE`` in their logit), or tell the classes apart without fault.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    from w2s_mol.heads.probability import logit

    logits = logit(prediction)
    if not _both(truth) or _told_apart(logits, truth) or (spread := float(logits.std())) < _ALIKE:
        return math.nan
    middle = float(logits.mean())
    x = np.stack([(logits - middle) / spread, np.ones(len(truth))])  # or it takes many steps

    def objective(at: Array) -> tuple[float, Array]:
        sums = at @ x
        losses = np.logaddexp(0, sums) - truth * sums
        return float(losses.sum()), x @ (expit(sums) - truth)

    def curvature(at: Array) -> Array:
        s = expit(at @ x)
        found: Array = (x * (s * (1 - s))) @ x.T
        return found

    start = np.array([spread, middle])
    found = minimize(objective, start, jac=True, hess=curvature, method="trust-exact")
    return float(found.x[0]) / spread


def placements(prediction: Array, truth: Array) -> Array:
    """Return for each molecule the share of the other class that is ordered right beside it.

    Shape (n,). Their mean over either class is the ROC-AUC (DeLong, DeLong and Clarke-Pearson 1988,
    Biometrics 44, 837).
    """
    import numpy as np
    from scipy.stats import rankdata

    found = np.empty(len(truth))
    positive = truth == 1
    ranks = rankdata(prediction)
    for here, sign in ((positive, 1.0), (~positive, -1.0)):
        own = rankdata(prediction[here])
        others = len(truth) - len(own)
        below = (ranks[here] - own) / others
        found[here] = below if sign > 0 else 1 - below
    return found


def of_each(prediction: Array, truth: Array) -> Array:
    """Return numbers whose mean is the ROC-AUC, and whose spread is what it varies by.

    Shape (n,): the AUC plus what the molecule adds to it, ``n / n_c`` times the distance of its
    placement from the AUC, where ``n_c`` of all n are of its class.
    """
    import numpy as np

    if not _both(truth):
        return np.full(len(truth), np.nan)
    placed = placements(prediction, truth)
    positive = truth == 1
    auc, share = placed[positive].mean(), positive.mean()
    found: Array = auc + (placed - auc) / np.where(positive, share, 1 - share)
    return found


_HALF = 0.5


def _told_apart(logits: Array, truth: Array) -> bool:
    """Say whether some threshold has all of a class on one side: no slope is the likeliest then."""
    ones, zeros = logits[truth == 1], logits[truth == 0]
    return bool(ones.min() >= zeros.max() or ones.max() <= zeros.min())


def _both(truth: Array) -> bool:
    return bool(len(truth)) and 0 < truth.sum() < len(truth)
