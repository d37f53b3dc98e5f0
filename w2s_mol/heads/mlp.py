"""Heads with a hidden layer: a class that is not convex (Charikar et al. 2024, appendix C).

A small network is fitted by AdamW on standardised features and labels, and taken as it was after
the epoch with the least squared error on other molecules. All columns start from the same weights
and see the same batches; each descends as it would alone, but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from w2s_mol.heads.head import Head
from w2s_mol.heads.linear import Array, Scaler
from w2s_mol.heads.matrix import Features, InMemory, Matrix, Rows, gathered
from w2s_mol.heads.rules import WIDTH

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_EPOCHS, _BATCHES, _LARGEST = 40, 16, 256
"""Of the descent; steps of an epoch, more where these would take more molecules each."""
_RATE, _DECAY = 3e-3, 1.0
"""AdamW's; the rate falls to zero in a line. Chosen on weak labels of ESOL, FreeSolv and Lipop."""
_AT_ONCE = 24
"""Columns that descend together: their weights are not to leave the processor's cache."""


@dataclass(frozen=True)
class MlpHead(Head):
    """``relu(x @ hidden + offsets) @ outer + intercepts`` of standardised features x.

    Attributes
    ----------
    scaler
        Of the d features.
    hidden, offsets
        Of the hidden layer of h units, shapes (k, d, h) and (k, 1, h).
    outer, intercepts
        Shapes (k, h) and (k,).
    penalties
        NaN, shape (k,).
    numbers, of_numbers
        Of a number that each column reads beside the features: the scaler of the k numbers, and
        their weights in the hidden layer, shape (k, 1, h); None where there is none.
    corrects
        Whether what is beside the features is added to what the network says.
    """

    scaler: Scaler
    hidden: Array
    offsets: Array
    outer: Array
    intercepts: Array
    penalties: Array
    numbers: Scaler | None = None
    of_numbers: Array | None = None
    corrects: bool = False

    def predict(self, features: Features, beside: Array | None = None) -> Array:
        """Return predictions of shape (n, k); see ``Head.predict``."""
        x = self.scaler.transform(features)
        found = np.empty((len(x), len(self.penalties)))
        number = None if self.numbers is None or beside is None else self.numbers.transform(beside)
        for j in range(found.shape[1]):
            units = x @ self.hidden[j] + self.offsets[j]
            if number is not None and self.of_numbers is not None:
                units += number[:, j, None] * self.of_numbers[j]
            found[:, j] = np.maximum(units, 0) @ self.outer[j] + self.intercepts[j]
        return found if beside is None or not self.corrects else found + beside

    def correcting(self) -> MlpHead:
        """Return the head that adds what is beside the features."""
        return replace(self, corrects=True)

    def columns(self, numbers: Sequence[int]) -> MlpHead:
        """Return the head of some columns of labels."""
        some = list(numbers)
        return MlpHead(
            self.scaler,
            self.hidden[some],
            self.offsets[some],
            self.outer[some],
            self.intercepts[some],
            self.penalties[some],
            None if self.numbers is None else self.numbers.columns(some),
            None if self.of_numbers is None else self.of_numbers[some],
            self.corrects,
        )


def fit_mlp(
    features: Matrix,
    labels: Array,
    learn: Rows,
    choose: Rows,
    weights: Array | None = None,
    width: int = WIDTH,
    seed: int = 0,
) -> MlpHead:
    """Fit heads of ``width`` hidden units; shapes as in ``fit_ridge``.

    The epoch is chosen on the labels of ``choose``, as the penalty of ridge heads is. The seed
    decides initial weights and the order of batches. The features are in memory as a whole.
    """
    return _fit(features, labels, None, (learn, choose), weights, width, seed)


def fit_mlp_beside(
    features: Matrix,
    labels: Array,
    beside: Array,
    learn: Rows,
    choose: Rows,
    width: int = WIDTH,
    seed: int = 0,
) -> MlpHead:
    """Fit heads that read a number of each molecule beside its features, another one a column.

    ``labels`` and ``beside`` have shape (n, k).
    """
    return _fit(features, labels, beside, (learn, choose), None, width, seed)


