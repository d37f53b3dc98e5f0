"""Mixtures of logistic heads: ``sum_j s_j sigmoid(x b_j + c_j)`` with shares s that sum to one.

The probabilities that one logistic head can give are no convex set, those of mixtures of ever more
heads are nearly one (Mulgund and Pabbaraju 2025, arXiv 2501.19105), as gain >= misfit needs it.
A column starts as the ridge head, its heads apart by a random direction, and descends by AdamW on
the same objective, ``sum loss + a/2 sum_j s_j |b_j|^2``, a being the ridge head's penalty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from w2s_mol.heads.class_descent import tensor
from w2s_mol.heads.fitter import PLAIN, Given
from w2s_mol.heads.head import Head
from w2s_mol.heads.linear import Array, LinearHead, Link, Scaler
from w2s_mol.heads.matrix import Features, Matrix, Rows, gathered
from w2s_mol.heads.probability import LEAST, logit, offsets_of, probability, within
from w2s_mol.heads.rules import LossName

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_EPOCHS, _BATCHES, _LARGEST = 40, 16, 256
"""Of the descent; steps of an epoch, more where these would take more molecules each."""
_RATE = 1e-2
"""AdamW's; it falls to zero in a line."""
_APART = 0.5
"""How far heads start from the ridge head, in units of its coefficients' root mean square, or of
what makes logits vary by one where these are smaller: heads that start alike stay so."""
_AT_ONCE = 24
"""Columns that descend together: their weights are not to leave the processor's cache."""


@dataclass(frozen=True)
class MixtureHead(Head):
    """Mixtures of ``m`` logistic heads, one for each of ``k`` columns.

    Attributes
    ----------
    scaler
        Of the d features.
    coefficients, intercepts
        Shapes (k, d, m) and (k, m).
    shares
        Shape (k, m); each row sums to one.
    penalties
        Shape (k,).
    slopes
        Of the logit of a number that is read beside the features, shape (k, m); None without one.
    """

    scaler: Scaler
    coefficients: Array
    intercepts: Array
    shares: Array
    penalties: Array
    slopes: Array | None = None
    link: ClassVar[Link] = "logistic"

    def predict(self, features: Features, beside: Array | None = None) -> Array:
        """Return probabilities of shape (n, k); see ``Head.predict``."""
        x = self.scaler.transform(features)
        found = np.empty((len(x), len(self.penalties)))
        for j in range(found.shape[1]):
            sums = x @ self.coefficients[j] + self.intercepts[j]
            if self.slopes is not None and beside is not None:
                sums += logit(beside[:, j, None]) * self.slopes[j]
            found[:, j] = probability(sums) @ self.shares[j]
        return within(found)

    def correcting(self) -> MixtureHead:
        """Return the head that adds the logit of what is beside the features to every sum."""
        return replace(self, slopes=np.ones_like(self.intercepts))

    def columns(self, numbers: Sequence[int]) -> MixtureHead:
        """Return the head of some columns of labels."""
        some = list(numbers)
        return MixtureHead(
            self.scaler,
            self.coefficients[some],
            self.intercepts[some],
            self.shares[some],
            self.penalties[some],
            None if self.slopes is None else self.slopes[some],
        )


def mixed(
    ridge: LinearHead,
    features: Matrix,
    labels: Array,
    learn: Rows,
    given: Given = PLAIN,
    loss: LossName = "cross-entropy",
    heads: int = 4,
    seed: int = 0,
) -> MixtureHead:
    """Fit mixtures, from ridge heads of the same problem; shapes as in ``fit_logistic``.

    Parameters
    ----------
    ridge
        Logistic heads of the columns, which say penalties and where to start.
    features, labels, learn, given, loss
        What they were fitted to.
    heads
        The number m of each mixture.
    seed
        Of what sets heads apart, and of the order of batches.
    """
    x = ridge.scaler.transform(gathered(features, learn))
    weights = np.ones(len(learn)) if given.weights is None else given.weights
    k = labels.shape[1]
    start = given.start
    fixed = np.zeros((len(learn), k)) if start is None else offsets_of(start[learn])
    beside = None if given.beside is None else logit(given.beside[learn])
    problem = _Problem(
        tensor(x), tensor(within(labels[learn])), tensor(fixed),
        None if beside is None else tensor(beside), tensor(weights)[:, None],
        tensor(ridge.penalties), loss,
    )  # fmt: skip
    parts = [range(start, min(start + _AT_ONCE, k)) for start in range(0, k, _AT_ONCE)]
    each = [_descended(problem.columns(p), ridge.columns(p), heads, seed) for p in parts]
    coefficients, intercepts, shares, slopes = map(np.concatenate, zip(*each, strict=True))
    read = None if beside is None else slopes
    return MixtureHead(ridge.scaler, coefficients, intercepts, shares, ridge.penalties, read)


