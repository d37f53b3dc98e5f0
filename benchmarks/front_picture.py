"""Draw the picture of the README, docs/weak-to-strong.png, from a study of ESOL.

python benchmarks/front_picture.py RUN, where RUN is the folder of
``w2s-mol run --dataset esol --strong strong-h256-l6-s0`` (``--dataset all`` does as well).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from w2s_mol.figures import style

_DATASET = "esol"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--output", type=Path, default=Path("docs/weak-to-strong.png"))
    given = parser.parse_args()
    results = pd.read_parquet(given.run / "results.parquet")
    test = results[(results["dataset"] == _DATASET) & (results["eval_split"] == "test")]
    with style.house_style():
        figure, (left, right) = style.new_figure(columns=2, size=(9, 3.4))
        _who_teaches(left)
        _errors(right, test)
        figure.savefig(given.output, dpi=150)


def _who_teaches(axes: Axes) -> None:
    """Draw true labels, the weak model that learns them, the strong one that learns of it."""
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    _box(axes, 8.2, "true labels", style.CEILING)
    _box(axes, 5.0, "supervisor: a weak model\n(6,280 to 286,560 weights)", style.WEAK)
    _box(axes, 1.8, "student: a strong model\n(4.9 million weights)", style.STRONG)
    _arrow(axes, 7.3, 6.0, "teach")
    _arrow(axes, 4.1, 2.8, "teaches by its predictions alone")
    axes.set_title("Who teaches whom", loc="left")


def _box(axes: Axes, y: float, text: str, colour: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (0.3, y - 0.8), 7, 1.6, boxstyle="round,pad=0.1", fc="white", ec=colour, lw=1.8
        )
    )
    axes.text(3.8, y, text, ha="center", va="center", color=colour, fontsize=10)


def _arrow(axes: Axes, top: float, bottom: float, text: str) -> None:
    axes.add_patch(
        FancyArrowPatch((2, top), (2, bottom), arrowstyle="-|>", mutation_scale=14, color=style.INK)
    )
    axes.text(2.4, (top + bottom) / 2, text, va="center", fontsize=9)


def _errors(axes: Axes, test: pd.DataFrame) -> None:
    """Draw mean errors by the size of the weak model, over pretraining seeds and splits."""
    means = test.groupby("hidden")[["weak_error", "w2s_error", "ceiling_error"]].mean()
    sizes = range(len(means))
    axes.fill_between(sizes, means["w2s_error"], means["weak_error"], color=style.STRONG, alpha=0.1)
    axes.plot(sizes, means["weak_error"], "s-", color=style.WEAK)
    axes.plot(sizes, means["w2s_error"], "o-", color=style.STRONG)
    axes.axhline(means["ceiling_error"].mean(), color=style.CEILING, linestyle="--")
    last = len(means) - 1
    axes.text(1.25, means["weak_error"].iloc[1], "supervisor", color=style.WEAK, va="bottom")
    axes.text(0.4, 1.28, "its student", color=style.STRONG, va="top", ha="left")
    ceiling = "ceiling: the student taught by true labels"
    axes.text(last, means["ceiling_error"].mean() - 0.04, ceiling, va="top", ha="right",
              color=style.CEILING)  # fmt: skip
    axes.set_xticks(list(sizes), [f"{size:g}" for size in means.index])
    axes.set_xlabel("hidden size of the supervisor")
    axes.set_ylabel("squared error / (log10 mol/L)²")
    axes.set_ylim(0, None)
    axes.set_title("Solubility (ESOL), test molecules", loc="left")


if __name__ == "__main__":
    main()
