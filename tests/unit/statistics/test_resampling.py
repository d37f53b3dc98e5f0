import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s_mol.statistics.resampling import interval, row_weights

seeds = st.integers(0, 2**16)


@given(st.integers(1, 40), st.integers(1, 20), seeds)
def test_a_replicate_holds_as_many_rows_as_there_are(n: int, replicates: int, seed: int) -> None:
    weights = row_weights(n, replicates, seed)
    assert weights.shape == (replicates, n)
    assert (weights.sum(axis=1) == n).all()
    assert (weights == np.round(weights)).all()
    assert (weights >= 0).all()


def test_replicates_are_those_of_the_seed() -> None:
    first, again, other = (row_weights(30, 20, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).all()
    assert len(np.unique(first, axis=0)) == 20


def test_every_row_occurs_as_often_as_drawing_with_replacement_has_it() -> None:
    """A multinomial's counts: mean 1, variance 1 - 1/n."""
    weights = row_weights(10, 20_000, 0)
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.04)
    np.testing.assert_allclose(weights.var(axis=0), 0.9, atol=0.05)


def test_an_interval_holds_the_middle_95_percent() -> None:
    low, high = interval(np.random.default_rng(0).permutation(np.arange(1001.0)))
    assert (low, high) == pytest.approx((25.0, 975.0))


@pytest.mark.parametrize(("undefined", "is_defined"), [(0, True), (50, True), (51, False)])
def test_a_few_undefined_replicates_are_left_out_of_an_interval_many_undo_it(
    undefined: int, is_defined: bool
) -> None:
    replicates = np.concatenate([np.full(undefined, np.nan), np.full(1000 - undefined, 7.0)])
    low, high = interval(replicates)
    assert (low, high) == (7.0, 7.0) if is_defined else (np.isnan(low) and np.isnan(high))


def test_the_interval_of_a_mean_is_the_analytic_one() -> None:
    data = np.random.default_rng(0).normal(3.0, 2.0, size=400)
    low, high = interval(row_weights(400, 4000, 0) @ data / 400)
    half = 1.96 * data.std() / 20
    assert low == pytest.approx(data.mean() - half, abs=0.05 * half)
    assert high == pytest.approx(data.mean() + half, abs=0.05 * half)


def test_intervals_of_a_mean_hold_the_truth_95_times_in_100() -> None:
    data = np.random.default_rng(0).normal(size=(50, 600))
    means = row_weights(50, 1000, 0) @ data / 50
    held = [low <= 0 <= high for low, high in map(interval, means.T)]
    assert 0.91 <= np.mean(held) <= 0.98
