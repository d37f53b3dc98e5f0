import numpy as np
import pandas as pd
import pytest

from w2s_mol.advice.worth import needed, worth

CURVE = pd.Series({50.0: 2.0, 100.0: 1.5, 200.0: 1.0})


@pytest.mark.parametrize(
    ("error", "labels"),
    [(2.5, 50), (2.0, 50), (1.5, 100), (1.25, 100 * 2**0.5), (1.0, 200), (0.9, np.inf)],
)
def test_labels_are_read_off_the_curve_straight_over_their_logarithm(
    error: float, labels: float
) -> None:
    found = needed(CURVE.index.to_numpy(), CURVE.to_numpy(), error)
    assert found == pytest.approx(labels)


def test_a_curve_that_rises_counts_as_level() -> None:
    numbers, curve = np.array([50.0, 100.0, 200.0]), np.array([2.0, 2.5, 1.0])
    assert needed(numbers, curve, 1.9) > 100


def test_worth_is_beside_the_labels_that_there_are() -> None:
    errors, directs = np.array([1.5, 1.0, 0.5]), np.tile(CURVE.to_numpy()[:, None], (1, 3))
    found = worth(50, 1.5, CURVE, errors, directs)
    assert found is not None
    assert (found.labels, found.low, found.high) == pytest.approx((50, 50, np.inf))
    assert found.most == 150


def test_where_no_more_labels_were_tried_nothing_is_said() -> None:
    assert worth(200, 0.5, CURVE, np.ones(2), np.ones((3, 2))) is None
