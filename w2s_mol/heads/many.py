"""Heads of many tasks at once, each on its own samples of one representation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from w2s_mol.heads.linear import FLOAT32_EPS, Array

LinearOrMlp = Literal["linear", "mlp"]

FEWEST_FIRINGS = 5
"""A unit that is zero but on fewer samples is no feature to an exact head: its coefficient would be
what these samples lack divided by a value that may be as small as any, and ruin the next sample."""


@dataclass(frozen=True)
class Descent:
    """How heads descend: the class of functions, epochs, samples a step, learning rate.

    ``width`` is of the hidden layer of ``mlp``.
    """

    kind: LinearOrMlp
    width: int
    epochs: int
    batch: int
    rate: float


def uniform_as_linear(inputs: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw as PyTorch's linear layers do by default: uniform in +-1/sqrt(inputs)."""
    return torch.empty(shape).uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)


@dataclass(frozen=True)
class ManyHeads:
    """``m`` functions of a representation, each with its own parameters.

    Attributes
    ----------
    kind
        ``linear``: h -> h . w + c. ``mlp``: h -> relu(h W + b) . w + c.
    parameters
        ``linear``: w (m, d) and c (m, 1). ``mlp``: W (m, d, k), b (m, 1, k), w (m, k), c (m, 1).
    """

    kind: LinearOrMlp
    parameters: tuple[Tensor, ...]

    def __call__(self, h: Tensor) -> Tensor:
        """Map h of shape (m, n, d), n inputs of each task, to (m, n)."""
        *hidden, w, c = self.parameters
        if self.kind == "mlp":
            h = torch.baddbmm(hidden[1], h, hidden[0]).relu()
        return torch.bmm(h, w[..., None]).squeeze(2) + c

    def divided_by(self, by: Tensor) -> ManyHeads:
        """Return the heads g with g(h / by) = f(h) / by: ReLU is positively homogeneous."""
        *hidden, w, c = self.parameters
        scaled = [hidden[0], hidden[1] / by] if hidden else []
        return ManyHeads(self.kind, (*scaled, w, c / by))

    def to(self, dtype: torch.dtype) -> ManyHeads:
        """Return them in another floating-point type."""
        return ManyHeads(self.kind, tuple(p.to(dtype) for p in self.parameters))


def random_heads(
    kind: LinearOrMlp, m: int, d: int, width: int, generator: torch.Generator
) -> ManyHeads:
    """Draw heads as PyTorch draws linear layers; ``width`` is of the hidden layer of ``mlp``."""

    def uniform(inputs: int, *shape: int) -> Tensor:
        return uniform_as_linear(inputs, shape, generator)

    if kind == "linear":
        return ManyHeads("linear", (uniform(d, m, d), uniform(d, m, 1)))
    return ManyHeads(
        "mlp",
        (
            uniform(d, m, d, width),
            uniform(d, m, 1, width),
            uniform(width, m, width),
            uniform(width, m, 1),
        ),
    )


@dataclass(frozen=True)
class ExactHeads:
    """Least-squares heads of ``m`` tasks with an intercept, of smallest norm where not unique.

    Attributes
    ----------
    mean, scale
        Of each task's features, shape (m, 1, d).
    coefficients
        Of standardised features, shape (m, d).
    intercepts
        Shape (m, 1).
    """

    mean: Array
    scale: Array
    coefficients: Array
    intercepts: Array

    def __call__(self, h: Array) -> Array:
        """Map features of shape (m, n, d) to predictions of shape (m, n)."""
        standard = (h - self.mean) / self.scale
        predictions: Array = np.matmul(standard, self.coefficients[..., None])[..., 0]
        return predictions + self.intercepts


def fit_exact(h: Array, y: Array) -> ExactHeads:
    """Fit the exact minimiser for every task, on units that fire often enough to tell.

    Parameters
    ----------
    h, y
        Features (m, n, d) and labels (m, n).
    """
    mean, scale = h.mean(axis=1, keepdims=True), h.std(axis=1, keepdims=True)
    # A unit that never fires is constant but for rounding; it is no feature.
    scale = np.where(scale <= 8 * FLOAT32_EPS * np.abs(mean), np.inf, scale)
    enough = min(FEWEST_FIRINGS, h.shape[1])
    scale = np.where((h != 0).sum(axis=1, keepdims=True) < enough, np.inf, scale)
    intercepts = y.mean(axis=1, keepdims=True)
    u, s, vt = np.linalg.svd((h - mean) / scale, full_matrices=False)
    kept = s > FLOAT32_EPS * s[:, :1]
    inverse = np.where(kept, 1 / np.where(kept, s, 1.0), 0.0)
    along = np.matmul(u.transpose(0, 2, 1), (y - intercepts)[..., None])[..., 0]
    coefficients = np.matmul(vt.transpose(0, 2, 1), (inverse * along)[..., None])[..., 0]
    return ExactHeads(mean, scale, coefficients, intercepts)


def fit_adamw(
    h: Array, y: Array, how: Descent, generator: torch.Generator
) -> Callable[[Array], Array]:
    """Fit heads by AdamW on raw features, all tasks side by side (AdamW is element-wise).

    As in the paper's released code. Shapes as in ``fit_exact``.
    """
    features, labels = torch.from_numpy(h).float(), torch.from_numpy(y).float()
    m, n, d = features.shape
    start = random_heads(how.kind, m, d, how.width, generator)
    parameters = tuple(p.requires_grad_() for p in start.parameters)
    heads = ManyHeads(start.kind, parameters)
    optimizer = torch.optim.AdamW(parameters, lr=how.rate, fused=True)
    for _epoch in range(how.epochs):
        order = torch.randperm(n, generator=generator)
        for rows in order.split(how.batch):
            # The mean over samples, summed over tasks: each task descends as if alone.
            residual = heads(features[:, rows]) - labels[:, rows]
            loss = residual.square().mean(dim=1).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    fitted = ManyHeads(heads.kind, tuple(p.detach() for p in parameters)).to(torch.float64)
    return lambda x: fitted(torch.from_numpy(x)).numpy()
