import numpy as np
import pytest

from w2s_mol.embeddings import likeness
from w2s_mol.embeddings.likeness import Known, unlike
from w2s_mol.heads.matrix import InMemory


def test_distances_are_to_the_nearest_in_standard_deviations_of_the_known_molecules() -> None:
    known = Known(np.array([[1.0, 10.0], [3.0, 30.0]]))  # deviations 1 and 10
    np.testing.assert_allclose(known.own_distances(), np.sqrt(8))
    found = known.distances(np.array([[3.0, 30.0], [2.0, 40.0], [-2.0, 50.0]], dtype=np.float32))
    np.testing.assert_allclose(found, [0, np.sqrt(2), 5])


def test_a_value_that_no_known_molecule_has_counts_as_one_that_one_of_them_has_alone() -> None:
    """As in fingerprints: a new bit is as far as the rarest one, not nearer."""
    bits = np.zeros((10, 3), dtype=np.float32)
    bits[0, 0] = 1  # its deviation is 0.3
    known = Known(bits)
    np.testing.assert_allclose(known.own_distances()[:2], [1 / 0.3, 0])
    np.testing.assert_allclose(known.distances(np.array([[0, 1, 0], [0, 0, 7.0]])), np.sqrt(10))
    always = Known(np.array([[0.1], [0.1], [0.1]], dtype=np.float32))
    found = always.distances(np.array([[0.1], [0.10000001], [4.1]], dtype=np.float32))
    np.testing.assert_allclose(found, [0, 0, np.sqrt(3)])


def test_unlike_are_those_farther_from_the_nearest_than_99_per_cent_of_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many at a time."""
    known = np.arange(200.0)  # each 1 from the nearest other
    others = [57.5, -0.5, -1.5, 57, 201, 199.9, 1e6]
    features = InMemory(np.concatenate([known, others])[:, None])
    asked = np.arange(200, 207)
    assert unlike(features, np.arange(200), asked) == 3
    assert unlike(features, np.arange(200), np.arange(200)) == 0
    monkeypatch.setattr(likeness, "_AT_ONCE", 3)
    assert unlike(features, np.arange(200), asked) == 3


def test_of_many_known_molecules_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "MOST_KNOWN", 50)
    generator = np.random.default_rng(0)
    features = InMemory(np.concatenate([generator.normal(size=(5000, 2)), np.full((20, 2), 99.0)]))
    assert unlike(features, np.arange(4000), np.arange(5000, 5020)) == 20
    share = unlike(features, np.arange(4000), np.arange(4000, 5000)) / 1000
    assert share < 0.1  # of 50, the 99th per cent is the farthest but one
