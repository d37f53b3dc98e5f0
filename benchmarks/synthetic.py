"""The six synthetic experiments with five seeds, seed by seed, and heads against the paper's way.

Two processes share the run, as two cores can. The paper's notebook fits every head by AdamW
(learning rate 1e-3, batches of 32, 1,000 epochs), a task at a time; both sides get the same
features and labels of the weak representation.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import torch
from common import PROGRAM, Claim, report

from w2s_mol.heads.many import fit_exact
from w2s_mol.statistics.gain_misfit import correlation, slope
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.descent import How, descend
from w2s_mol.synthetic.networks import as_torch_draws, generator_for, random_tasks
from w2s_mol.synthetic.representations import true_representation
from w2s_mol.tasks.registry import REGRESSION
from w2s_mol.threads import one_thread

CONFIG = SyntheticConfig()


def all_six(seeds: int, processes: int) -> tuple[pd.DataFrame, float]:
    """Return the results of all six experiments and their seconds, from nothing kept."""
    verb = [*PROGRAM, "synthetic", "--output-dir", "run", "--quiet"]
    for seed in range(seeds):
        verb += ["--seed", str(seed)]
    with tempfile.TemporaryDirectory() as home:
        own = {**os.environ, "W2S_MOL_HOME": f"{home}/kept"}
        started = time.perf_counter()
        running = [subprocess.Popen(verb, cwd=home, env=own) for _ in range(processes)]
        codes = [process.wait() for process in running]
        if any(codes):
            sys.exit("w2s-mol synthetic failed")
        seconds = time.perf_counter() - started
        return pd.read_parquet(f"{home}/run/results.parquet"), seconds


def seed_by_seed(results: pd.DataFrame) -> list[str]:
    """Return a table of each experiment's slopes and correlations, seed by seed."""
    lines = ["| figure | experiment | slope by seed | correlation by seed | epsilon / misfit |"]
    lines.append("| --- | --- | ---: | ---: | ---: |")
    for (panel, name), rows in results.groupby(["panel", "experiment"]):
        found = [
            {q: of_seed[q].to_numpy(float) for q in REGRESSION.names()}
            for _, of_seed in rows.groupby("seed")
        ]
        cells = [
            ", ".join(f"{value:.2f}" for value in values)
            for values in (
                [float(slope(q)) for q in found],
                [float(correlation(q)) for q in found],
                [q["ceiling_error"].mean() / q["misfit"].mean() for q in found],
            )
        ]
        lines.append(f"| {panel} | {name} | {' | '.join(cells)} |")
    return lines


def step_against_arithmetic(steps: int = 4000) -> tuple[float, float]:
    """Return microseconds of a step of the deep representation, and of its matrix products."""
    recipe = CONFIG.recipe
    r, n, width, depth = (
        recipe.restarts,
        recipe.representation_batch,
        CONFIG.width,
        CONFIG.strong_depth,
    )
    how = How("adam", "together", 1, n, recipe.representation_rate)
    generator = generator_for(0, "benchmark")
    starts = [as_torch_draws([width] * (depth + 1), True, generator) for _ in range(r)]
    x = torch.randn(1, steps * n, width, generator=generator)
    tasks = random_tasks("linear", "default", 1, width, 1, generator)
    started = time.perf_counter()
    descend(starts, x, x[..., 0], tasks, how, "", lambda *_: None)
    ours = (time.perf_counter() - started) / steps
    weight = np.ones((r, width, width + 1), np.float32)
    layer, error = np.ones((r, width + 1, n), np.float32), np.ones((r, width, n), np.float32)
    started = time.perf_counter()
    for _ in range(steps * depth):
        np.matmul(weight, layer)  # forward, and backward to weights and to inputs
        np.matmul(error, layer.swapaxes(1, 2))
        np.matmul(weight[..., :-1].swapaxes(1, 2), error)
    return ours * 1e6, (time.perf_counter() - started) / steps * 1e6


def problem(m: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of ``m`` tasks of a shallow representation."""
    generator = generator_for(0, "benchmark")
    truth = true_representation(CONFIG, 0).double()
    sizes = [CONFIG.input_dimension, CONFIG.width, CONFIG.width]
    shallow = as_torch_draws(sizes, True, generator).double()
    tasks = random_tasks("linear", "default", m, CONFIG.width, 1, generator).to(torch.float64)
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
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    few = arguments.notebook_tasks
    results, total = all_six(arguments.seeds, arguments.processes)
    with one_thread(torch_too=True):
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
        "Synthetic experiments, the paper's setting, exact heads",
        [
            *seed_by_seed(results),
            f"all six, {arguments.seeds} seeds, {arguments.processes} processes: {total:.0f} s",
            f"a step of {CONFIG.recipe.restarts} 8-layer representations: {step:.0f} us",
            f"its matrix products alone: {arithmetic:.0f} us, {arithmetic / step:.0%}",
            f"a head: {ours * 1e3:.2f} ms; the notebook's: {theirs:.1f} s ({few} tasks)",
        ],
        [
            Claim("all six / 600 s", total / 600, 1, at_least=False),
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
