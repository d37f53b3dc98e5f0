import numpy as np
import pytest

from w2s_mol.streams import _PURPOSES, stream

HALVES = [4, 3, 2, 0, 1, 5]
SHUFFLED = [3, 4, 5, 0, 1, 2]


def test_no_two_purposes_share_numbers_nor_take_those_of_the_seed_itself() -> None:
    drawn = [tuple(stream(3, purpose).permutation(50)) for purpose in _PURPOSES]
    drawn.append(tuple(np.random.default_rng(3).permutation(50)))
    assert len(set(drawn)) == len(_PURPOSES) + 1


def test_a_stream_is_its_seeds_and_stays_what_it_is() -> None:
    assert stream(0, "disjoint halves").permutation(6).tolist() == HALVES
    assert stream(0, "shuffled labels").permutation(6).tolist() == SHUFFLED
    assert stream(1, "disjoint halves").permutation(6).tolist() != HALVES


def test_there_is_no_stream_without_a_purpose() -> None:
    with pytest.raises(ValueError, match="tuple"):
        stream(0, "whatever")
