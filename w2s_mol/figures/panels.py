"""Single panels: each draws one tidy table on one pair of axes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from w2s_mol.figures.style import (
    CEILING,
    INK,
    MARKERS,
    SEEDS,
    SOFT,
    STRONG,
    WEAK,
    ordered_colours,
    plain,
)
from w2s_mol.selection.rendering import column_titles, in_short
from w2s_mol.selection.tables import StudySelection
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import task_of


def supervisor_labels(supervisors: pd.DataFrame) -> list[str]:
    """Return what a legend says of weak encoders: hidden sizes, which the seeds of one share.

    Where sizes and seeds do not tell them apart (several families, fixed representations), names.
    """
    hidden = supervisors["hidden"]
    are_seeds = (
        len(set(supervisors["family"])) == 1
        and supervisors["seed"].notna().all()
        and not supervisors.duplicated(["hidden", "seed"]).any()
    )
    if hidden.notna().all() and (hidden.is_unique or are_seeds):
        return [f"hidden {size}" for size in hidden]
    return [plain(str(name)) for name in supervisors["weak"]]


def error_unit(task: Task, unit: str) -> str:
    """Return the unit of a task's errors as an axis says it."""
    return re.sub(r"\^(\d)", r"$^\1$", plain(task.error_unit(unit)))


def molecular_gain_misfit(axes: Axes, test: pd.DataFrame, title: str) -> None:
    """Draw gain against misfit, a point a supervisor and split, a colour a supervisor's size.

    Parameters
    ----------
    axes
        Where to draw.
    test
        Rows of a study's results on test molecules, of one dataset.
    title
        Above the panel.
    """
    order = test.drop_duplicates("weak_sha256")
    order = order.sort_values(["hidden", "seed"], kind="stable")
    order = order.assign(label=supervisor_labels(order))
    labels = list(dict.fromkeys(order["label"]))
    colours = ordered_colours(len(labels))
    for place, label in enumerate(labels):
        points = test[test["weak_sha256"].isin(order["weak_sha256"][order["label"] == label])]
        axes.scatter(
            points["misfit"],
            points["gain"],
            s=26,
            color=[colours[place]],
            marker=MARKERS[place % len(MARKERS)],
            edgecolor="white",
            linewidth=0.4,
            label=label,
            zorder=3,
        )
    _finish_gain_misfit(axes, test, title, f" / {error_unit(task_of(test), test['unit'].iloc[0])}")


def synthetic_gain_misfit(axes: Axes, results: pd.DataFrame, title: str) -> None:
    """Draw gain against misfit of one synthetic experiment, a point a finetuning task."""
    for place, seed in enumerate(dict.fromkeys(results["seed"])):
        points = results[results["seed"] == seed]
        axes.scatter(
            points["misfit"],
            points["gain"],
            s=14,
            color=SEEDS[place % len(SEEDS)],
            marker="o^sDv"[place % 5],
            edgecolor="white",
            linewidth=0.3,
            alpha=0.85,
            label=f"seed {seed}",
            zorder=3,
        )
    _finish_gain_misfit(axes, results, title, "")


def _finish_gain_misfit(axes: Axes, points: pd.DataFrame, title: str, unit: str) -> None:
    words = task_of(points).words
    gain, misfit = words("gain"), words("misfit")
    largest = float(points["misfit"].max()) * 1.05
    axes.plot(
        [0, largest], [0, largest], color=INK, linewidth=1, zorder=2, label=f"{gain} = {misfit}"
    )
    if (points["gain"] < 0).any():
        axes.axhline(0, color=SOFT, linewidth=0.8, linestyle=":")
    # Strong-to-weak: what the theory expects there is the mirror image.
    if points["gain"].median() < 0 and points["gain"].min() < -0.3 * largest:
        axes.plot(
            [0, largest],
            [0, -largest],
            color=SOFT,
            linewidth=1,
            linestyle="--",
            label=f"{gain} = $-${misfit}",
        )
    axes.set_xlim(left=0)
    axes.set_xlabel(f"{misfit}{unit}")
    axes.set_ylabel(f"{gain}{unit}")
    axes.set_title(title, loc="left")


