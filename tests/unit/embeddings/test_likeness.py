import numpy as np
import pytest

from w2s_mol.embeddings.likeness import distances, unlike
from w2s_mol.heads import matrix
from w2s_mol.heads.matrix import InMemory


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_distances_are_in_standard_deviations_of_the_known_molecules() -> None:
    features = InMemory(np.array([[1.0, 10.0], [3.0, 30.0], [2.0, 50.0], [5.0, 20.0]]))
    found = distances(features, rows(0, 1), rows(0, 2, 3))  # mean 2, 20; deviations 1, 10
    np.testing.assert_allclose(found, [np.sqrt(2), 3, 3])


def test_a_value_that_no_known_molecule_has_counts_as_one_that_one_of_them_has_alone() -> None:
    """As in fingerprints: a new bit is as far as the rarest one, not nearer."""
    bits = np.zeros((11, 3), dtype=np.float32)
    bits[0, 0] = bits[10, 1] = 1  # of ten known molecules, one has the first bit
    alone, new = distances(InMemory(bits), rows(*range(10)), rows(0, 10))
    np.testing.assert_allclose(alone, 0.9 / 0.3)
    np.testing.assert_allclose(new**2, 10 + (0.1 / 0.3) ** 2)
    always = np.array([[0.1], [0.1], [0.1], [0.10000001], [4.1]], dtype=np.float32)
    found = distances(InMemory(always), rows(0, 1, 2), rows(0, 3, 4))
    np.testing.assert_allclose(found, [0, 0, np.sqrt(3)])


def test_unlike_are_those_beyond_99_per_cent_of_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many blocks they are read in."""
    known = np.concatenate([np.arange(1, 101), -np.arange(1, 101)])  # mean 0; 99 % within 99.01
    features = InMemory(np.concatenate([known, [99.0, -100.0, 500.0, 0.0]])[:, None])
    asked = np.arange(200, 204)
    assert unlike(features, np.arange(200), asked) == 2
    assert unlike(features, np.arange(200), np.arange(200)) == 2
    monkeypatch.setattr(matrix, "BLOCK", 7)
    assert unlike(features, np.arange(200), asked) == 2
