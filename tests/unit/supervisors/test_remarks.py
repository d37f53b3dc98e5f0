import numpy as np
import pytest

from w2s_mol.datasets.examples import Examples
from w2s_mol.errors import InputError
from w2s_mol.supervisors.numbers import Column, Property, Raw

TRUTH = np.array([1.0, 2.0, 3.0, 4.0, np.nan])


def remarks(column: list[float], kind: type[Column] = Column) -> list[str]:
    examples = Examples(["C"] * len(column), {"x": np.array(column)})
    return list(kind("x").remarks(examples, TRUTH))


def test_direction_and_correlation_are_told() -> None:
    [rising] = remarks([1.0, 2.0, 3.0, 5.0, 0.0])
    assert rising == (
        "column:x: it rises with the label, correlation +0.983 with it on 4 labelled "
        "train molecules of the first split"
    )
    [falling] = remarks([1.0, 0.0, 0.0, -1.0, 7.0])
    assert falling.startswith("column:x: it falls as the label rises, correlation -0.949 with it")
    assert "wrong way" not in falling


def test_a_raw_one_that_falls_points_the_wrong_way() -> None:
    [falling] = remarks([1.0, 0.0, 0.0, -1.0, 7.0], Raw)
    assert falling.startswith("raw:x: it falls as the label rises, correlation -0.949 with it on 4")
    assert falling.endswith("; as it stands it points the wrong way, column: turns it")
    assert "wrong way" not in remarks([1.0, 2.0, 3.0, 5.0, 0.0], Raw)[0]


@pytest.mark.parametrize(("factor", "said"), [(1.8, "+1"), (-3.0, "-1")])
def test_the_label_itself_is_told(factor: float, said: str) -> None:
    column = [32 + factor * t for t in TRUTH[:4]]
    [found] = remarks([*column, 0.5])
    assert found.startswith(f"column:x: it is the label itself, correlation {said} with it")
    [close] = remarks([*column[:3], column[3] + 1e-3, 0.5])
    assert "label itself" not in close


def test_missing_cells_are_counted() -> None:
    _, some = remarks([1.0, 2.0, 4.0, np.nan, 3.0])
    assert some == (
        "column:x: missing on some molecules, 1 of 5 (20.0%); it says nothing of them, and its "
        "errors are of the others alone"
    )
    few, most = remarks([1.0, 2.0, np.nan, np.nan, np.nan])
    assert most.startswith("column:x: missing on most molecules, 3 of 5 (60.0%)")
    assert few == (
        "column:x: too little to correlate it with the label, 2 labelled train molecules of "
        "the first split"
    )


@pytest.mark.parametrize("kind", [Column, Raw])
def test_a_constant_or_empty_one_is_refused(kind: type[Column]) -> None:
    with pytest.raises(InputError, match="is constant: 2 for all 4 molecules that have a number"):
        remarks([2.0, 2.0, np.nan, 2.0, 2.0], kind)
    with pytest.raises(InputError, match="no number for any of 5 molecules"):
        remarks([np.nan] * 5, kind)


def test_of_a_property_too() -> None:
    with pytest.raises(InputError, match="property:RingCount is constant: 0 for all 5"):
        Property("RingCount").remarks(Examples(["C", "CC", "CCC", "CO", "N"]), TRUTH)
