"""Errors of every use of a supervisor, and how well rules rank, against the number of labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from w2s_mol.advice.errors import SOURCE_USES, UseErrors, words
from w2s_mol.advice.report import by_budget, of_newer
from w2s_mol.figures.panels import error_unit
from w2s_mol.figures.style import INK, STRONG, Picture, new_figure, plain, slug_of
from w2s_mol.figures.style import WEAK as WEAK_COLOUR
from w2s_mol.runs import FinishedRun
from w2s_mol.uses.registry import DIRECT, STUDENT, WEAK

BUDGETS = "errors-by-labels"
_DRAWN = {
    WEAK: (WEAK_COLOUR, "o"),
    STUDENT.name: (STRONG, "s"),
    DIRECT: (INK, "D"),
}
_OTHERS = (("#009e73", "^"), ("#cc79a7", "v"), ("#e69f00", "P"), ("#56b4e9", "X"))


def budget_pictures(runs: Sequence[FinishedRun]) -> Iterator[Picture]:
    """Draw each dataset and student that several numbers of true labels were tried for."""
    newer = of_newer(runs)
    for group, ranking in by_budget(newer, fewest=2) if newer else ():
        yield _picture(group, ranking)


def _picture(group: Sequence[UseErrors], ranking: pd.DataFrame) -> Picture:
    first = group[0].keys
    figure, [errors, ranks] = new_figure(1, 2, (9.6, 3.6))
    _errors(errors, group)
    _ranks(ranks, group, ranking)
    handles, names = errors.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=6)
    studies = {study for one in group for study in one.study_of.values()}
    slug = slug_of(f"{first['dataset']}-{first['strong']}")
    return Picture(
        f"{BUDGETS}-{slug}",
        f"{first['strong']} on {first['dataset']} against the number of true labels: errors on "
        "test of every use of a supervisor, means over supervisors and draws, and how well the "
        "paper's rule and the smallest weak error, seen on validation, rank supervisors by their "
        "student's error on test.",
        figure,
        tuple(sorted(studies)),
    )


def _errors(axes: Axes, group: Sequence[UseErrors]) -> None:
    labels = [one.n_labels for one in group]
    others = cycle(_OTHERS)
    for use in (*SOURCE_USES, DIRECT):
        colour, marker = _DRAWN.get(use) or next(others)
        values = [float(one.test[use].mean()) for one in group]
        axes.plot(labels, values, color=colour, marker=marker, label=plain(words(use)))
    unit = error_unit(group[0].task, group[0].unit)
    axes.set_ylabel(f"error on test / {unit}")
    axes.set_title(plain(str(group[0].keys["dataset"])), loc="left")
    _labels_axis(axes, labels)


def _ranks(axes: Axes, group: Sequence[UseErrors], ranking: pd.DataFrame) -> None:
    labels = [one.n_labels for one in group]
    drawn = {
        "rule": ("bound", "", STRONG, "s", "-"),
        "rule_unlabelled": ("bound", " on unlabelled molecules", STRONG, "^", ":"),
        "weak_error": ("weak_error", "", WEAK_COLOUR, "o", "--"),
    }
    for column, (term, where, colour, marker, line) in drawn.items():
        if column == "rule_unlabelled" and ranking[column].isna().all():
            continue
        name = f"smallest {group[0].task.words(term)}{where}"
        axes.plot(
            labels, ranking[column], color=colour, marker=marker, linestyle=line, label=plain(name)
        )
    axes.set_ylabel("Spearman's rank correlation")
    axes.set_title("how the selectors rank", loc="left")
    axes.legend(loc="best")
    _labels_axis(axes, labels)


def _labels_axis(axes: Axes, labels: Sequence[float]) -> None:
    axes.set(xscale="log", xlabel="true labels")
    axes.xaxis.set_major_locator(FixedLocator(list(labels)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
