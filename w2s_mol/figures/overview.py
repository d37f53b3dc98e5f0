"""All datasets and students on one picture: the share of the weak error that is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2s_mol.figures.style import (
    CEILING,
    SOFT,
    STRONG,
    Picture,
    house_style,
    new_figure,
    plain,
)

OVERVIEW = "overview"


@dataclass(frozen=True)
class Overviewed:
    """One study in shares of its mean weak error.

    Attributes
    ----------
    name
        Of it.
    gain, low, high
        The mean gain and its 95 % interval (NaN where none holds).
    ceiling
        What the strong encoder saves on true labels.
    study
        The id of its run.
    """

    name: str
    gain: float
    low: float
    high: float
    ceiling: float
    study: str


def overview_picture(studies: Sequence[Overviewed]) -> Picture:
    """Draw a row for each study, in their order."""
    places = np.arange(len(studies))
    gain, low, high, ceiling = (
        100 * np.array([getattr(one, name) for one in studies], dtype=float)
        for name in ("gain", "low", "high", "ceiling")
    )
    with house_style():
        figure, [axes] = new_figure(size=(9.6, 0.3 * len(studies) + 1.5))
        axes.axvline(0, color=SOFT, linewidth=1)
        axes.hlines(places, low, high, color=STRONG, linewidth=2, zorder=2)
        axes.plot(gain, places, "o", color=STRONG, markersize=6, label="student", zorder=3)
        axes.plot(
            ceiling, places, "|", color=CEILING, markersize=12, markeredgewidth=2,
            label="ceiling: the strong encoder on true labels", zorder=3,
        )  # fmt: skip
        axes.set_yticks(places, [plain(one.name) for one in studies])
        axes.set_ylim(len(studies) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("% of the mean weak error that is saved")
        figure.legend(loc="outside upper left", ncols=2)
    return Picture(
        OVERVIEW,
        "All datasets and students: the mean gain over supervisors as a share of their mean weak "
        "error, with its 95 % interval over molecules where one holds, and what the ceiling saves. "
        "Where the ceiling lies left of zero there is nothing for a student to recover.",
        figure,
        tuple(dict.fromkeys(one.study for one in studies)),
    )
