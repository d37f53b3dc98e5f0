"""How every picture looks: colours that all eyes tell apart, also in grey; one page size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_mol import files

FORMATS = ("svg", "pdf", "png")

INK, SOFT = "#222222", "#8a8a8a"
WEAK, STRONG, CEILING = "#b5651d", "#1f5fa8", "#4d4d4d"
"""Of the weak model, the weakly supervised strong model and its ceiling."""

MARKERS = "osD^vh<>Xp*P"
SEEDS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Of the seeds of synthetic experiments: Okabe and Ito's colours, unlike those of hidden sizes."""

PANEL = (4.4, 3.7)
"""Inches of a picture of one panel."""

_RC: dict[Any, Any] = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.dpi": 100,
    "svg.fonttype": "path",
    "svg.hashsalt": "w2s-mol",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Picture:
    """A figure, and what it says to who reads or cannot see it.

    Attributes
    ----------
    name
        Of its files.
    caption
        What it shows and how to read it.
    figure
        The drawing.
    runs
        Ids of the runs it was drawn from.
    study
        The key of the study that it is about, if one alone.
    """

    name: str
    caption: str
    figure: Figure
    runs: tuple[str, ...]
    study: tuple[str, ...] = ()


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in this package's style, leaving matplotlib's own settings as they were."""
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever a user's matplotlibrc says
        mpl.rcParams.update(_RC)
        yield


def ordered_colours(n: int) -> list[tuple[float, ...]]:
    """Return ``n`` colours from dark to light, in order also for colour-blind eyes (viridis)."""
    colours = mpl.colormaps["viridis"]
    return [tuple(colours(0.87 * place / max(1, n - 1))) for place in range(n)]


def plain(text: str) -> str:
    """Return text that matplotlib draws as it stands: a dollar sign would begin a formula."""
    return text.replace("$", r"\$")


def slug_of(text: str) -> str:
    """Return a text as it may be in the name of a picture's file.

    Examples
    --------
    >>> slug_of("one's own.csv, ecfp")
    'one_s_own.csv_ecfp'
    """
    return re.sub(r"[^\w.+-]+", "_", text)


def new_figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = PANEL
) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure and its axes, row by row."""
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, list(grid.flat)


def write(figure: Figure, to: Path | IO[bytes], form: str) -> None:
    """Write a figure; the same drawing gives the same bytes, however often and in what forms."""
    # No dates: they would make every file another.
    metadata: Any = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[form]
    with house_style():
        _settle(figure)
        figure.savefig(to, format=form, dpi=200, metadata=metadata)


def _settle(figure: Figure) -> None:
    """Lay a figure out for good: the layout engine would move things at every drawing."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine(None)  # called "none" it is one still, and all is drawn twice for it


def save(picture: Picture, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write a picture's files.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    written = []
    for form in formats:
        path = folder / f"{picture.name}.{form}"
        with files.atomic_path(path) as temporary:
            write(picture.figure, temporary, form)
        written.append(path)
    return written
