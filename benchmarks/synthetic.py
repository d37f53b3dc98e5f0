"""The six synthetic experiments with the paper's constants, and heads against the paper's way.

The paper's notebook fits every head by AdamW (learning rate 1e-3, batches of 32, 1,000 epochs), a
task at a time. Both sides get the same features and labels of the weak representation.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time

import numpy as np
import torch
from common import Claim, report

from w2s_mol.heads.many import fit_exact
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.networks import generator_for, random_tasks, random_trainable
from w2s_mol.synthetic.representations import pretrained_representation, true_representation
from w2s_mol.synthetic.run import run_synthetic

CONFIG = SyntheticConfig()


def all_six() -> tuple[float, float]:
    """Return the seconds of all six experiments, and of the pretraining within, without caches."""
    pretraining = 0.0
    with tempfile.TemporaryDirectory() as home:
        os.environ["W2S_MOL_HOME"] = home
        started = time.perf_counter()
        for depth in (CONFIG.weak_depth, CONFIG.strong_depth):
            for low in (False, True):
                pretrained_representation(
                    CONFIG, 0, depth, low_sample=low, progress=lambda *_: None
                )
        pretraining = time.perf_counter() - started
        run_synthetic(CONFIG)
        return time.perf_counter() - started, pretraining


def step_against_arithmetic(steps: int = 2000) -> tuple[float, float]:
    """Return milliseconds of a step of the deep representation, and of its matrix products."""
    n, width, depth = CONFIG.representation_batch, CONFIG.width, CONFIG.strong_depth
    with tempfile.TemporaryDirectory() as home:
        os.environ["W2S_MOL_HOME"] = home
        epochs = max(1, steps // (CONFIG.pretraining_samples * CONFIG.pretraining_tasks // n))
        config = SyntheticConfig(representation_epochs=epochs)
        started = time.perf_counter()
        pretrained_representation(config, 1, depth, low_sample=False, progress=lambda *_: None)
        ours = (time.perf_counter() - started) / steps
    network = random_trainable([width] * (depth + 1), generator_for(0))
    x, gradient = torch.randn(n, width), torch.randn(n, width)
    started = time.perf_counter()
    for _ in range(steps):
        for weight in network.weights:  # forward, and backward to weights and to inputs
            torch.mm(x, weight)
            torch.mm(x.T, gradient)
            torch.mm(gradient, weight.T)
    return ours * 1e3, (time.perf_counter() - started) / steps * 1e3


def problem(m: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of ``m`` tasks of a shallow representation."""
    generator = generator_for(0, "benchmark")
    truth = true_representation(CONFIG, 0).double()
    sizes = [CONFIG.input_dimension, CONFIG.width, CONFIG.width]
    shallow = random_trainable(sizes, generator).double()
    tasks = random_tasks("linear", m, CONFIG.width, 1, generator).to(torch.float64)
    x = torch.randn(m * CONFIG.finetuning_samples, 8, generator=generator, dtype=torch.float64)
    h = shallow(CONFIG.input_sigma * x).view(m, CONFIG.finetuning_samples, -1) / 100
    y = tasks(truth(CONFIG.input_sigma * x).view(m, CONFIG.finetuning_samples, -1))
    return h.numpy(), y.numpy()


def notebooks_loss(h: np.ndarray, y: np.ndarray) -> float:
    """Fit one task's head as the notebook does and return its training loss."""
    x, labels = torch.from_numpy(h).float(), torch.from_numpy(y).float()[:, None]
    head = torch.nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=CONFIG.head_rate)
    for _ in range(CONFIG.head_epochs):
        for rows in torch.randperm(len(x)).split(CONFIG.head_batch):
            loss = torch.nn.functional.mse_loss(head(x[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return float(torch.mean((head(x) - labels).double() ** 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebook-tasks", type=int, default=3, help="tasks fitted by AdamW")
    arguments = parser.parse_args()
    few = arguments.notebook_tasks
    total, pretraining = all_six()
    step, arithmetic = step_against_arithmetic()
    h, y = problem(CONFIG.finetuning_tasks)
    started = time.perf_counter()
    heads = fit_exact(h, y)
    ours = (time.perf_counter() - started) / len(h)
    our_losses = ((heads(h) - y) ** 2).mean(axis=1)[:few]
    started = time.perf_counter()
    their_losses = np.array([notebooks_loss(h[task], y[task]) for task in range(few)])
    theirs = (time.perf_counter() - started) / few
    report(
        "Synthetic experiments, the paper's constants, one seed, exact heads",
        [
            f"all six: {total:.0f} s, of which four representations {pretraining:.0f} s",
            f"a step of the 8-layer representation: {step:.3f} ms",
            f"its matrix products alone: {arithmetic:.3f} ms, {arithmetic / step:.0%}",
            f"a head: {ours * 1e3:.2f} ms; the notebook's: {theirs:.1f} s ({few} tasks)",
        ],
        [
            Claim("all six / 360 s", total / 360, 1, at_least=False),
            Claim("a head, notebook's / ours", theirs / ours, 500),
            Claim(
                "largest training loss, ours / notebook's",
                float((our_losses / their_losses).max()),
                1,
                at_least=False,
            ),
        ],
    )


if __name__ == "__main__":
    main()
