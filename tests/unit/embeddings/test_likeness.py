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


def test_a_feature_that_is_constant_among_them_counts_as_it_is() -> None:
    features = InMemory(np.array([[0.1, 0.0], [0.1, 2.0], [4.1, 1.0]], dtype=np.float32))
    np.testing.assert_allclose(distances(features, rows(0, 1), rows(2)), [4.0], rtol=1e-6)


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
