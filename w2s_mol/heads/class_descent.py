"""Logistic heads by gradient descent, and the auxiliary confidence loss of Burns et al. 2023.

The target of a molecule is ``(1 - a) weak + a [own prediction > t]``: the student is let to trust
itself, ever more over the warm-up. The cross-entropy is linear in its target, so that this is the
sum of two cross-entropies in their equation 1. No true label is read for any of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from w2s_mol.heads.descent import descended
from w2s_mol.heads.fitter import PLAIN, Given
from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.matrix import Matrix, Rows, gathered
from w2s_mol.heads.probability import LEAST, logit, within
from w2s_mol.heads.rules import Confidence, LossName

if TYPE_CHECKING:
    from torch import Tensor

NONE = Confidence()


def entropies(logits: Tensor, labels: Tensor, loss: LossName) -> Tensor:
    """Return the loss of each molecule and column; see ``heads.bernoulli``."""
    from torch.nn.functional import binary_cross_entropy_with_logits, softplus

    if loss == "cross-entropy":
        return binary_cross_entropy_with_logits(logits, labels, reduction="none")
    of_label = labels.clamp(LEAST, 1 - LEAST).logit()
    return logits.sigmoid() * (logits - of_label) - softplus(logits) + softplus(of_label)


class _Entropies:
    """What is small: the loss against labels (n, k) that may turn into one's own predictions."""

    def __init__(
        self, labels: Tensor, weights: Tensor, offsets: Tensor, loss: LossName, how: Confidence
    ) -> None:
        self._labels, self._weights, self._offsets = labels, weights, offsets
        self._loss: LossName = loss
        self._how, self._own = how, 0.0
        self._share = labels.mean(dim=0)
        self._threshold = labels.new_zeros(labels.shape[1])

    def begin(self, sums: Callable[[], Tensor], done: float) -> None:
        """Let own predictions count more, and find where they are hardened."""
        if not self._how.strength:
            return
        warm = 1.0 if not self._how.warmup else min(1.0, done / self._how.warmup)
        self._own = self._how.strength * warm
        if self._how.threshold == "share":
            self._threshold = _upper(sums() + self._offsets, self._share)

    def losses(self, sums: Tensor, rows: Tensor) -> Tensor:
        """Return the losses of some molecules."""
        logits, labels = sums + self._offsets[rows], self._labels[rows]
        if self._own:
            own = (logits.detach() > self._threshold).to(labels.dtype)
            labels = (1 - self._own) * labels + self._own * own
        return entropies(logits, labels, self._loss) * self._weights[rows]


def _upper(logits: Tensor, share: Tensor) -> Tensor:
    """Return the logit above which a share of each column lies, shape (k,)."""
    n = len(logits)
    place = ((1 - share) * n).round().long().clamp(0, n) - 1
    ordered = logits.sort(dim=0).values
    lowest = ordered[:1] - 1  # below all, where all are positive
    return ordered.gather(0, place.clamp(min=0)[None]).where(place[None] >= 0, lowest)[0]


def fit_class_adamw(
    features: Matrix,
    labels: Array,
    learn: Rows,
    _choose: Rows,
    given: Given = PLAIN,
    loss: LossName = "cross-entropy",
    confidence: Confidence = NONE,
    epochs: int = 1000,
    seed: int = 0,
) -> LinearHead:
    """Fit by AdamW; shapes as in ``fit_logistic``, nothing is chosen.

    Intercepts start at the logit of the mean label, or at zero where something is corrected. No
    number is read beside the features (``heads.beside.each_beside`` makes it one of them). The
    features are in memory as a whole.
    """
    scaler = Scaler.fit(features, learn, given.weights)
    k = labels.shape[1]
    y = within(labels[learn])
    offsets = np.repeat(logit(np.average(y, axis=0, weights=given.weights))[None], len(learn), 0)
    starts = np.full((len(learn), k), np.nan) if given.start is None else given.start[learn]
    corrects = ~np.isnan(starts[0])
    offsets = np.where(corrects, logit(starts), offsets)
    each = np.ones(len(learn)) if given.weights is None else given.weights / given.weights.mean()

    x = tensor(scaler.transform(gathered(features, learn)))
    objective = _Entropies(tensor(y), tensor(each)[:, None], tensor(offsets), loss, confidence)
    coefficients, intercepts = descended(x, k, objective, epochs, seed)
    constant = np.where(corrects, 0.0, offsets[0])
    none = np.full(k, np.nan)
    return LinearHead(scaler, coefficients, intercepts + constant, none, link="logistic")


def tensor(array: Array) -> Tensor:
    """Return an array in float32."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
