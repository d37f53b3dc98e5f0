"""Gradient descent of small networks on given tasks, several networks side by side.

Written out by hand: half a million steps, each of a handful of 32 x 16 matrices, are what the
paper's notebook asks for, and automatic differentiation spends ten times as long on each as its
arithmetic. Networks side by side share batches and nothing else: each is the same to the last bit
whatever stands beside it (a test holds it to that).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_mol.heads.many import ManyHeads
from w2s_mol.progress import Progress
from w2s_mol.synthetic.networks import Mlp, generator_for
from w2s_mol.synthetic.settings import Optimizer, TaskOrder

Floats = NDArray[np.float32]

_CURVE_POINTS = 50
_BETAS, _EPSILON, _DECAY = (0.9, 0.999), 1e-8, 0.01
"""PyTorch's own for Adam and AdamW; only AdamW decays."""


@dataclass(frozen=True)
class How:
    """How representations descend; fields as in ``Recipe``."""

    optimizer: Optimizer
    order: TaskOrder
    epochs: int
    batch: int
    rate: float


@dataclass(frozen=True)
class Descended:
    """Where a descent ended.

    Attributes
    ----------
    network
        The network.
    curve
        Pairs of epoch and mean squared error over that epoch, divided by the labels' variance.
    loss
        The same error at the end, over all samples.
    """

    network: Mlp
    curve: list[tuple[int, float]]
    loss: float


