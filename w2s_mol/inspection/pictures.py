"""Pictures of one supervisor's molecules: predicted against true, and its calibration curve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from w2s_mol.advice.errors import words
from w2s_mol.figures import style
from w2s_mol.figures.style import Picture, house_style, new_figure, plain, settle
from w2s_mol.inspection.chosen import Chosen
from w2s_mol.inspection.groups import by_quantile
from w2s_mol.uses.registry import DIRECT, STUDENT, WEAK

_COLOURS = {WEAK: style.WEAK, STUDENT.name: style.STRONG, DIRECT: style.CEILING}
_DECILES = 10


def predicted_against_true(chosen: Chosen, molecules: pd.DataFrame) -> Picture:
    """Draw predictions against labels: supervisor, student, the use that is looked at, direct."""
    uses = list(dict.fromkeys((WEAK, STUDENT.name, chosen.use, DIRECT)))
    shown = molecules[["truth", *uses]].to_numpy(float)
    finite = shown[np.isfinite(shown)]
    ends = [float(finite.min()), float(finite.max())]
    with house_style():
        figure, axes = new_figure(1, len(uses), (3.2 * len(uses), 3.4))
        for place, use in enumerate(uses):
            axes[place].plot(ends, ends, color=style.INK, linewidth=1, zorder=2)
            axes[place].scatter(
                molecules["truth"],
                molecules[use],
                s=10,
                color=_COLOURS.get(use, style.SEEDS[2]),
                alpha=0.6,
                linewidth=0,
                zorder=3,
            )
            axes[place].set_title(plain(words(use)), loc="left")
            axes[place].set_xlabel(f"label{_unit(chosen)}")
        axes[0].set_ylabel(f"prediction{_unit(chosen)}")
        for panel in axes:
            panel.set(xlim=_wider(ends), ylim=_wider(ends))
        settle(figure)
    return _picture(
        "predicted",
        chosen,
        f"Predictions of the test molecules against their labels, supervisor {chosen.weak}: a "
        "point a molecule, its mean over the splits that test it; on the line they are equal.",
        figure,
    )


def calibration(chosen: Chosen, molecules: pd.DataFrame) -> Picture:
    """Draw the mean label of each tenth of the molecules by weak label."""
    curve = calibration_curve(molecules)
    ends = [float(curve.min().min()), float(curve.max().max())]
    with house_style():
        figure, [axes] = new_figure()
        axes.plot(ends, ends, color=style.INK, linewidth=1, zorder=2, label="label = weak label")
        axes.plot(
            curve["weak"], curve["truth"], color=style.WEAK, marker="s", markersize=5,
            label="a tenth of the molecules", zorder=3,
        )  # fmt: skip
        axes.set_xlabel(f"mean weak label{_unit(chosen)}")
        axes.set_ylabel(f"mean label{_unit(chosen)}")
        axes.set_title(plain(chosen.weak), loc="left")
        axes.legend(loc="best")
        settle(figure)
    return _picture(
        "calibration",
        chosen,
        f"Calibration of the supervisor {chosen.weak} on test: mean label of each tenth of the "
        "molecules, by weak label. On the line its labels are right on average; a flatter curve "
        "says that they spread too far, a level one that they know nothing.",
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
    keys: dict[str, Any] = chosen.errors.keys
    return Picture(name, caption, figure, (chosen.study,), str(keys["dataset"]))
