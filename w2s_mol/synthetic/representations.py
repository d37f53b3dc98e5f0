"""Weak and strong representations by gradient descent on pretraining tasks (equation 9)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from w2s_mol import files, kept
from w2s_mol.heads.many import ManyHeads
from w2s_mol.progress import Progress
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.networks import (
    Mlp,
    generator_for,
    random_tasks,
    random_trainable,
    random_true_representation,
)

_FORMAT = 1
_FILE = "representation.safetensors"
_CURVE_POINTS = 50
_DECIDING = (
    "input_dimension",
    "width",
    "input_sigma",
    "true_depth",
    "head_width",
    "representation_epochs",
    "representation_batch",
    "representation_rate",
)
"""The settings that a pretrained representation depends on, beside its depth, tasks and seed."""


@dataclass(frozen=True)
class Pretrained:
    """A pretrained representation and how its training went.

    Attributes
    ----------
    network
        Maps x of shape (n, inputs) to (n, width).
    curve
        Pairs of epoch and mean squared error over that epoch, divided by the labels' variance.
    """

    network: Mlp
    curve: list[tuple[int, float]]


def true_representation(config: SyntheticConfig, seed: int) -> Mlp:
    """Return h* of a seed."""
    sizes = _sizes(config, config.true_depth)
    return random_true_representation(sizes, generator_for(seed, "h*", sizes))


def pretrained_representation(
    config: SyntheticConfig, seed: int, depth: int, *, low_sample: bool, progress: Progress
) -> Pretrained:
    """Return a pretrained representation, from the cache if it was trained before."""
    t = config.low_tasks if low_sample else config.pretraining_tasks
    n = config.low_samples if low_sample else config.pretraining_samples
    recipe = [_FORMAT, torch.__version__, seed, depth, t, n, config.finetuning_class]
    key = files.sha256_json([*recipe, [getattr(config, name) for name in _DECIDING]])

    def make() -> Pretrained:
        x, y, tasks = _pretraining_data(config, seed, t, n)
        start = random_trainable(_sizes(config, depth), generator_for(seed, "start", depth))
        work = f"pretraining a {depth}-layer representation"
        return _train(config, start, x, y, tasks, work, progress)

    return _read(kept.kept(kept.Entry("representations", key), make, _save, progress))


def _sizes(config: SyntheticConfig, depth: int) -> list[int]:
    return [config.input_dimension, *[config.width] * depth]


def _pretraining_data(
    config: SyntheticConfig, seed: int, t: int, n: int
) -> tuple[Tensor, Tensor, ManyHeads]:
    """Return x / sigma of shape (t, n, inputs), labels of shape (t, n), and the tasks."""
    generator = generator_for(seed, "pretraining", t, n)
    kind = config.finetuning_class
    tasks = random_tasks(kind, t, config.width, config.head_width, generator)
    x = torch.randn(t, n, config.input_dimension, generator=generator)
    truth = true_representation(config, seed)(config.input_sigma * x.flatten(0, 1))
    return x, tasks(truth.view(t, n, -1)), tasks


def _train(
    config: SyntheticConfig,
    start: Mlp,
    x: Tensor,
    y: Tensor,
    tasks: ManyHeads,
    work: str,
    progress: Progress,
) -> Pretrained:
    """Minimise the mean squared error of the known tasks over the representation's parameters.

    The network is trained on x / sigma and its output is multiplied by the labels' spread, which
    changes the class of functions not at all and the descent's conditioning much. Each batch holds
    equally many samples of every task.
    """
    t, n, _ = x.shape
    spread = y.std()
    parameters = [p.clone().requires_grad_() for p in start.parameters()]
    half = len(start.weights)
    network = Mlp(tuple(parameters[:half]), tuple(parameters[half:]))
    optimizer = torch.optim.Adam(parameters, lr=config.representation_rate, fused=True)
    per_task = max(1, config.representation_batch // t)
    epochs, batches = config.representation_epochs, -(-n // per_task)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    order = generator_for(0, "order", t, n)
    every = max(1, epochs // _CURVE_POINTS)
    curve = []
    for epoch in range(1, epochs + 1):
        shuffled = torch.rand(t, n, generator=order).argsort(1)
        x_epoch = x.gather(1, shuffled[..., None].expand_as(x))
        y_epoch = y.gather(1, shuffled)
        total = torch.zeros(())
        for x_batch, y_batch in zip(
            x_epoch.split(per_task, 1), y_epoch.split(per_task, 1), strict=True
        ):
            h = spread * network(x_batch.flatten(0, 1)).view(t, -1, config.width)
            loss = ((tasks(h) - y_batch) / spread).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.detach() * (y_batch.shape[1] / n)
        if epoch % every == 0 or epoch == epochs:
            curve.append((epoch, float(total)))
            progress(work, epoch, epochs)
    weights = [w.detach() for w in network.weights]
    biases = [b.detach() for b in network.biases]
    weights[0] = weights[0] / config.input_sigma
    weights[-1], biases[-1] = weights[-1] * spread, biases[-1] * spread
    return Pretrained(Mlp(tuple(weights), tuple(biases)), curve)


def _save(made: Pretrained, folder: Path) -> None:
    tensors = {f"{i:02d}": p.contiguous() for i, p in enumerate(made.network.parameters())}
    metadata = {"curve": json.dumps(made.curve)}
    (folder / _FILE).write_bytes(safetensors.torch.save(tensors, metadata))


def _read(folder: Path) -> Pretrained:
    with safe_open(folder / _FILE, framework="pt") as entry:
        # Copies: a tensor that is mapped would change with the file.
        tensors = [entry.get_tensor(name).clone() for name in sorted(entry.keys())]
        curve = [(int(e), float(v)) for e, v in json.loads(entry.metadata()["curve"])]
    half = len(tensors) // 2
    return Pretrained(Mlp(tuple(tensors[:half]), tuple(tensors[half:])), curve)