def descend(
    starts: Sequence[Mlp],
    x: torch.Tensor,
    y: torch.Tensor,
    tasks: ManyHeads,
    how: How,
    work: str,
    progress: Progress,
) -> list[Descended]:
    """Minimise the mean squared error of known tasks over each network's parameters.

    Parameters
    ----------
    starts
        Networks of the same sizes.
    x, y
        Inputs (t, n, d) and labels (t, n) of each task.
    tasks
        The ``t`` tasks; they stay as they are.
    how, work
        How, and what progress is told of it.
    """
    networks, given = Networks(starts), Given(x.numpy(), y.numpy(), tasks)
    t, n = given.labels.shape
    variance = float(y.var())
    per_task = max(1, how.batch // t) if how.order == "together" else how.batch
    in_order = [slice(0, t)] if how.order == "together" else [slice(i, i + 1) for i in range(t)]
    steps = len(in_order) * -(-n // per_task)
    optimizer = _Adam(networks, how, how.epochs * steps)
    order = generator_for(0, "order", t, n)
    every = max(1, how.epochs // _CURVE_POINTS)
    curve = []
    for epoch in range(1, how.epochs + 1):
        shown = epoch % every == 0 or epoch == how.epochs
        total = np.zeros(len(starts))
        for batch in given.batches(order, in_order, per_task):
            residual = networks.gradients(batch)
            if shown:
                total += np.square(residual, dtype=np.float64).sum(axis=1)
            optimizer.step()
        if shown:
            curve.append((epoch, total / (t * n * variance)))
            progress(work, epoch, how.epochs)
    losses = networks.losses(given) / variance
    return [
        Descended(network, [(e, float(found[i])) for e, found in curve], float(losses[i]))
        for i, network in enumerate(networks.as_they_are())
    ]


@dataclass(frozen=True)
class Batch:
    """``k`` tasks, ``b`` samples of each: inputs (d + 1, k b), labels (k, b), the tasks.

    Samples are columns, so that what is done to every entry of a layer runs through memory.
    """

    inputs: Floats
    labels: Floats
    tasks: tuple[Floats, ...]


class Given:
    """Samples and tasks, cut into batches."""

    def __init__(self, x: Floats, y: Floats, tasks: ManyHeads) -> None:
        self.labels = y
        # A row of ones makes a layer's bias the last column of its weights.
        self._inputs = np.concatenate([x, np.ones_like(x[..., :1])], axis=2)
        self._tasks = tuple(p.numpy() for p in tasks.parameters)

    def batches(
        self, order: torch.Generator, in_order: Sequence[slice], per_task: int
    ) -> Iterator[Batch]:
        """Yield the batches of one epoch, each task's samples in an order of its own."""
        t, n = self.labels.shape
        shuffled = torch.rand(t, n, generator=order).argsort(1).numpy()
        inputs = np.take_along_axis(self._inputs, shuffled[..., None], axis=1).transpose(2, 0, 1)
        labels = np.take_along_axis(self.labels, shuffled, axis=1)
        for some in in_order:
            tasks = tuple(p[some] for p in self._tasks)
            for at in range(0, n, per_task):
                rows = slice(at, at + per_task)
                columns = inputs[:, some, rows].reshape(len(inputs), -1)
                yield Batch(columns, labels[some, rows], tasks)

    def everything(self) -> Batch:
        """Return all of it as one batch."""
        columns = self._inputs.reshape(-1, self._inputs.shape[2]).T
        return Batch(columns, self.labels, self._tasks)


class _Room:
    """Where the layers' inputs and outputs and the errors of one size of batch are kept."""

    def __init__(self, r: int, columns: int, sizes: Sequence[int]) -> None:
        def ones(*shape: int) -> Floats:
            return np.ones(shape, np.float32)

        first, *others = sizes
        self.inputs = [ones(first + 1, columns), *(ones(r, k + 1, columns) for k in others)]
        self.transposed = [a.swapaxes(-1, -2) for a in self.inputs]
        self.outputs = [a[:, :-1] for a in self.inputs[1:]]
        self.fires = [ones(r, k, columns) for k in others]
        self.errors = [ones(r, k, columns) for k in others]


class Networks:
    """Networks of the same sizes side by side.

    Attributes
    ----------
    parameters, gradient
        Of all layers in a row, shape (networks, parameters).
    """

    def __init__(self, starts: Sequence[Mlp]) -> None:
        first = starts[0]
        self._relu_at_end = first.final_relu
        self._sizes = [first.weights[0].shape[0], *(w.shape[1] for w in first.weights)]
        shapes = [(outputs, inputs + 1) for inputs, outputs in pairwise(self._sizes)]
        self.parameters = np.zeros((len(starts), sum(i * o for i, o in shapes)), np.float32)
        self.gradient = np.zeros_like(self.parameters)
        self._layers = _by_layer(self.parameters, shapes)
        self._gradients = _by_layer(self.gradient, shapes)
        self._back = [layer[..., :-1].swapaxes(1, 2) for layer in self._layers]
        self._rooms: dict[int, _Room] = {}
        for place, start in enumerate(starts):
            for layer, weight, bias in zip(self._layers, start.weights, start.biases, strict=True):
                layer[place, :, :-1], layer[place, :, -1] = weight.numpy().T, bias.numpy()

    def gradients(self, batch: Batch) -> Floats:
        """Leave the gradient of a batch's mean squared error; return residuals, (networks, k b)."""
        room = self._forward(batch)
        residual, error = _of_tasks(room.outputs[-1], batch, room.errors[-1])
        for layer in range(len(self._layers) - 1, -1, -1):
            if self._has_relu(layer):
                fires = np.sign(room.outputs[layer], out=room.fires[layer])
                np.multiply(error, fires, out=error)
            np.matmul(error, room.transposed[layer], out=self._gradients[layer])
            if layer:
                error = np.matmul(self._back[layer], error, out=room.errors[layer - 1])
        return residual

    def losses(self, given: Given) -> NDArray[np.float64]:
        """Return each network's mean squared error over everything."""
        batch = given.everything()
        outputs = self._forward(batch).outputs[-1]
        residual, _ = _of_tasks(outputs, batch, np.empty(outputs.shape, np.float32))
        losses: NDArray[np.float64] = np.square(residual, dtype=np.float64).mean(axis=1)
        return losses

    def as_they_are(self) -> list[Mlp]:
        """Return each network as it is now."""
        return [
            Mlp(
                tuple(torch.from_numpy(layer[i, :, :-1].T.copy()) for layer in self._layers),
                tuple(torch.from_numpy(layer[i, :, -1].copy()) for layer in self._layers),
                self._relu_at_end,
            )
            for i in range(len(self.parameters))
        ]

    def _has_relu(self, layer: int) -> bool:
        return self._relu_at_end or layer < len(self._layers) - 1

    def _forward(self, batch: Batch) -> _Room:
        columns = batch.labels.size
        if columns not in self._rooms:
            self._rooms[columns] = _Room(len(self.parameters), columns, self._sizes)
        room = self._rooms[columns]
        room.inputs[0][...] = batch.inputs
        for layer, weights in enumerate(self._layers):
            out = np.matmul(weights, room.inputs[layer], out=room.outputs[layer])
            if self._has_relu(layer):
                np.maximum(out, 0, out=out)
        return room


def _by_layer(flat: Floats, shapes: Sequence[tuple[int, int]]) -> list[Floats]:
    ends = np.cumsum([i * o for i, o in shapes])
    parts = np.split(flat, ends[:-1], axis=1)
    return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def _of_tasks(h: Floats, batch: Batch, error: Floats) -> tuple[Floats, Floats]:
    """Return residuals (networks, k b), and their mean square's derivative by h, in ``error``."""
    k, b = batch.labels.shape
    r, width = h.shape[:2]
    *hidden, w, c = batch.tasks
    by_task = error.reshape(r, width, k, b)
    if hidden:
        first, bias = hidden[0].swapaxes(1, 2), hidden[1].swapaxes(1, 2)
        last = np.matmul(first, h.reshape(r, width, k, b).swapaxes(1, 2))  # (r, k, hidden, b)
        last = np.maximum(last + bias, 0)
        residual = (last * w[..., None]).sum(axis=2)
    else:
        along = w.T[..., None]
        residual = (h.reshape(r, width, k, b) * along).sum(axis=1)
    residual += c - batch.labels
    scaled = residual * _f32(2 / (k * b))
    if hidden:
        back = scaled[:, :, None] * w[..., None] * np.sign(last)
        np.matmul(hidden[0], back, out=by_task.swapaxes(1, 2))
    else:
        np.multiply(scaled[:, None], along, out=by_task)
    return residual.reshape(r, k * b), error


class _Adam:
    """Adam and AdamW as PyTorch has them (Kingma and Ba 2015; Loshchilov and Hutter 2019)."""

    def __init__(self, networks: Networks, how: How, steps: int) -> None:
        self._parameters, self._gradient = networks.parameters, networks.gradient
        self._rate, self._steps, self._done = how.rate, steps, 0
        self._falls, self._decays = how.optimizer == "adam", how.optimizer == "adamw"
        # Sums with weights 1, beta, beta^2, ...: moments but for a factor that the step makes good.
        self._first, self._second, self._move = (np.zeros_like(self._gradient) for _ in range(3))

    def step(self) -> None:
        """Move the networks once along their gradients."""
        first, second, move = self._first, self._second, self._move
        rate = self._rate
        if self._falls:
            rate *= (1 + math.cos(math.pi * self._done / self._steps)) / 2
        self._done += 1
        corrections = [(1 - beta) / (1 - beta**self._done) for beta in _BETAS]
        if self._decays:
            self._parameters *= _f32(1 - rate * _DECAY)
        first *= _f32(_BETAS[0])
        first += self._gradient
        second *= _f32(_BETAS[1])
        np.multiply(self._gradient, self._gradient, out=move)
        second += move
        np.sqrt(second, out=move)
        move *= _f32(math.sqrt(corrections[1]))
        move += _f32(_EPSILON)
        np.divide(first, move, out=move)
        move *= _f32(rate * corrections[0])
        self._parameters -= move


def _f32(value: float) -> Any:
    return np.float32(value)
