"""Representations (MLPs of x) and finetuning tasks (functions of a representation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from w2s_mol import files
from w2s_mol.heads.many import LinearOrMlp, ManyHeads, random_heads, uniform_as_linear
from w2s_mol.synthetic.settings import TaskDistribution


@dataclass(frozen=True)
class Mlp:
    """A multi-layer perceptron with ReLU between its layers.

    Attributes
    ----------
    weights, biases
        One of shape (inputs, outputs) and one of shape (outputs,) for each layer.
    final_relu
        Whether ReLU follows the last layer too.
    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]
    final_relu: bool

    def __call__(self, x: Tensor) -> Tensor:
        """Map x of shape (n, inputs) to (n, outputs)."""
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.addmm(bias, x.relu_() if layer else x, weight)
        return x.relu_() if self.final_relu else x

    def parameters(self) -> list[Tensor]:
        """Return its tensors, weights first."""
        return [*self.weights, *self.biases]

    def double(self) -> Mlp:
        """Return it in float64."""
        return self.with_parameters([p.double() for p in self.parameters()])

    def with_parameters(self, parameters: Sequence[Tensor]) -> Mlp:
        """Return it with other parameters, weights first."""
        layers = len(self.weights)
        return Mlp(tuple(parameters[:layers]), tuple(parameters[layers:]), self.final_relu)


def as_torch_draws(sizes: list[int], final_relu: bool, generator: torch.Generator) -> Mlp:
    """Return an MLP with PyTorch's default initialisation: uniform in +-1/sqrt(inputs)."""

    def uniform(inputs: int, *shape: int) -> Tensor:
        return uniform_as_linear(inputs, shape, generator)

    pairs = list(pairwise(sizes))
    return Mlp(
        tuple(uniform(inputs, inputs, outputs) for inputs, outputs in pairs),
        tuple(uniform(inputs, outputs) for inputs, outputs in pairs),
        final_relu,
    )


def as_he_draws(sizes: list[int], final_relu: bool, generator: torch.Generator) -> Mlp:
    """Return an MLP with He initialisation, which trains at depth 8 where the default fades."""
    pairs = list(pairwise(sizes))
    return Mlp(
        tuple(torch.randn(i, o, generator=generator) * (2 / i) ** 0.5 for i, o in pairs),
        tuple(torch.zeros(outputs) for _, outputs in pairs),
        final_relu,
    )


def perturbed(network: Mlp, sigma: float, generator: torch.Generator) -> Mlp:
    """Add N(0, sigma^2) to every entry of every weight matrix (Charikar et al. 2024, sec. 5.1)."""
    noisy = [w + sigma * torch.randn(w.shape, generator=generator) for w in network.weights]
    return network.with_parameters([*noisy, *network.biases])


def random_tasks(
    kind: LinearOrMlp,
    distribution: TaskDistribution,
    m: int,
    d: int,
    width: int,
    generator: torch.Generator,
) -> ManyHeads:
    """Draw ``m`` tasks of representations of width ``d``; ``width`` is of ``mlp``'s hidden layer.

    ``normal``: linear ones with w ~ N(0, I) and no intercept, MLPs with He initialisation.
    ``default``: as PyTorch draws the layers.
    """
    if distribution == "default":
        return random_heads(kind, m, d, width, generator)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    if kind == "linear":
        return ManyHeads("linear", (normal(m, d), torch.zeros(m, 1)))
    first = normal(m, d, width) * (2 / d) ** 0.5
    return ManyHeads("mlp", (first, torch.zeros(m, 1, width), normal(m, width), torch.zeros(m, 1)))


def with_share_in_span(tasks: ManyHeads, of: ManyHeads, share: float) -> ManyHeads:
    """Return linear tasks of which that share lies in the span of others.

    Each task's weights are the sum of a part in the span of the others' weights and a part at
    right angles to it. Both keep their directions, and the sum its length; the part in the span
    gets ``share`` of the squared length. Intercepts stay.
    """
    w, c = tasks.parameters
    basis = torch.linalg.qr(of.parameters[0].to(w.dtype).T).Q
    inside = w @ basis @ basis.T
    outside = w - inside
    unit = [part / part.norm(dim=1, keepdim=True) for part in (inside, outside)]
    mixed = share**0.5 * unit[0] + (1 - share) ** 0.5 * unit[1]
    return ManyHeads("linear", (w.norm(dim=1, keepdim=True) * mixed, c))


def generator_for(seed: int, *purpose: object) -> torch.Generator:
    """Return a generator of its own for each seed and purpose.

    What is drawn for one purpose does not move what is drawn for another.
    """
    digest = files.sha256_json([seed, *map(str, purpose)])
    return torch.Generator().manual_seed(int(digest[:15], 16))
