import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from w2s_mol.diagnostics.within import chance_within, within_groups


def test_kendall_within_groups_by_hand() -> None:
    """Of one group: 1-2 and 1-3 agree, 2-3 does not; of the other: the pair does not."""
    scores = np.array([1.0, 2.0, 3.0, 9.0, 8.0, 0.0])
    errors = np.array([1.0, 3.0, 2.0, 1.0, 2.0, 5.0])
    groups = np.array([8, 8, 8, 16, 16, np.nan])
    assert within_groups(scores, errors, groups) == pytest.approx((2 - 1 - 1) / 4)
    assert within_groups(groups, errors, groups) != within_groups(groups, errors, groups)  # NaN
    assert math.isnan(within_groups(scores, errors, np.arange(6.0)))


@given(st.lists(st.integers(0, 5), min_size=4, max_size=9), st.randoms())
def test_within_one_group_it_is_kendalls_tau_a_and_within_its_bounds(errors, random) -> None:
    scores = np.arange(len(errors), dtype=float)
    shuffled = random.sample(errors, len(errors))
    found = within_groups(scores, np.array(shuffled, float), np.zeros(len(errors)))
    assert -1 <= found <= 1
    if len(set(shuffled)) == len(shuffled):
        assert found == pytest.approx(stats.kendalltau(scores, shuffled).statistic)


def test_chance_is_that_of_kendalls_variance() -> None:
    groups = np.repeat(np.arange(8.0), 3)
    pairs, far = chance_within(groups, 1)
    # A group of three: 3 * 2 * 11 / 18 = 11/3.
    assert pairs == 24
    assert far == pytest.approx(1.959964 * math.sqrt(8 * 11 / 3) / 24, rel=1e-6)
    assert chance_within(groups, 4)[1] > far
    assert chance_within(np.array([1.0, 1.0, np.nan, np.nan]), 1) == (1, 1.0)
    pairs, far = chance_within(np.array([1.0, 2.0]), 1)
    assert pairs == 0
    assert math.isnan(far)


def test_chance_is_seldom_exceeded_by_scores_that_know_nothing() -> None:
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(8.0), 3)
    _, far = chance_within(groups, 4)
    largest = [
        max(abs(within_groups(*generator.normal(size=(2, 24)), groups)) for _ in range(4))
        for _ in range(300)
    ]
    assert np.mean(np.array(largest) > far) < 0.08