def selection(axes: Axes, study: StudySelection) -> None:
    """Draw the selection table: the bound beside the true error, the pick and the oracle marked."""
    table, marks = study.table, study.marks()
    places = np.arange(len(table))
    of_bound, of_error = column_titles(study)
    compared = ["bound_mean", "bound_std", "w2s_error_mean", "w2s_error_std"]
    drawn = table[compared].loc[study.finite.index].reindex(table.index)  # NaN is not drawn
    bound, error = drawn["bound_mean"], drawn["w2s_error_mean"]
    axes.hlines(places, np.minimum(bound, error), np.maximum(bound, error), color="#cccccc")
    for values, spread, colour, marker, label in (
        (bound, drawn["bound_std"], WEAK, "s", of_bound.replace(" - ", " $-$ ")),
        (error, drawn["w2s_error_std"], STRONG, "o", of_error),
    ):
        axes.errorbar(
            values,
            places,
            xerr=spread if spread.notna().any() else None,
            fmt=marker,
            color=colour,
            markersize=5.5,
            elinewidth=1,
            capsize=2,
            label=label,
            zorder=3,
        )
    for place in study.finite.index:
        if marks[place]:
            axes.annotate(
                marks[place],
                (error[place], place),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                fontweight="bold",
            )
    unlike = [f" ({marks[place]})" if error.isna()[place] else "" for place in places]
    names = [plain(name) + mark for name, mark in zip(table["weak"], unlike, strict=True)]
    axes.set_yticks(places, names)
    axes.set_ylim(len(table) - 0.5, -0.8)
    axes.margins(x=0.08)
    axes.set_xlabel(f"{study.task.error} / {error_unit(study.task, study.unit)}")
    axes.grid(axis="y", visible=False)
    axes.set_title(plain(in_short(study.keys)), loc="left")


def errors_by_hidden(axes: Axes, test: pd.DataFrame, title: str) -> None:
    """Draw weak, weak-to-strong and ceiling errors against the weak encoder's hidden size."""
    sized = test[test["hidden"].notna()].astype({"hidden": int})
    for name, colour, marker, label in (
        ("weak_error", WEAK, "s", "weak"),
        ("w2s_error", STRONG, "o", "weakly supervised strong"),
        ("ceiling_error", CEILING, None, "strong on true labels (ceiling)"),
    ):
        grouped = sized.groupby("hidden")[name]
        mean, spread = grouped.mean(), grouped.std(ddof=1).fillna(0.0)
        axes.plot(
            mean.index,
            mean,
            color=colour,
            marker=marker,
            markersize=4.5,
            linestyle="--" if marker is None else "-",
            label=label,
        )
        axes.fill_between(
            mean.index, mean - spread, mean + spread, color=colour, alpha=0.13, linewidth=0
        )
    _hidden_axis(axes, sorted(set(sized["hidden"])))
    axes.set_ylim(0, 1.05 * axes.dataLim.y1)
    task = task_of(test)
    axes.set_ylabel(f"{task.error} / {error_unit(task, test['unit'].iloc[0])}")
    axes.set_title(title, loc="left")


def _hidden_axis(axes: Axes, sizes: Sequence[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xlabel("hidden size of the weak encoder")


def learning_curves(axes: Axes, curves: pd.DataFrame, y: str, title: str) -> None:
    """Draw a learning curve for each label.

    Parameters
    ----------
    axes
        Where to draw.
    curves
        Columns label, x and value, the labels in the order of the legend.
    y, title
        The vertical axis's label and the panel's title.
    """
    labels = list(dict.fromkeys(curves["label"]))
    for place, (label, colour) in enumerate(zip(labels, ordered_colours(len(labels)), strict=True)):
        one = curves[curves["label"] == label]
        axes.plot(
            one["x"],
            one["value"],
            color=colour,
            linewidth=1.3,
            marker=MARKERS[place % len(MARKERS)],
            markersize=3.5,
            markevery=max(1, len(one) // 6),
            label=label,
        )
    axes.set_ylabel(y)
    axes.set_title(title, loc="left")
