"""Representations (MLPs of x) and finetuning tasks (functions of a representation)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from w2s_mol import files
from w2s_mol.heads.many import LinearOrMlp, ManyHeads, uniform_as_linear


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


def random_tasks(
    kind: LinearOrMlp, m: int, d: int, width: int, generator: torch.Generator
) -> ManyHeads:
    """Draw tasks: linear ones with w ~ N(0, I) and no intercept; MLPs with He initialisation."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    if kind == "linear":
        return ManyHeads("linear", (normal(m, d), torch.zeros(m, 1)))
    first = normal(m, d, width) * (2 / d) ** 0.5
    return ManyHeads("mlp", (first, torch.zeros(m, 1, width), normal(m, width), torch.zeros(m, 1)))


def generator_for(seed: int, *purpose: object) -> torch.Generator:
    """Return a generator of its own for each seed and purpose.

    What is drawn for one purpose does not move what is drawn for another.
    """
    digest = files.sha256_json([seed, *map(str, purpose)])
    return torch.Generator().manual_seed(int(digest[:15], 16))
