"""Pictures of one supervisor's molecules: predicted against true, and its calibration curve.

Of classes these are the probabilities that each class is given, and the reliability curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from w2s_mol.advice.errors import words as use_words
from w2s_mol.datasets.classes import NUMBERED
from w2s_mol.figures import style
from w2s_mol.figures.style import INK, Picture, house_style, new_figure, plain
from w2s_mol.inspection.chosen import Chosen
from w2s_mol.inspection.groups import by_quantile
from w2s_mol.study.class_words import spoken
from w2s_mol.uses.registry import DIRECT, STUDENT, WEAK

_COLOURS = {WEAK: style.WEAK, STUDENT.name: style.STRONG, DIRECT: style.CEILING}
_DECILES = 10
_MOST_DRAWN = 200
"""Molecules that are drawn as points of their own: more of them would make a page of megabytes."""
_OF_CLASSES = ((style.SEEDS[0], "--"), (style.SEEDS[1], "-"))
"""Colour and line of the classes 0 and 1."""
_BINS = [tenth / 10 for tenth in range(11)]


def predicted_against_true(chosen: Chosen, molecules: pd.DataFrame) -> Picture:
    """Draw predictions against labels: supervisor, student, the use that is looked at, direct."""
    uses = list(dict.fromkeys((WEAK, STUDENT.name, chosen.use, DIRECT)))
    draw = _against_labels if chosen.classes is None else _of_each_class
    return draw(chosen, molecules, uses)


def _of_each_class(chosen: Chosen, molecules: pd.DataFrame, uses: Sequence[str]) -> Picture:
    words = chosen.classes or NUMBERED.words
    one = spoken(words, 1)
    with house_style():
        figure, axes = new_figure(1, len(uses), (3.2 * len(uses), 3.6))
        for place, use in enumerate(uses):
            for label, (colour, line) in enumerate(_OF_CLASSES):
                of_class = molecules[use][molecules["truth"] == label].dropna()
                axes[place].hist(
                    of_class,
                    _BINS,
                    weights=np.full(len(of_class), 1 / max(1, len(of_class))),
                    histtype="step",
                    color=colour,
                    linestyle=line,
                    linewidth=1.6,
                    label=plain(f"{spoken(words, label)}, {len(of_class):,} molecules"),
                    zorder=3,
                )
            axes[place].axvline(0.5, color=style.SOFT, linewidth=0.8, linestyle=":")
            axes[place].set_title(plain(use_words(use)), loc="left")
            axes[place].set_xlabel(f"predicted probability of {plain(one)}")
        axes[0].set_ylabel("share of the class")
        highest = max(panel.get_ylim()[1] for panel in axes)
        for panel in axes:
            panel.set(xlim=(-0.02, 1.02), ylim=(0, highest))
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=2)
    return _picture(
        "predicted",
        chosen,
        f"The probability of {one} that test molecules of each class are given, supervisor "
        f"{chosen.weak}: the share of the class in each tenth of the probability, means over the "
        "splits that test a molecule. The further apart the two lines, the better the classes are "
        "told apart; at the dotted line both are as likely.",
        figure,
    )


def _against_labels(chosen: Chosen, molecules: pd.DataFrame, uses: Sequence[str]) -> Picture:
    shown = molecules[["truth", *uses]].to_numpy(float)
    finite = shown[np.isfinite(shown)]
    ends = [float(finite.min()), float(finite.max())]
    with house_style():
        figure, axes = new_figure(1, len(uses), (3.2 * len(uses), 3.4))
        for place, use in enumerate(uses):
            axes[place].plot(ends, ends, color=INK, linewidth=1, zorder=2)
            axes[place].scatter(
                molecules["truth"],
                molecules[use],
                s=10,
                color=_COLOURS.get(use, style.SEEDS[2]),
                alpha=0.6,
                linewidth=0,
                zorder=3,
                rasterized=len(molecules) > _MOST_DRAWN,
            )
            axes[place].set_title(plain(use_words(use)), loc="left")
            axes[place].set_xlabel(f"label{_unit(chosen)}")
        axes[0].set_ylabel(f"prediction{_unit(chosen)}")
        for panel in axes:
            panel.set(xlim=_wider(ends), ylim=_wider(ends))
    return _picture(
        "predicted",
        chosen,
        f"Predictions of the test molecules against their labels, supervisor {chosen.weak}: a "
        "point a molecule, its mean over the splits that test it; on the line they are equal.",
        figure,
    )


@dataclass(frozen=True)
class _Calibrated:
    """What the calibration curve of some kind of labels is called."""

    line: str
    x: str
    y: str
    caption: str


def _calibrated(chosen: Chosen) -> _Calibrated:
    if chosen.classes is None:
        return _Calibrated(
            "label = weak label",
            f"mean weak label{_unit(chosen)}",
            f"mean label{_unit(chosen)}",
            "mean label of each tenth of the molecules, by weak label. On the line its labels are "
            "right on average; a flatter curve says that they spread too far, a level one that "
            "they know nothing.",
        )
    one = spoken(chosen.classes, 1)
    return _Calibrated(
        "share = probability",
        f"mean weak probability of {plain(one)}",
        f"share of {plain(one)}",
        f"share of {one} in each tenth of the molecules, by the probability that it gives. On the "
        "line its probabilities are right; a flatter curve says that it is too sure of them, a "
        "level one that they know nothing.",
    )


def calibration(chosen: Chosen, molecules: pd.DataFrame) -> Picture:
    """Draw the mean label of each tenth of the molecules by weak label."""
    curve, called = calibration_curve(molecules), _calibrated(chosen)
    ends = (
        [float(curve.min().min()), float(curve.max().max())] if chosen.classes is None else [0, 1]
    )
    with house_style():
        figure, [axes] = new_figure()
        axes.plot(ends, ends, color=INK, linewidth=1, zorder=2, label=called.line)
        axes.plot(
            curve["weak"], curve["truth"], color=style.WEAK, marker="s", markersize=5,
            label="a tenth of the molecules", zorder=3,
        )  # fmt: skip
        axes.set_xlabel(called.x)
        axes.set_ylabel(called.y)
        axes.set_title(plain(chosen.weak), loc="left")
        axes.legend(loc="best")
    return _picture(
        "calibration",
        chosen,
        f"Calibration of the supervisor {chosen.weak} on test: {called.caption}",
        figure,
    )


def calibration_curve(molecules: pd.DataFrame) -> pd.DataFrame:
    """Return the mean weak label and mean truth of each tenth of the molecules by weak label."""
    weak = molecules[WEAK].to_numpy(float)
    tenths = by_quantile(weak, decimals=12, parts=_DECILES)
    means = [molecules.iloc[places][[WEAK, "truth"]].mean() for places in tenths.values()]
    return pd.DataFrame(means).reset_index(drop=True)


def _unit(chosen: Chosen) -> str:
    unit = chosen.errors.unit.strip()
    return f" / {plain(unit)}" if unit else ""


def _wider(ends: list[float]) -> tuple[float, float]:
    room = 0.04 * (ends[1] - ends[0]) or 1.0
    return ends[0] - room, ends[1] + room


def _picture(name: str, chosen: Chosen, caption: str, figure: Figure) -> Picture:
    return Picture(name, caption, figure, (chosen.study,))
