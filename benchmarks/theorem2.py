"""Theorem 2's two error terms, where the population is known: how slack moves with both.

A world is an h* and tasks of the paper's setting; its population are ``POPULATION`` inputs, on
which all that the theorem calls d_P is exact. The weak model is fitted on the population: the
theorem lets it be any function. On the left the student is fitted on the population too, so that
nothing but epsilon makes slack, and epsilon grows with the noise on the strong representation. On
the right the strong representation is h*, so that epsilon is nothing, and the student is fitted on
n draws from the population. Writes docs/reproduction/theorem2.svg. About two minutes on one core.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy import stats

from w2s_mol.figures.style import (
    INK,
    SOFT,
    STRONG,
    WEAK,
    Picture,
    house_style,
    new_figure,
    save,
    settle,
)
from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.linear import LinearHead
from w2s_mol.heads.matrix import InMemory
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.networks import Mlp, generator_for, perturbed, random_tasks
from w2s_mol.synthetic.representations import true_representation
from w2s_mol.threads import one_thread

Array = NDArray[np.float64]

CONFIG = SyntheticConfig()
POPULATION, TASKS, REPEATS = 100_000, 20, 5
SIGMAS = 10.0 ** np.arange(-4, -0.9, 0.5)
SAMPLES = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
LARGE = 2000
"""Rates are fitted to as many samples or more: they are of n to infinity."""
SMALL = 0.005
"""... and to epsilons of up to this share of the weak error: they are of epsilon to 0."""


@dataclass(frozen=True)
class World:
    """A population: inputs, h*, the weak model's and the true labels, each (inputs, tasks)."""

    seed: int
    x: torch.Tensor
    truth: Mlp
    weak: Array
    y: Array


def world(seed: int) -> World:
    """Return the population of a seed, and its weak model."""
    generator = generator_for(seed, "theorem 2")
    truth = true_representation(CONFIG, seed).double()
    drawn = random_tasks("linear", "default", TASKS, CONFIG.width, 1, generator)
    w, c = (p.double().numpy() for p in drawn.parameters)
    shape = (POPULATION, CONFIG.input_dimension)
    x = CONFIG.input_sigma * torch.randn(shape, generator=generator, dtype=torch.float64)
    y = truth(x).numpy() @ w.T + c.T
    rough = perturbed(truth, CONFIG.weak_sigma, generator)
    h = rough(x).numpy()
    return World(seed, x, truth, fitted(h, y).predict(h), y)


def fitted(h: Array, y: Array) -> LinearHead:
    """Return the exact least-squares head of every column of labels."""
    rows = np.arange(len(h))
    return fit_ols(InMemory(h), y, rows, rows[:0])


def terms(one: World, student: Array, limit: Array, ceiling: Array) -> dict[str, float]:
    """Return medians over tasks of terms divided by the weak error of the task.

    ``limit`` is the student of the whole population. Where the truth is realizable, slack is
    -2 d(student, limit) - 2 mean[(student - limit)(limit - y)]: the first always counts against
    the inequality, the second is as often above zero as below.
    """
    weak_error = ((one.weak - one.y) ** 2).mean(axis=0)
    misfit = ((one.weak - student) ** 2).mean(axis=0)
    slack = weak_error - ((student - one.y) ** 2).mean(axis=0) - misfit
    epsilon = ((ceiling - one.y) ** 2).mean(axis=0)
    shares = {
        "epsilon": epsilon,
        "size of slack": np.abs(slack),
        "expected shortfall": 2 * ((student - limit) ** 2).mean(axis=0),
        "most it could be": 2 * np.sqrt(epsilon * misfit),
    }
    return {name: float(np.median(value / weak_error)) for name, value in shares.items()}


def by_epsilon(one: World) -> list[dict[str, float]]:
    """Return the terms for strong representations that are further and further from h*."""
    rows = []
    for sigma in SIGMAS:
        # The same noise, scaled: what grows is its size alone.
        strong = perturbed(one.truth, float(sigma), generator_for(one.seed, "strong"))
        h = strong(one.x).numpy()
        student, ceiling = (fitted(h, labels).predict(h) for labels in (one.weak, one.y))
        rows.append({"seed": one.seed, "sigma": sigma, **terms(one, student, student, ceiling)})
    return rows


