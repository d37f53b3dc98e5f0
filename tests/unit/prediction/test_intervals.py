import math

import numpy as np
import pytest

from w2s_mol.prediction.intervals import half_width


@pytest.mark.parametrize(
    ("n", "k"),
    [(9, 9), (10, 10), (19, 18), (99, 90), (100, 91), (1000, 901)],
)
def test_it_is_the_kth_smallest_miss(n: int, k: int) -> None:
    misses = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    assert half_width([misses], n) == k
    assert half_width([misses[: n // 3], misses[n // 3 :]], n) == k


def test_too_few_misses_promise_nothing() -> None:
    assert half_width([np.zeros(8)], 8) == math.inf
    assert half_width([], 0) == math.inf
    assert half_width([np.zeros(8)], 8, coverage=0.8) == 0


@pytest.mark.parametrize("n", [20, 59, 200])
def test_new_molecules_lie_inside_as_often_as_promised(n: int) -> None:
    """Of exchangeable misses, ceil((n + 1) 0.9) / (n + 1) are inside on average, exactly."""
    generator = np.random.default_rng(1)
    old, new = generator.standard_cauchy((2, 4000, n))
    inside = [
        np.mean(np.abs(b) <= half_width([np.abs(a)], len(a))) for a, b in zip(old, new, strict=True)
    ]
    assert np.mean(inside) == pytest.approx(math.ceil((n + 1) * 0.9) / (n + 1), abs=0.004)


def test_a_molecule_of_several_splits_counts_once() -> None:
    """Five molecules, validated thirty times, promise no more than five do."""
    assert half_width([np.zeros(5)] * 30, 5) == math.inf
    misses = np.arange(1.0, 11.0)
    assert half_width([misses] * 3, 10) == half_width([misses], 10) == 10
