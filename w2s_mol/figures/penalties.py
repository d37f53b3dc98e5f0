"""The heat map of a student's error over both heads' penalties."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LogNorm

from w2s_mol.diagnostics.penalties import PenaltyMap
from w2s_mol.figures.panels import error_unit
from w2s_mol.figures.style import INK, Picture, house_style, new_figure, plain
from w2s_mol.tasks.contract import Task

_SIZE = (4.9, 4.3)
_TICKS = 6
"""Of the bar of colours."""
_COLOURS = "viridis_r"
"""Dark is a large error: what is good stands out in print too."""


def penalty_picture(found: PenaltyMap, name: str, title: str, task: Task, unit: str) -> Picture:
    """Draw the map, the chosen pair and the oracle marked.

    Parameters
    ----------
    found
        What to draw.
    name
        Of the file.
    title
        What it is of.
    task, unit
        Of the labels.
    """
    errors = np.ma.masked_invalid(found.errors)
    with house_style():
        figure, [axes] = new_figure(size=_SIZE)
        drawn = axes.pcolormesh(
            found.penalties,
            found.penalties,
            errors,
            norm=LogNorm(),
            cmap=mpl.colormaps[_COLOURS],
            shading="nearest",
            rasterized=True,
        )
        for place, marker, label in ((found.chosen, "o", "chosen"), (found.oracle, "*", "oracle")):
            weak, strong, error = found.at(place)
            axes.plot(
                weak,
                strong,
                marker=marker,
                linestyle="none",
                markersize=8 if marker == "o" else 13,
                markerfacecolor="none" if marker == "o" else "white",
                markeredgecolor=INK,
                markeredgewidth=1.4 if marker == "o" else 0.8,
                label=f"{label}: {error:.4g}",
                clip_on=False,
                zorder=3,
            )
        axes.set(xscale="log", yscale="log")
        axes.set_xlabel("ridge penalty of the weak head")
        axes.set_ylabel("ridge penalty of the strong head")
        axes.grid(visible=False)
        axes.set_title(plain(title), loc="left")
        bar = figure.colorbar(drawn, ax=axes)
        bar.set_label(
            f"{task.words('w2s_error')} of the student on test / {error_unit(task, unit)}"
        )
        # Of a decade or less, decades alone would say nothing.
        ticks = np.geomspace(errors.min(), errors.max(), _TICKS).tolist()
        bar.set_ticks(ticks, labels=[f"{tick:.3g}" for tick in ticks])
        bar.ax.minorticks_off()
        figure.legend(loc="outside lower center", ncols=2)
    return Picture(
        name,
        f"Error of the student on test at every pair of ridge penalties, {title}. Chosen: the weak "
        "penalty by true labels of validation molecules, the strong one by weak labels of these, "
        "as a study does. Oracle: the least error on test.",
        figure,
        (),
    )
