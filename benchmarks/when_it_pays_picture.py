"""The picture of docs/when-it-pays.md: what ``when_it_pays.py`` found, against the labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

SHORT = {
    "strong-h256-l6-s0": "strong-h256",
    "rdkit2d": "rdkit2d",
    "concat:strong-h256-l6-s0+rdkit2d": "both side by side",
}
_FIRST = next(iter(SHORT))
LABELS = ("50", "100", "200", "400", "all")

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def half_width(of_sets: pd.Series) -> float:
    """Return half of the 95 % interval of a mean over datasets, Student's t."""
    of_sets = of_sets.dropna()
    spread = of_sets.std(ddof=1) / np.sqrt(len(of_sets))
    return float(stats.t.ppf(0.975, len(of_sets) - 1) * spread)


def draw_picture(path: Path, cases: pd.DataFrame, few: pd.DataFrame) -> None:
    """Draw means over the thirty potencies with their intervals, against the number of labels."""
    figure, axes = plt.subplots(2, 3, figsize=(12, 7.2), layout="constrained", sharex=True)
    for place, strong in enumerate(SHORT):
        of_strong = cases[cases["strong"] == strong]
        _errors(axes[0, place], of_strong, f"{SHORT[strong]}: errors / direct")
    _ranks(axes[1, 0], cases[cases["strong"] == _FIRST], "all validation labels")
    _ranks(axes[1, 1], few, "few to choose on")
    for (strong, short), colour in zip(SHORT.items(), _COLOURS, strict=False):
        _line(axes[1, 2], cases[cases["strong"] == strong], "correlation", colour, short)
    _line(axes[1, 2], few, "correlation", "black", f"{SHORT[_FIRST]}, few to choose on")
    axes[1, 2].set_title("correlation of gain and misfit", loc="left", fontsize=10)
    axes[1, 2].legend(fontsize=8)
    for one in axes[1]:
        one.set_xlabel("true labels")
    sets = "MoleculeACE's thirty sets (26 of them at 400 labels)"
    title = f"{sets}: means and 95 % intervals over sets; of errors medians"
    figure.suptitle(title, x=0.01, ha="left")
    figure.savefig(path, dpi=110)


def _errors(axes: Any, cases: pd.DataFrame, title: str) -> None:
    shown = {"supervisor": "weak", "student": "w2s", "student of the picked": "picked",
             "delta": "delta", "stack": "stack", "advised": "advised"}  # fmt: skip
    for (words, column), colour in zip(shown.items(), _COLOURS, strict=True):
        _line(axes, cases, column, colour, words, median=True)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_ylim(0.9, 1.5)
    axes.set_title(title, loc="left", fontsize=10)
    axes.legend(fontsize=8)


def _ranks(axes: Any, cases: pd.DataFrame, title: str) -> None:
    shown = {"weak error - misfit, on validation": "rule",
             "smallest weak error, on validation": "smallest",
             "weak error - misfit, on test": "rule_on_test",
             "smallest weak error, on test": "smallest_on_test"}  # fmt: skip
    styles = ("-", "-", ":", ":")
    for (words, column), colour, style in zip(shown.items(), _COLOURS[:2] * 2, styles, strict=True):
        _line(axes, cases, column, colour, words, style)
    axes.set_ylim(0, 1)
    axes.set_title(f"rank correlation of rules, {title}", loc="left", fontsize=10)
    axes.legend(fontsize=8, loc="lower right")


def _line(
    axes: Any,
    cases: pd.DataFrame,
    column: str,
    colour: str,
    words: str,
    style: str = "-",
    *,
    median: bool = False,
) -> None:
    """Draw a quantity's mean over sets (its median where one set may be far off) by labels."""
    of_sets = cases.groupby(["labels", "dataset"])[column].mean()
    labels = [one for one in LABELS if one in of_sets.index.get_level_values(0)]
    middle = [of_sets[one].median() if median else of_sets[one].mean() for one in labels]
    axes.errorbar(
        range(len(labels)),
        middle,
        None if median else [half_width(of_sets[one]) for one in labels],
        color=colour,
        linestyle=style,
        marker="o",
        markersize=3,
        capsize=2,
        label=words,
    )
    axes.set_xticks(range(len(LABELS)), LABELS)
