"""Representations (MLPs of x) and finetuning tasks (functions of a representation)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from w2s_mol import files


@dataclass(frozen=True)
class Mlp:
    """A multi-layer perceptron with ReLU between its layers.

    Attributes
    ----------
    weights, biases
        One of shape (inputs, outputs) and one of shape (outputs,) for each layer.
    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    def __call__(self, x: Tensor) -> Tensor:
        """Map x of shape (n, inputs) to (n, outputs)."""
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.addmm(bias, x.relu_() if layer else x, weight)
        return x

    def parameters(self) -> list[Tensor]:
        """Return its tensors, weights first."""
        return [*self.weights, *self.biases]

    def double(self) -> Mlp:
        """Return it in float64."""
        return Mlp(tuple(w.double() for w in self.weights), tuple(b.double() for b in self.biases))


def uniform_as_linear(inputs: int, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw as PyTorch's linear layers do by default: uniform in +-1/sqrt(inputs)."""
    return torch.empty(shape).uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)


def random_true_representation(sizes: list[int], generator: torch.Generator) -> Mlp:
    """Return an MLP with PyTorch's default initialisation: uniform in +-1/sqrt(inputs)."""

    def uniform(inputs: int, *shape: int) -> Tensor:
        return uniform_as_linear(inputs, shape, generator)

    pairs = list(pairwise(sizes))
    return Mlp(
        tuple(uniform(inputs, inputs, outputs) for inputs, outputs in pairs),
        tuple(uniform(inputs, outputs) for inputs, outputs in pairs),
    )


def random_trainable(sizes: list[int], generator: torch.Generator) -> Mlp:
    """Return an MLP with He initialisation, which trains at depth 8 where the default fades."""
    pairs = list(pairwise(sizes))
    return Mlp(
        tuple(torch.randn(i, o, generator=generator) * (2 / i) ** 0.5 for i, o in pairs),
        tuple(torch.zeros(outputs) for _, outputs in pairs),
    )


def perturbed(network: Mlp, sigma: float, generator: torch.Generator) -> Mlp:
    """Add N(0, sigma^2) to every entry of every weight matrix (Charikar et al. 2024, sec. 5.1)."""
    noisy = [w + sigma * torch.randn(w.shape, generator=generator) for w in network.weights]
    return Mlp(tuple(noisy), network.biases)


@dataclass(frozen=True)
class Tasks:
    """``m`` finetuning functions of a representation, each its own parameters.

    Attributes
    ----------
    kind
        ``linear``: h -> h . w + c. ``mlp``: h -> relu(h W + b) . w + c.
    parameters
        ``linear``: w (m, d) and c (m, 1). ``mlp``: W (m, d, k), b (m, 1, k), w (m, k), c (m, 1).
    """

    kind: Literal["linear", "mlp"]
    parameters: tuple[Tensor, ...]

    def __call__(self, h: Tensor) -> Tensor:
        """Map h of shape (m, n, d), n inputs of each task, to (m, n)."""
        *hidden, w, c = self.parameters
        if self.kind == "mlp":
            h = torch.baddbmm(hidden[1], h, hidden[0]).relu()
        return torch.bmm(h, w[..., None]).squeeze(2) + c

    def to(self, dtype: torch.dtype) -> Tasks:
        """Return them in another floating-point type."""
        return Tasks(self.kind, tuple(p.to(dtype) for p in self.parameters))


def random_tasks(
    kind: Literal["linear", "mlp"], m: int, d: int, width: int, generator: torch.Generator
) -> Tasks:
    """Draw tasks: linear ones with w ~ N(0, I) and no intercept; MLPs with He initialisation."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    if kind == "linear":
        return Tasks("linear", (normal(m, d), torch.zeros(m, 1)))
    first = normal(m, d, width) * (2 / d) ** 0.5
    return Tasks("mlp", (first, torch.zeros(m, 1, width), normal(m, width), torch.zeros(m, 1)))


def generator_for(seed: int, *purpose: object) -> torch.Generator:
    """Return a generator of its own for each seed and purpose.

    What is drawn for one purpose does not move what is drawn for another.
    """
    digest = files.sha256_json([seed, *map(str, purpose)])
    return torch.Generator().manual_seed(int(digest[:15], 16))