@dataclass(frozen=True)
class _Problem:
    """Features (n, d), labels, offsets and numbers (n, k), weights (n, 1), penalties (k,)."""

    x: Tensor
    labels: Tensor
    offsets: Tensor
    numbers: Tensor | None
    weights: Tensor
    penalties: Tensor
    loss: LossName

    def columns(self, some: range) -> _Problem:
        """Return some columns of labels."""
        at = slice(some.start, some.stop)
        return replace(
            self,
            labels=self.labels[:, at],
            offsets=self.offsets[:, at],
            numbers=None if self.numbers is None else self.numbers[:, at],
            penalties=self.penalties[at],
        )

    def objective(self, net: Sequence[Tensor], rows: Tensor) -> Tensor:
        """Return the objective of each column on some molecules, as a mean over them, (k,)."""
        coefficients, intercepts, scores, slopes = net
        d, k, m = coefficients.shape
        sums = (self.x[rows] @ coefficients.view(d, k * m)).view(-1, k, m)  # one product for all
        sums = sums + intercepts + self.offsets[rows, :, None]
        if self.numbers is not None:
            sums = sums + self.numbers[rows, :, None] * slopes
        shares = scores.softmax(dim=1)
        p = (sums.sigmoid() * shares).sum(dim=2).clamp(LEAST, 1 - LEAST)
        y = self.labels[rows]
        if self.loss == "cross-entropy":
            losses = -(y * p.log() + (1 - y) * (1 - p).log())
        else:
            losses = p * (p / y).log() + (1 - p) * ((1 - p) / (1 - y)).log()
        size = (coefficients.square().sum(dim=0) * shares).sum(dim=1)
        fitted = (losses * self.weights[rows]).mean(dim=0)
        found: Tensor = fitted + self.penalties * size / (2 * len(self.x))
        return found


def _descended(
    problem: _Problem, ridge: LinearHead, heads: int, seed: int
) -> tuple[Array, Array, Array, Array]:
    """Return coefficients (k, d, m), intercepts, shares and slopes (k, m)."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    net = [parameter.requires_grad_() for parameter in _initial(ridge, heads, generator)]
    optimizer = torch.optim.AdamW(net, lr=_RATE, weight_decay=0.0, fused=True)
    n = len(problem.x)
    batch = min(_LARGEST, math.ceil(n / _BATCHES))
    steps = _EPOCHS * math.ceil(n / batch)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _epoch in range(_EPOCHS):
        for rows in torch.randperm(n, generator=generator).split(batch):
            # The sum over columns: each descends as if alone.
            loss = problem.objective(net, rows).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
    coefficients, intercepts, scores, slopes = (p.detach().double() for p in net)
    each = (coefficients.transpose(0, 1), intercepts, scores.softmax(dim=1), slopes)
    found = [np.ascontiguousarray(one.numpy()) for one in each]
    return found[0], found[1], found[2], found[3]


def _initial(ridge: LinearHead, heads: int, generator: torch.Generator) -> list[Tensor]:
    import torch

    coefficients = tensor(ridge.coefficients)[..., None]
    d, k = coefficients.shape[:2]
    size = coefficients.square().mean(dim=0, keepdim=True).sqrt().clamp(min=d**-0.5)
    apart = torch.randn(d, 1, heads, generator=generator)
    slopes = np.zeros(k) if ridge.slopes is None else ridge.slopes
    return [
        coefficients + _APART * size * apart,
        tensor(ridge.intercepts)[:, None].repeat(1, heads),
        torch.zeros(k, heads),
        tensor(slopes)[:, None].repeat(1, heads),
    ]
