"""Heads for many tasks at once, each on its own samples of one representation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.networks import Tasks, generator_for, uniform_as_linear

Array = NDArray[np.float64]
_FLOAT32_EPS = float(np.finfo(np.float32).eps)


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
    """Fit the exact minimiser for every task.

    Parameters
    ----------
    h, y
        Features (m, n, d) and labels (m, n).
    """
    mean, scale = h.mean(axis=1, keepdims=True), h.std(axis=1, keepdims=True)
    # A unit that never fires is constant but for rounding; it is no feature.
    scale = np.where(scale <= 8 * _FLOAT32_EPS * np.abs(mean), np.inf, scale)
    intercepts = y.mean(axis=1, keepdims=True)
    u, s, vt = np.linalg.svd((h - mean) / scale, full_matrices=False)
    kept = s > _FLOAT32_EPS * s[:, :1]
    inverse = np.where(kept, 1 / np.where(kept, s, 1.0), 0.0)
    along = np.matmul(u.transpose(0, 2, 1), (y - intercepts)[..., None])[..., 0]
    coefficients = np.matmul(vt.transpose(0, 2, 1), (inverse * along)[..., None])[..., 0]
    return ExactHeads(mean, scale, coefficients, intercepts)


def fit_adamw(h: Array, y: Array, config: SyntheticConfig, seed: int) -> Callable[[Array], Array]:
    """Fit heads by AdamW on raw features, all tasks side by side (AdamW is element-wise).

    As in the paper's released code; the class is that of the config's tasks.
    """
    features, labels = torch.from_numpy(h).float(), torch.from_numpy(y).float()
    m, n, d = features.shape
    generator = generator_for(seed, "heads")
    start = _random_heads(config, m, d, generator)
    parameters = tuple(p.requires_grad_() for p in start.parameters)
    heads = Tasks(start.kind, parameters)
    optimizer = torch.optim.AdamW(parameters, lr=config.head_rate, fused=True)
    for _epoch in range(config.head_epochs):
        order = torch.randperm(n, generator=generator)
        for rows in order.split(config.head_batch):
            # The mean over samples, summed over tasks: each task descends as if alone.
            residual = heads(features[:, rows]) - labels[:, rows]
            loss = residual.square().mean(dim=1).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    fitted = Tasks(heads.kind, tuple(p.detach() for p in parameters)).to(torch.float64)
    return lambda x: fitted(torch.from_numpy(x)).numpy()


def _random_heads(config: SyntheticConfig, m: int, d: int, generator: torch.Generator) -> Tasks:
    """Draw initial heads as PyTorch does by default."""

    def uniform(inputs: int, *shape: int) -> Tensor:
        return uniform_as_linear(inputs, shape, generator)

    if config.finetuning_class == "linear":
        return Tasks("linear", (uniform(d, m, d), uniform(d, m, 1)))
    k = config.head_width
    return Tasks(
        "mlp", (uniform(d, m, d, k), uniform(d, m, 1, k), uniform(k, m, k), uniform(k, m, 1))
    )


def head_fitter(
    config: SyntheticConfig, seed: int
) -> Callable[[Array, Array], Callable[[Array], Array]]:
    """Return the function that fits heads by the config's rule."""
    if config.head == "exact":
        return fit_exact
    return lambda h, y: fit_adamw(h, y, config, seed)
