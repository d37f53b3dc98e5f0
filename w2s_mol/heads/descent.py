"""Heads by gradient descent, as in the paper's released code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.matrix import Matrix, Rows, gathered

if TYPE_CHECKING:
    from torch import Tensor

_BATCH = 32


class Objective(Protocol):
    """What a descent makes small, of ``k`` columns side by side."""

    def begin(self, sums: Callable[[], Tensor], done: float) -> None:
        """Begin an epoch: what gives all molecules' sums (n, k), and the share of epochs done."""

    def losses(self, sums: Tensor, rows: Tensor) -> Tensor:
        """Return the losses of some molecules, (b, k), of their sums."""


def descended(
    x: Tensor, k: int, objective: Objective, epochs: int, seed: int, rate: float = 1e-3
) -> tuple[Array, Array]:
    """Return coefficients (d, k) and intercepts (k,) of a linear map of features (n, d).

    They start at zero, so the seed decides nothing but the order of the batches; all columns see
    the same order, and each is trained as it would be alone, for AdamW works element by element.
    """
    import torch

    weight = torch.zeros(x.shape[1], k, requires_grad=True)
    bias = torch.zeros(k, requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], lr=rate, fused=True)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        objective.begin(lambda: torch.addmm(bias, x, weight).detach(), epoch / epochs)
        order = torch.randperm(len(x), generator=generator)
        for batch in order.split(_BATCH):
            # The mean over molecules, summed over columns: each column descends as if alone.
            sums = torch.addmm(bias, x[batch], weight)
            loss = objective.losses(sums, batch).sum() / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return weight.detach().double().numpy(), bias.detach().double().numpy()


class _Squares:
    def __init__(self, y: Tensor, weights: Tensor) -> None:
        self._y, self._weights = y, weights

    def begin(self, sums: Callable[[], Tensor], done: float) -> None:
        """Nothing changes from epoch to epoch."""

    def losses(self, sums: Tensor, rows: Tensor) -> Tensor:
        return (sums - self._y[rows]).square() * self._weights[rows]


def fit_adamw(
    features: Matrix,
    labels: Array,
    learn: Rows,
    _choose: Rows,
    weights: Array | None = None,
    epochs: int = 1000,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> LinearHead:
    """Fit by AdamW on the squared error; shapes as in ``fit_ridge``, nothing is chosen.

    Intercepts start at the mean label. The features are in memory as a whole.
    """
    import torch

    scaler = Scaler.fit(features, learn, weights)
    means = np.average(labels[learn], axis=0, weights=weights)
    x = torch.from_numpy(scaler.transform(gathered(features, learn)).astype(np.float32))
    y = torch.from_numpy((labels[learn] - means).astype(np.float32))
    each = np.ones(len(learn)) if weights is None else weights / weights.mean()
    w = torch.from_numpy(each.astype(np.float32))[:, None]
    coefficients, moved = descended(x, y.shape[1], _Squares(y, w), epochs, seed, learning_rate)
    return LinearHead(scaler, coefficients, moved + means, np.full(labels.shape[1], np.nan))
