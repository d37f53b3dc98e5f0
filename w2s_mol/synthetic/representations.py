"""Weak and strong representations by gradient descent on pretraining tasks (equation 9)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from w2s_mol import files, kept
from w2s_mol.heads.many import ManyHeads
from w2s_mol.progress import Progress
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.descent import How, descend
from w2s_mol.synthetic.networks import (
    Mlp,
    as_he_draws,
    as_torch_draws,
    generator_for,
    random_tasks,
)

_FORMAT = 2
_FILE = "representation.safetensors"
_DECIDING = ("input_dimension", "width", "input_sigma", "true_depth", "head_width")
"""The settings that a pretrained representation depends on, beside its depth, tasks and seed and
what its ``Recipe`` says."""


@dataclass(frozen=True)
class Pretrained:
    """A pretrained representation and how its training went.

    Attributes
    ----------
    network
        Maps x of shape (n, inputs) to (n, width).
    curve
        Pairs of epoch and mean squared error over that epoch, divided by the labels' variance.
    losses
        The same error at the end over all samples, of each restart; the network has the least.
    """

    network: Mlp
    curve: list[tuple[int, float]]
    losses: list[float]


def true_representation(config: SyntheticConfig, seed: int) -> Mlp:
    """Return h* of a seed."""
    sizes = _sizes(config, config.true_depth)
    return as_torch_draws(sizes, _final_relu(config), generator_for(seed, "h*", sizes))


def pretraining_tasks(config: SyntheticConfig, seed: int, *, low_sample: bool) -> ManyHeads:
    """Return the tasks that the representations of a seed are pretrained on."""
    return _tasks(config, seed, low_sample)[0]


def pretrained_representation(
    config: SyntheticConfig, seed: int, depth: int, *, low_sample: bool, progress: Progress
) -> Pretrained:
    """Return a pretrained representation, from the cache if it was trained before."""
    numbers = _numbers(config, low_sample)
    versions = [_FORMAT, np.__version__, torch.__version__]
    settings = [getattr(config, name) for name in _DECIDING]
    recipe = dataclasses.asdict(config.recipe)
    key = files.sha256_json(
        [*versions, seed, depth, *numbers, config.finetuning_class, settings, recipe]
    )
    work = f"pretraining a {depth}-layer representation"

    def make() -> Pretrained:
        x, y, tasks = _pretraining_data(config, seed, low_sample)
        starts = _starts(config, seed, depth)
        return _train(config, starts, x, y, tasks, work, progress)

    found = kept.kept(kept.Entry("representations", key), make, _save, progress)
    return _read(found, _final_relu(config))


def _numbers(config: SyntheticConfig, low_sample: bool) -> tuple[int, int]:
    """Return T and N_r."""
    if low_sample:
        return config.low_tasks, config.low_samples
    return config.pretraining_tasks, config.pretraining_samples


def _sizes(config: SyntheticConfig, depth: int) -> list[int]:
    return [config.input_dimension, *[config.width] * depth]


def _final_relu(config: SyntheticConfig) -> bool:
    return config.recipe.final_activation == "relu"


def _starts(config: SyntheticConfig, seed: int, depth: int) -> list[Mlp]:
    """Return the restarts' initial weights: more restarts are the same ones, and others."""
    recipe = config.recipe
    draw = as_he_draws if recipe.representation_optimizer == "adam" else as_torch_draws
    purposes = [("start", depth, *([again] if again else [])) for again in range(recipe.restarts)]
    sizes, relu = _sizes(config, depth), _final_relu(config)
    return [draw(sizes, relu, generator_for(seed, *purpose)) for purpose in purposes]


def _tasks(
    config: SyntheticConfig, seed: int, low_sample: bool
) -> tuple[ManyHeads, torch.Generator]:
    """Return the pretraining tasks, and the generator that goes on to draw their samples."""
    t, n = _numbers(config, low_sample)
    generator = generator_for(seed, "pretraining", t, n)
    kind, distribution = config.finetuning_class, config.recipe.task_distribution
    drawn = random_tasks(kind, distribution, t, config.width, config.head_width, generator)
    return drawn, generator


def _pretraining_data(
    config: SyntheticConfig, seed: int, low_sample: bool
) -> tuple[Tensor, Tensor, ManyHeads]:
    """Return x / sigma of shape (t, n, inputs), labels of shape (t, n), and the tasks."""
    t, n = _numbers(config, low_sample)
    tasks, generator = _tasks(config, seed, low_sample)
    x = torch.randn(t, n, config.input_dimension, generator=generator)
    truth = true_representation(config, seed)(config.input_sigma * x.flatten(0, 1))
    return x, tasks(truth.view(t, n, -1)), tasks


def _train(
    config: SyntheticConfig,
    starts: list[Mlp],
    x: Tensor,
    y: Tensor,
    tasks: ManyHeads,
    work: str,
    progress: Progress,
) -> Pretrained:
    """Minimise the mean squared error of the known tasks over the representation's parameters.

    Adam's networks are trained on x / sigma for labels of spread 1, which changes the class of
    functions not at all (ReLU is positively homogeneous) and the descent's conditioning much.
    """
    recipe = config.recipe
    how = How(
        recipe.representation_optimizer,
        recipe.task_order,
        recipe.representation_epochs,
        recipe.representation_batch,
        recipe.representation_rate,
    )
    if how.optimizer == "adam":
        sigma, spread = config.input_sigma, y.std()
    else:
        sigma, spread, x = 1.0, torch.ones(()), config.input_sigma * x
    found = descend(starts, x, y / spread, tasks.divided_by(spread), how, work, progress)
    losses = [one.loss for one in found]
    best = found[int(np.argmin(losses))]  # by what it was trained on: no evaluation chooses
    weights, biases = [*best.network.weights], [*best.network.biases]
    weights[-1], biases[-1] = weights[-1] * spread, biases[-1] * spread
    weights[0] = weights[0] / sigma
    return Pretrained(best.network.with_parameters([*weights, *biases]), best.curve, losses)


def _save(made: Pretrained, folder: Path) -> None:
    tensors = {f"{i:02d}": p.contiguous() for i, p in enumerate(made.network.parameters())}
    # One entry: several come in an order of chance, and the file would be another each time.
    metadata = {"training": json.dumps({"curve": made.curve, "losses": made.losses})}
    (folder / _FILE).write_bytes(safetensors.torch.save(tensors, metadata))


def _read(folder: Path, final_relu: bool) -> Pretrained:
    with safe_open(folder / _FILE, framework="pt") as entry:
        # Copies: a tensor that is mapped would change with the file.
        tensors = [entry.get_tensor(name).clone() for name in sorted(entry.keys())]
        training = json.loads(entry.metadata()["training"])
    curve = [(int(epoch), float(error)) for epoch, error in training["curve"]]
    half = len(tensors) // 2
    network = Mlp(tuple(tensors[:half]), tuple(tensors[half:]), final_relu)
    return Pretrained(network, curve, training["losses"])
