from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from w2s_mol.statistics.resampling import interval, resampled, row_weights, two_sided_p

seeds = st.integers(0, 2**16)
differences = arrays(float, st.integers(1, 60), elements=st.sampled_from([-2.0, -1.0, 0.0, 1.0]))


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


@st.composite
def partitions(draw: st.DrawFn) -> list[list[int]]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    positions = draw(st.permutations(range(sum(sizes))))
    ends = np.cumsum([0, *sizes])
    return [list(positions[a:b]) for a, b in pairwise(ends)]


@given(partitions(), seeds)
def test_positions_are_drawn_within_their_groups(groups: list[list[int]], seed: int) -> None:
    n = sum(map(len, groups))
    drawn = resampled(np.tile(np.arange(n), (9, 1)), groups, 1, seed)
    assert drawn.shape == (9, n)
    group_of = {position: g for g, group in enumerate(groups) for position in group}
    sizes = sorted(len(group) for group in groups for _ in group)
    for replicate in drawn:
        found = [group_of[position] for position in replicate]
        assert sorted(found.count(g) for g in found) == sizes


def test_positions_are_drawn_anew_for_each_replicate_and_alike_on_other_axes() -> None:
    values = np.tile(np.arange(5), (50, 1))[:, :, None] * np.array([1, 10])
    drawn = resampled(values, [list(range(5))], 1, 0)
    np.testing.assert_array_equal(drawn[:, :, 1], 10 * drawn[:, :, 0])
    assert len(np.unique(drawn[:, :, 0], axis=0)) > 40


def test_the_same_seed_draws_the_same_positions_of_other_values() -> None:
    values = np.random.default_rng(0).normal(size=(30, 2, 6))
    groups = [[0, 2, 4], [1, 3, 5]]
    one, two = (resampled(v, groups, 2, 3) for v in (values, -2 * values))
    np.testing.assert_array_equal(two, -2 * one)


def test_what_is_alone_in_its_group_stays() -> None:
    values = np.random.default_rng(0).normal(size=(7, 4))
    np.testing.assert_array_equal(resampled(values, [[0], [1], [2], [3]], 1, 0), values)


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


@given(differences)
def test_a_p_value_is_never_zero_and_at_most_one(found: np.ndarray) -> None:
    assert 0 < two_sided_p(found) <= 1


@given(differences)
def test_a_p_value_is_the_same_for_the_opposite_difference(found: np.ndarray) -> None:
    assert two_sided_p(found) == two_sided_p(-found)


@pytest.mark.parametrize(
    ("found", "p"),
    [
        (np.full(99, 0.5), 2 / 100),
        (np.zeros(99), 1.0),
        (np.repeat([-1.0, 1.0], [9, 90]), 2 * 10 / 100),
        (np.repeat([0.0, 1.0], [9, 90]), 2 * 10 / 100),
        (np.repeat([-1.0, 1.0], 50), 1.0),
    ],
)
def test_a_p_value_is_twice_the_smaller_side_with_one_replicate_added(
    found: np.ndarray, p: float
) -> None:
    assert two_sided_p(found) == pytest.approx(p)
