import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from w2s_mol.statistics.intervals import (
    UNKNOWN,
    holm,
    of_draws,
    of_influences,
    of_repetitions,
    two_sided_p,
)

differences = arrays(float, st.integers(1, 60), elements=st.sampled_from([-2.0, -1.0, 0.0, 1.0]))
p_values = st.lists(st.floats(0, 1), max_size=12)


def influences_of(data: np.ndarray) -> np.ndarray:
    n = len(data)
    return (data - data.mean()) / np.sqrt(n * (n - 1))


@pytest.mark.parametrize("n", [2, 5, 300])
def test_of_influences_of_a_mean_it_is_students_interval(n: int) -> None:
    data = np.random.default_rng(n).normal(0.3, 2.0, size=n)
    found = of_influences(data.mean(), influences_of(data))
    expected = stats.ttest_1samp(data, 0.0)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.se == pytest.approx(stats.sem(data))
    assert found.estimate == data.mean()


def test_a_constant_is_its_own_interval() -> None:
    found = of_influences(3.0, np.zeros(10))
    assert (found.low, found.high, found.p, found.se) == (3.0, 3.0, 0.0, 0.0)
    assert of_influences(0.0, np.zeros(10)).p == 1.0


@pytest.mark.parametrize(
    ("estimate", "influences"),
    [(1.0, np.array([0.0])), (1.0, np.array([np.nan, 1.0])), (np.nan, np.ones(4))],
    ids=["one molecule", "not finite", "no estimate"],
)
def test_where_nothing_is_known_of_the_noise_nothing_is_claimed(
    estimate: float, influences: np.ndarray
) -> None:
    found = of_influences(estimate, influences)
    assert found.estimate == pytest.approx(estimate, nan_ok=True)
    assert np.isnan([found.low, found.high, found.p, found.se]).all()


def test_an_interval_without_its_claim_is_the_estimate() -> None:
    found = of_influences(1.0, np.ones(4)).without()
    assert found.estimate == 1.0
    assert np.isnan([found.low, found.high, found.p, found.se]).all()


def test_draws_have_their_median_and_middle_95_percent() -> None:
    found = of_draws(np.random.default_rng(0).permutation(np.arange(1001.0)))
    assert (found.low, found.estimate, found.high) == pytest.approx((25.0, 500.0, 975.0))


def test_the_standard_error_of_normal_draws_is_their_spread() -> None:
    draws = np.random.default_rng(0).normal(1.0, 3.0, size=100_000)
    assert of_draws(draws).se == pytest.approx(3.0, rel=0.02)


def test_the_p_of_draws_agrees_with_their_interval() -> None:
    """Zero is just outside where p is just below 0.05."""
    draws = np.sort(np.random.default_rng(0).normal(size=2001))
    for share, holds_zero in ((0.02, False), (0.03, True)):
        found = of_draws(draws - np.quantile(draws, share))
        assert (found.low <= 0 <= found.high) == holds_zero
        assert (found.p >= 0.05) == holds_zero


@pytest.mark.parametrize("n", [99, 1999])
def test_a_p_of_draws_is_no_smaller_than_they_can_count(n: int) -> None:
    """However far they are from zero: of what lies beyond their number they say nothing."""
    draws = 8.0 + np.random.default_rng(0).normal(size=n)
    for far in (draws, -draws, 100 * draws, np.full(n, 0.5)):
        assert of_draws(far).p == pytest.approx(2 / (n + 1))


def test_draws_that_are_all_zero_are_no_effect() -> None:
    assert of_draws(np.zeros(99)).p == 1.0


def test_of_draws_that_are_not_all_defined_nothing_is_said() -> None:
    assert of_draws(np.array([1.0, np.nan, 2.0])) is UNKNOWN


def test_repetitions_have_students_interval() -> None:
    values = [0.2, 0.5, 0.4, 0.7]
    found, expected = of_repetitions(values), stats.ttest_1samp(values, 0.0)
    assert found.estimate == pytest.approx(0.45)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.p == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, np.nan, 2.0]], ids=str)
def test_too_few_repetitions_have_no_interval(values: list[float]) -> None:
    found = of_repetitions(values)
    assert np.isnan([found.low, found.high, found.p]).all()
    assert found.estimate == pytest.approx(1.0 if values == [1.0] else np.nan, nan_ok=True)


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
def test_a_p_value_is_twice_the_smaller_side_with_one_draw_added(
    found: np.ndarray, p: float
) -> None:
    assert two_sided_p(found) == pytest.approx(p)


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.6, 0.5], [1.0, 1.0]),
        ([0.02, np.nan, 0.01], [0.02, np.nan, 0.02]),
        ([np.nan, np.nan], [np.nan, np.nan]),
    ],
    ids=str,
)
def test_holm_corrects_for_how_many_are_known(p: list[float], corrected: list[float]) -> None:
    assert holm(p) == pytest.approx(corrected, nan_ok=True)


@given(p_values)
def test_holm_keeps_the_order_makes_nothing_smaller_and_no_more_than_bonferroni(
    p: list[float],
) -> None:
    found = np.array(holm(p))
    assert (found >= np.array(p)).all()
    assert (found <= np.minimum(1.0, len(p) * np.array(p)) + 1e-12).all()
    assert (np.diff(found[np.argsort(p, kind="stable")]) >= 0).all()
