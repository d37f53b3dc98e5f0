"""What tells the paper's synthetic experiments from those of version 0.3, one change at a time.

Prints a table of figure 2b (``pretraining``) for settings from 0.3's to the paper's, each seed's
numbers one after the other, and draws the slope of gain on misfit against the share of a task that
lies in the span of the pretraining tasks: docs/reproduction/task-span.svg. About half an hour on
one core; what was pretrained before is taken from the cache.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from w2s_mol.figures.style import INK, SEEDS, Picture, house_style, new_figure, save, settle
from w2s_mol.statistics.gain_misfit import correlation, slope
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.representations import pretrained_representation
from w2s_mol.synthetic.run import run_synthetic
from w2s_mol.tasks.registry import REGRESSION
from w2s_mol.threads import one_thread

EXPERIMENT = "pretraining"
OLD: dict[str, Any] = {"setting": "0.3"}
RELU, TASKS = {"final_activation": "relu"}, {"task_distribution": "default"}
BOTH = {**OLD, **RELU, **TASKS}
SETTINGS: dict[str, dict[str, Any]] = {
    "`0.3`": OLD,
    "and ReLU after the last layer": {**OLD, **RELU},
    "and tasks as linear layers": {**OLD, **TASKS},
    "and both": BOTH,
    "both, the better of 2 descents (`paper`, the default)": {},
    "both, AdamW on one task after the other (`notebook`)": {"setting": "notebook"},
    "that, the better of 2": {"setting": "notebook", "restarts": 2},
}
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
DRAWN = {"0.3": OLD, "paper": {}}


def results_of(settings: dict[str, Any], seeds: Sequence[int]) -> pd.DataFrame:
    """Return the results of figure 2b."""
    run = run_synthetic(experiment=EXPERIMENT, seeds=tuple(seeds), **settings)
    return run.tables["results"]


def by_seed(results: pd.DataFrame) -> pd.DataFrame:
    """Return slope, correlation and epsilon / misfit of each seed."""
    rows = []
    for seed, of_seed in results.groupby("seed"):
        q = {name: of_seed[name].to_numpy(float) for name in REGRESSION.names()}
        rows.append(
            {
                "seed": seed,
                "slope": float(slope(q)),
                "correlation": float(correlation(q)),
                "epsilon": float(q["ceiling_error"].mean() / q["misfit"].mean()),
            }
        )
    return pd.DataFrame(rows)


def losses(settings: dict[str, Any], seeds: Sequence[int]) -> list[float]:
    """Return the training loss of each seed's strong representation."""
    config = SyntheticConfig(**settings)
    with one_thread(torch_too=True):
        found = [
            pretrained_representation(
                config, seed, config.strong_depth, low_sample=False, progress=lambda *_: None
            )
            for seed in seeds
        ]
    return [min(one.losses) for one in found]


def table(seeds: Sequence[int]) -> None:
    """Print what every difference does."""
    print("| setting | training loss, strong | epsilon / misfit | slope | correlation |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for words, settings in SETTINGS.items():
        found = by_seed(results_of(settings, seeds))
        cells = [
            ", ".join(f"{value:.4f}" for value in losses(settings, seeds)),
            *(
                ", ".join(f"{value:.2f}" for value in found[name])
                for name in ("epsilon", "slope", "correlation")
            ),
        ]
        print(f"| {words} | {' | '.join(cells)} |", flush=True)


def slopes_by_share(seeds: Sequence[int]) -> pd.DataFrame:
    """Return the slope of each seed for tasks more and more in the span."""
    tables = [
        by_seed(results_of({**settings, "task_span": share}, seeds)).assign(
            setting=words, share=share
        )
        for words, settings in DRAWN.items()
        for share in SHARES
    ]
    return pd.concat(tables, ignore_index=True)


def draw(axes: Axes, slopes: pd.DataFrame) -> None:
    """Draw each setting's mean over seeds as a line, the seeds as points."""
    for place, (words, of_setting) in enumerate(slopes.groupby("setting", sort=False)):
        shift = place * 0.01
        axes.scatter(
            of_setting["share"] + shift, of_setting["slope"], s=12, color=SEEDS[place], alpha=0.5
        )
        mean = of_setting.groupby("share")["slope"].mean()
        axes.plot(
            mean.index + shift,
            mean,
            color=SEEDS[place],
            marker="o^s"[place],
            linewidth=1.6,
            label=str(words),
        )
    axes.axhline(1, color=INK, linewidth=1, linestyle="--", label="gain = misfit")
    drawn_by_chance = SyntheticConfig().pretraining_tasks / SyntheticConfig().width
    axes.axvline(
        drawn_by_chance, color=INK, linewidth=0.8, linestyle=":", label="as drawn, on average"
    )
    axes.set_xlabel("share of a task in the span of the pretraining tasks")
    axes.set_ylabel("slope of gain on misfit, figure 2b")
    axes.legend()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("docs/reproduction"))
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    table(seeds)
    slopes = slopes_by_share(seeds)
    means = slopes.groupby(["setting", "share"], sort=False)[["slope", "correlation", "epsilon"]]
    print(means.agg(["mean", "min", "max"]).to_string(float_format="%.2f"))
    with house_style():
        figure, [axes] = new_figure(size=(5.6, 4.0))
        draw(axes, slopes)
        settle(figure)
    picture = Picture("task-span", "Slope against the share of a task in the span.", figure, ())
    save(picture, arguments.output, ["svg"])


if __name__ == "__main__":
    main()
