import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol.heads.factor import condensed


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 120),
    d=st.integers(1, 12),
    block=st.integers(1, 50),
    rank=st.integers(1, 12),
    seed=st.integers(0, 10_000),
)
def test_lengths_are_those_of_the_whole_and_rows_are_few(
    rows: int, d: int, block: int, rank: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    whole = generator.normal(size=(rows, min(rank, d))) @ generator.normal(size=(min(rank, d), d))
    found = condensed(whole[start : start + block] for start in range(0, rows, block))
    x = generator.normal(size=(d, 5))
    np.testing.assert_allclose(
        np.linalg.norm(found @ x, axis=0),
        np.linalg.norm(whole @ x, axis=0),
        rtol=1e-12,
        atol=1e-12 * np.linalg.norm(whole),
    )
    assert found.shape[1] == d
    assert len(found) <= min(rows, 2 * d)


def test_what_is_not_high_is_left_as_it_is() -> None:
    whole = np.random.default_rng(0).normal(size=(8, 4))
    np.testing.assert_array_equal(condensed([whole[:3], whole[3:]]), whole)


def test_of_many_blocks_few_are_in_memory() -> None:
    made: weakref.WeakSet[np.ndarray] = weakref.WeakSet()
    alive = []

    class Block(np.ndarray):
        __hash__ = object.__hash__

    def blocks() -> Iterator[np.ndarray]:
        for _ in range(1000):
            block = np.ones((5, 4)).view(Block)
            made.add(block)
            alive.append(len(made))
            yield block

    condensed(blocks())
    assert max(alive) <= 4


@pytest.mark.parametrize("small", [1e-3, 1e-7, 1e-10])
def test_no_condition_number_is_squared(small: float) -> None:
    """By ``A'A`` a direction in which A is 1e-10 long would be lost in the rounding of 1."""
    generator = np.random.default_rng(0)
    a = generator.normal(size=(500, 1))
    whole = np.hstack([a, a + small * generator.normal(size=(500, 1))])
    found = condensed(np.split(whole, 50))
    difference = np.array([1.0, -1.0])
    expected = np.linalg.norm(whole @ difference)
    assert np.linalg.norm(found @ difference) == pytest.approx(expected, rel=1e-13 / small)
