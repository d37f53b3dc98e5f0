from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb

from w2s_mol.errors import InputError
from w2s_mol.figures.style import (
    CEILING,
    STRONG,
    WEAK,
    Picture,
    house_style,
    new_figure,
    ordered_colours,
    save,
)

FORMATS = ("svg", "pdf", "png")


def brightness(colour: object) -> float:
    red, green, blue = to_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def drawn() -> Picture:
    with house_style():
        figure, [axes] = new_figure()
        axes.plot([0, 1], [1, 3], marker="o", label="a line")
        axes.set_xlabel("misfit / (log10)$^2$")
        axes.legend(loc="best")
        figure.colorbar(axes.imshow([[0, 1]]))
    return Picture("drawn", "A line.", figure, ("0123",))


@pytest.fixture
def picture() -> Picture:
    return drawn()


def test_the_house_style_leaves_matplotlibs_settings_as_they_were() -> None:
    before = dict(mpl.rcParams)
    with house_style():
        assert mpl.rcParams["axes.spines.top"] is False
    assert dict(mpl.rcParams) == before
    with pytest.raises(KeyboardInterrupt), house_style():
        raise KeyboardInterrupt
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("n", [1, 2, 8, 20])
def test_ordered_colours_go_from_dark_to_light_also_in_grey(n: int) -> None:
    found = [brightness(colour[:3]) for colour in ordered_colours(n)]
    assert len(found) == n
    assert all(a < b for a, b in pairwise(found))
    assert max(found) < 0.8  # on white


def test_weak_strong_and_ceiling_are_told_apart() -> None:
    assert len({WEAK, STRONG, CEILING}) == 3
    assert all(brightness(colour) < 0.5 for colour in (WEAK, STRONG, CEILING))


def test_axes_are_given_row_by_row() -> None:
    figure, axes = new_figure(2, 3)
    places = [axis.get_subplotspec().num1 for axis in axes]
    assert places == list(range(6))
    assert axes == figure.axes


@pytest.mark.parametrize("form", FORMATS)
def test_a_drawing_saved_twice_has_the_same_bytes(
    picture: Picture, tmp_path: Path, form: str
) -> None:
    first, second = (save(picture, tmp_path / name, [form]) for name in ("1", "2"))
    assert [path.name for path in first] == [f"drawn.{form}"]
    assert first[0].read_bytes() == second[0].read_bytes()


def test_a_files_bytes_do_not_depend_on_the_other_formats(picture: Picture, tmp_path: Path) -> None:
    together = save(picture, tmp_path / "together", FORMATS)
    for path in together:
        [alone] = save(picture, tmp_path / "alone", [path.suffix[1:]])
        assert alone.read_bytes() == path.read_bytes()


def test_files_are_what_their_names_say(picture: Picture, tmp_path: Path) -> None:
    svg, pdf, png = (path.read_bytes() for path in save(picture, tmp_path, FORMATS))
    assert svg.startswith(b"<?xml")
    assert b"<svg" in svg[:600]
    assert pdf.startswith(b"%PDF-")
    assert png.startswith(b"\x89PNG")
    assert b"CreationDate" not in pdf
    assert b"dc:date" not in svg


def test_saving_leaves_matplotlibs_settings_as_they_were(picture: Picture, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save(picture, tmp_path, FORMATS)
    assert dict(mpl.rcParams) == before


def test_the_settings_of_the_user_do_not_change_the_bytes(picture: Picture, tmp_path: Path) -> None:
    [plain] = save(picture, tmp_path / "plain", ["svg"])
    with mpl.rc_context({"svg.hashsalt": "mine", "svg.fonttype": "none", "font.size": 20}):
        [other] = save(picture, tmp_path / "other", ["svg"])
    assert other.read_bytes() == plain.read_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("figure.autolayout", True),
        ("figure.constrained_layout.use", True),
        ("text.usetex", True),
        ("savefig.bbox", "tight"),
        ("savefig.facecolor", "red"),
        ("path.sketch", (1, 100, 2)),
        ("axes.unicode_minus", False),
        ("axes.xmargin", 0.4),
    ],
)
def test_nor_do_they_where_it_is_drawn(
    picture: Picture, tmp_path: Path, name: str, value: object
) -> None:
    [plain] = save(picture, tmp_path / "plain", ["svg"])
    with mpl.rc_context({name: value}):
        [other] = save(drawn(), tmp_path / "other", ["svg"])
    assert other.read_bytes() == plain.read_bytes()


def test_a_folder_that_cannot_be_is_refused_and_nothing_is_left(
    picture: Picture, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("mine")
    with pytest.raises(InputError, match=r"a-file/drawn\.svg"):
        save(picture, tmp_path / "a-file", ["svg"])
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]