def _fit(
    features: Matrix,
    labels: Array,
    beside: Array | None,
    rows: tuple[Rows, Rows],
    weights: Array | None,
    width: int,
    seed: int,
) -> MlpHead:
    learn, choose = rows
    k = labels.shape[1]
    scaler = Scaler.fit(features, learn, weights)
    numbers = None if beside is None else Scaler.fit(InMemory(beside), learn)
    with np.errstate(invalid="ignore"):  # who overflowed stays so
        mean = np.average(labels[learn], axis=0, weights=weights)
        scale = np.sqrt(np.average((labels[learn] - mean) ** 2, axis=0, weights=weights))
        targets = (labels - mean) / np.where(scale == 0, 1.0, scale)

    def sample(rows: Rows, weights: Array | None = None) -> _Sample:
        own = None if numbers is None or beside is None else numbers.transform(beside[rows])
        x = scaler.transform(gathered(features, rows))
        return _Sample.of(x, targets[rows], own, weights)

    train, valid = sample(learn, weights), sample(choose)
    some = [slice(start, start + _AT_ONCE) for start in range(0, k, _AT_ONCE)]
    each = [_descended(train.columns(s), valid.columns(s), width, seed) for s in some]
    hidden, offsets, outer, constants, *rest = map(np.concatenate, zip(*each, strict=True))
    return MlpHead(
        scaler,
        hidden,
        offsets,
        outer[:, :, 0] * scale[:, None],
        constants[:, 0, 0] * scale + mean,
        np.full(k, np.nan),
        numbers,
        rest[0] if rest else None,
    )


@dataclass(frozen=True)
class _Sample:
    """Standardised features (n, d), labels (k, n, 1), numbers beside (k, n, 1), weights (n, 1)."""

    x: Tensor
    y: Tensor
    beside: Tensor | None
    weights: Tensor | None

    @classmethod
    def of(cls, x: Array, y: Array, beside: Array | None, weights: Array | None) -> _Sample:
        """Take arrays of shapes (n, d), (n, k), (n, k) and (n,)."""
        import torch

        def column_by_column(array: Array) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array.T, dtype=np.float32))[..., None]

        return cls(
            torch.from_numpy(x.astype(np.float32)),
            column_by_column(y),
            None if beside is None else column_by_column(beside),
            None if weights is None else column_by_column(weights / weights.mean()),
        )

    def columns(self, some: slice) -> _Sample:
        """Return some columns of labels."""
        return replace(self, y=self.y[some], beside=_at(self.beside, some))

    def rows(self, some: Tensor) -> _Sample:
        """Return some molecules."""
        beside = None if self.beside is None else self.beside[:, some]
        return _Sample(self.x[some], self.y[:, some], beside, _at(self.weights, some))

    def errors(self, net: Sequence[Tensor]) -> Tensor:
        """Return the mean squared error of each column, shape (k,)."""
        hidden, offsets, outer, constants, *of_number = net
        units = self.x.expand(len(hidden), *self.x.shape).bmm(hidden) + offsets
        if self.beside is not None:
            units = units + self.beside * of_number[0]
        squares = (units.relu().bmm(outer) + constants - self.y).square()
        return (squares if self.weights is None else squares * self.weights).mean(dim=(1, 2))


def _at(tensor: Tensor | None, some: slice | Tensor) -> Tensor | None:
    return None if tensor is None else tensor[some]


def _descended(train: _Sample, valid: _Sample, width: int, seed: int) -> list[Array]:
    """Return the parameters of each column's network after its best epoch on ``valid``.

    Shapes (k, d, h), (k, 1, h), (k, h, 1), (k, 1, 1), and (k, 1, h) for a number beside; NaN where
    no epoch has a finite error.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    net = [parameter.requires_grad_() for parameter in _initial(train, width, generator)]
    best = [torch.full_like(parameter, np.nan) for parameter in net]
    least = torch.full((len(train.y),), np.inf)
    optimizer = torch.optim.AdamW(net, lr=_RATE, weight_decay=_DECAY, fused=True)
    n = len(train.x)
    batch = min(_LARGEST, math.ceil(n / _BATCHES))
    steps = _EPOCHS * math.ceil(n / batch)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _epoch in range(_EPOCHS):
        for rows in torch.randperm(n, generator=generator).split(batch):
            # The sum over columns: each descends as if alone.
            loss = train.rows(rows).errors(net).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
        with torch.no_grad():
            errors = valid.errors(net)
            better = errors < least
            least = torch.where(better, errors, least)
            for kept, parameter in zip(best, net, strict=True):
                kept[better] = parameter[better]
    return [parameter.double().numpy() for parameter in best]


def _initial(sample: _Sample, width: int, generator: torch.Generator) -> list[Tensor]:
    """Draw a network as PyTorch does by default, the same for each column."""
    from w2s_mol.heads.many import uniform_as_linear

    k, d = len(sample.y), sample.x.shape[1]
    inputs = d if sample.beside is None else d + 1
    net = [
        uniform_as_linear(inputs, (1, d, width), generator),
        uniform_as_linear(inputs, (1, 1, width), generator),
        uniform_as_linear(width, (1, width, 1), generator),
        uniform_as_linear(width, (1, 1, 1), generator),
    ]
    if sample.beside is not None:
        net.append(uniform_as_linear(inputs, (1, 1, width), generator))
    return [parameter.repeat(k, 1, 1) for parameter in net]
