from pathlib import Path

import numpy as np
import pytest

from w2s_mol.diagnostics.penalties import PenaltyMap
from w2s_mol.figures.penalties import penalty_picture
from w2s_mol.figures.style import Picture, save
from w2s_mol.tasks.registry import REGRESSION


@pytest.fixture
def picture() -> Picture:
    errors = np.array([[4.0, np.nan, 9.0], [2.0, 1.0, 3.0]])
    square = np.vstack([errors, [[5.0, 6.0, 7.0]]])
    found = PenaltyMap(np.array([0.01, 1.0, 100.0]), square, (0, 2))
    return penalty_picture(found, "map", "weak to $trong", REGRESSION, "log10")


def test_the_chosen_pair_and_the_oracle_are_marked_where_they_are(picture: Picture) -> None:
    axes = picture.figure.axes[0]
    marks = {line.get_label(): (*line.get_xdata(), *line.get_ydata()) for line in axes.lines}
    assert marks == {"chosen: 9": (100.0, 0.01), "oracle: 1": (1.0, 1.0)}
    [legend] = picture.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["chosen: 9", "oracle: 1"]


def test_axes_say_what_they_are_and_in_which_unit(picture: Picture) -> None:
    axes, bar = picture.figure.axes
    assert axes.get_xlabel() == "ridge penalty of the weak head"
    assert axes.get_ylabel() == "ridge penalty of the strong head"
    assert axes.get_title(loc="left") == r"weak to \$trong"
    assert bar.get_ylabel() == "true error of the student on test / (log10)$^2$"
    ticks = [text.get_text() for text in bar.get_yticklabels()]
    assert (ticks[0], ticks[-1]) == ("1", "9")
    assert len(ticks) == 6


def test_saved_twice_it_has_the_same_bytes(picture: Picture, tmp_path: Path) -> None:
    first, second = (save(picture, tmp_path / name, ["png"]) for name in ("1", "2"))
    assert first[0].read_bytes() == second[0].read_bytes()