def by_samples(one: World) -> list[dict[str, float]]:
    """Return the terms for more and more samples, with h* as the strong representation."""
    h = one.truth(one.x).numpy()
    limit = fitted(h, one.weak).predict(h)
    draws = np.random.default_rng(one.seed)
    rows = []
    for n in SAMPLES:
        for _ in range(REPEATS):
            sample = draws.integers(POPULATION, size=n)
            student = fitted(h[sample], one.weak[sample]).predict(h)
            rows.append({"seed": one.seed, "n": n, **terms(one, student, limit, one.y)})
    return pd.DataFrame(rows).groupby("n", as_index=False).median().to_dict("records")


def rate(table: pd.DataFrame, by: str, of: str) -> tuple[float, float]:
    """Return the log-log slope and half of its 95 % interval over seeds, Student's t."""
    slopes = [
        stats.linregress(np.log(rows[by]), np.log(rows[of])).slope
        for _, rows in table.groupby("seed")
    ]
    spread = float(np.std(slopes, ddof=1)) / len(slopes) ** 0.5
    return float(np.mean(slopes)), float(stats.t.ppf(0.975, len(slopes) - 1)) * spread


def draw(axes: Axes, table: pd.DataFrame, by: str, lines: dict[str, str], fit: pd.Series) -> None:
    """Draw every seed thin and the geometric mean thick; the legend has the fitted rates."""
    for of, colour in lines.items():
        for _, rows in table.groupby("seed"):
            axes.plot(rows[by], rows[of], color=colour, linewidth=0.5, alpha=0.35)
        groups = table.assign(place=table.groupby("seed").cumcount()).groupby("place")
        middle = groups[[by, of]].agg(lambda values: float(np.exp(np.log(values).mean())))
        slope, half = rate(table[fit], by, of)
        label = f"{of}: rate {slope:.2f} $\\pm$ {half:.2f}"
        axes.plot(
            middle[by], middle[of], color=colour, linewidth=1.8, marker="o", ms=3, label=label
        )
    axes.set(xscale="log", yscale="log")


def allowed(axes: Axes, table: pd.DataFrame, by: str, power: float, words: str) -> None:
    """Draw the rate that the theorem allows through the middle of the largest sizes of slack."""
    ends = np.array([table[by].min(), table[by].max()])
    top = table.groupby("seed")["size of slack"].max().max() * 1.5
    at = ends[1] if power > 0 else ends[0]
    axes.plot(ends, top * (ends / at) ** power, color=INK, linestyle="--", linewidth=1, label=words)


def picture(epsilon: pd.DataFrame, samples: pd.DataFrame) -> Picture:
    """Return the figure of both terms."""
    with house_style():
        figure, [left, right] = new_figure(1, 2, (9.2, 4.0))
        shown = {"most it could be": SOFT, "size of slack": STRONG}
        draw(left, epsilon, "epsilon", shown, epsilon["epsilon"] <= SMALL)
        allowed(left, epsilon, "epsilon", 0.5, "Theorem 2 allows: rate 0.5")
        left.set_title("(a) epsilon, the student fitted on the population", loc="left")
        left.set(xlabel="epsilon / weak error", ylabel="slack / weak error")
        shown = {"size of slack": STRONG, "expected shortfall": WEAK}
        draw(right, samples, "n", shown, samples["n"] >= LARGE)
        allowed(right, samples, "n", -0.25, "Theorem 2 allows: rate $-$0.25")
        right.set_title("(b) samples, the truth realizable", loc="left")
        right.set(xlabel="weakly labelled samples n")
        for axes in (left, right):
            axes.legend(loc="lower right" if axes is left else "lower left")
        settle(figure)
    return Picture("theorem2", "The two error terms of Theorem 2.", figure, ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--output", type=Path, default=Path("docs/reproduction"))
    arguments = parser.parse_args()
    tables: dict[str, list[dict[str, float]]] = {"epsilon": [], "samples": []}
    with one_thread(torch_too=True):
        for seed in range(arguments.seeds):
            one = world(seed)
            tables["epsilon"] += by_epsilon(one)
            tables["samples"] += by_samples(one)
    epsilon, samples = (pd.DataFrame(rows) for rows in tables.values())
    for table, by in ((epsilon, "sigma"), (samples, "n")):
        print(table.groupby(by).mean().drop(columns="seed").to_string(float_format="%.3g"))
    small, large = epsilon[epsilon["epsilon"] <= SMALL], samples[samples["n"] >= LARGE]
    for table, by, of in (
        (small, "epsilon", "size of slack"),
        (large, "n", "size of slack"),
        (large, "n", "expected shortfall"),
    ):
        slope, half = rate(table, by, of)
        print(f"rate of {of} by {by}: {slope:.3f} +- {half:.3f}")
    save(picture(epsilon, samples), arguments.output, ["svg"])


if __name__ == "__main__":
    main()
