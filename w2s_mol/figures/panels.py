"""Single panels: each draws one tidy table on one pair of axes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

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

MOST_ROWS = 12
"""Of a picture of a selection; more supervisors share its last row."""


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


@dataclass(frozen=True)
class Slope:
    """How gain goes with misfit over supervisors, and its 95 % interval (NaN where none holds)."""

    estimate: float
    low: float
    high: float


def molecular_gain_misfit(
    axes: Axes, test: pd.DataFrame, title: str, slope: Slope | None = None
) -> None:
    """Draw gain against misfit, a faint point a supervisor and split, a full one their mean.

    Parameters
    ----------
    axes
        Where to draw.
    test
        Rows of a study's results on test molecules, of one dataset.
    title
        Above the panel.
    slope
        Of a line through the mean of all supervisors, if it is to be drawn.
    """
    order = test.drop_duplicates("weak_sha256")
    order = order.sort_values(["hidden", "seed"], kind="stable")
    order = order.assign(label=supervisor_labels(order))
    labels = list(dict.fromkeys(order["label"]))
    colours = ordered_colours(len(labels))
    means = test.groupby("weak_sha256", sort=False)[["misfit", "gain"]].mean()
    for place, label in enumerate(labels):
        of_label = order["weak_sha256"][order["label"] == label]
        points = test[test["weak_sha256"].isin(of_label)]
        colour, marker = colours[place], MARKERS[place % len(MARKERS)]
        axes.scatter(
            points["misfit"], points["gain"], s=10, color=[colour], marker=marker, alpha=0.35,
            linewidth=0, zorder=3,
        )  # fmt: skip
        # Pretraining seeds of one size, in their order.
        joined = means.loc[of_label]
        axes.plot(
            joined["misfit"], joined["gain"], color=colour, marker=marker, markersize=5.5,
            markeredgecolor="white", markeredgewidth=0.4, linewidth=0.9, label=label, zorder=4,
        )  # fmt: skip
    _finish_gain_misfit(axes, test, title, f" / {error_unit(task_of(test), test['unit'].iloc[0])}")
    if slope is not None and math.isfinite(slope.estimate):
        _fitted(axes, means, slope)


def _fitted(axes: Axes, means: pd.DataFrame, slope: Slope) -> None:
    """Draw a line through the mean of all supervisors, and the fan of its interval."""
    x = np.array([means["misfit"].min(), means["misfit"].mean(), means["misfit"].max()])
    beyond, level = x - means["misfit"].mean(), means["gain"].mean()
    limits = axes.get_ylim()
    name = f"slope {slope.estimate:.2f}"
    if math.isfinite(slope.low):
        name += f" [{slope.low:.2f}, {slope.high:.2f}]"
        axes.fill_between(
            x, level + slope.low * beyond, level + slope.high * beyond,
            color=STRONG, alpha=0.13, linewidth=0, zorder=1,
        )  # fmt: skip
    axes.plot(x, level + slope.estimate * beyond, color=STRONG, linewidth=1.4, label=name, zorder=2)
    axes.set_ylim(limits)  # A wide interval must not make the points small.


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


def selection(axes: Axes, study: StudySelection, errors: pd.DataFrame) -> int:
    """Draw the selection table: the bound beside the true error, the pick and the oracle marked.

    Parameters
    ----------
    axes
        Where to draw.
    study
        Its selection.
    errors
        ``weak_error`` and ``ceiling_error`` on test by ``weak_sha256``, drawn as points and a line.

    Returns
    -------
    int
        Supervisors that share the last row, as there are more than twelve; 0 if none do.
    """
    table, marks = study.table, study.marks()
    of_bound, of_error = column_titles(study)
    compared = ["bound_mean", "bound_std", "w2s_error_mean", "w2s_error_std"]
    drawn = table[compared].loc[study.finite.index].reindex(table.index)  # NaN is not drawn
    drawn["weak_error"] = errors["weak_error"].reindex(table["weak_sha256"]).to_numpy()
    shown, folded = _shown(table)
    names = [plain(str(table["weak"][row])) for row in shown]
    names = [
        f"{name} ({marks[row]})" if drawn["w2s_error_mean"].isna()[row] else name
        for name, row in zip(names, shown, strict=True)
    ]
    rest, own = drawn.loc[folded], drawn.loc[shown].reset_index(drop=True)
    places = np.arange(len(shown))
    bound, error = own["bound_mean"], own["w2s_error_mean"]
    axes.hlines(places, np.minimum(bound, error), np.maximum(bound, error), color="#cccccc")
    for column, colour, marker, label in (
        ("bound", WEAK, "s", of_bound.replace(" - ", " $-$ ")),
        ("w2s_error", STRONG, "o", of_error),
    ):
        spread = own[f"{column}_std"]
        axes.errorbar(
            own[f"{column}_mean"], places, xerr=spread if spread.notna().any() else None,
            fmt=marker, color=colour, markersize=5.5, elinewidth=1, capsize=2, label=label,
            zorder=3,
        )  # fmt: skip
    axes.plot(
        own["weak_error"], places, linestyle="none", marker="D", markersize=5, color=WEAK,
        markerfacecolor="white", label=f"{study.task.words('weak_error')} (test)", zorder=2,
    )  # fmt: skip
    ceiling = errors["ceiling_error"].mean()
    if math.isfinite(ceiling):
        axes.axvline(
            ceiling, color=CEILING, linestyle="--", linewidth=1, zorder=1,
            label=f"{study.task.words('ceiling_error')} (test)",
        )  # fmt: skip
    for place, row in enumerate(shown):
        if marks[row] and not math.isnan(error[place]):
            axes.annotate(
                marks[row], (error[place], place), xytext=(0, 8), textcoords="offset points",
                ha="center", fontsize=8, fontweight="bold",
            )  # fmt: skip
    if folded:
        names.append(f"{len(folded)} more, from least to most")
        _ranges(axes, rest, len(shown))
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.8)
    axes.margins(x=0.08)
    axes.set_xlabel(f"{study.task.error} / {error_unit(study.task, study.unit)}")
    axes.grid(axis="y", visible=False)
    axes.set_title(plain(in_short(study.keys)), loc="left")
    return len(folded)


def _shown(table: pd.DataFrame) -> tuple[list[int], list[int]]:
    """Return the rows with a place of their own, and those that share one: never the oracle."""
    rows = list(range(len(table)))
    if len(rows) <= MOST_ROWS:
        return rows, []
    oracle = table["oracle"].tolist().index(True)
    first = rows[: MOST_ROWS - 1]
    if oracle not in first:
        first[-1] = oracle
    return first, [row for row in rows if row not in first]


def _ranges(axes: Axes, rest: pd.DataFrame, place: int) -> None:
    """Draw from where to where several supervisors go, at one place."""
    for column, colour, above in (("bound_mean", WEAK, -0.12), ("w2s_error_mean", STRONG, 0.12)):
        axes.hlines(
            place + above, rest[column].min(), rest[column].max(), color=colour, linewidth=4,
            alpha=0.55,
        )  # fmt: skip


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
