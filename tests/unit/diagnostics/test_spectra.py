import numpy as np
import pytest

from w2s_mol.diagnostics import spectra
from w2s_mol.diagnostics.spectra import Spectrum, overlap
from w2s_mol.errors import InputError
from w2s_mol.heads import matrix
from w2s_mol.heads.matrix import InMemory

GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.normal(size=(50, 6)) @ GENERATOR.normal(size=(6, 6)) + 5.0
ROWS = np.array([3, 1, *range(10, 40)])


def test_shares_and_directions_are_those_of_the_singular_value_decomposition() -> None:
    found = Spectrum.fit(InMemory(FEATURES), ROWS)
    chosen = FEATURES[ROWS] - FEATURES[ROWS].mean(axis=0)
    u, s, _ = np.linalg.svd(chosen, full_matrices=False)
    np.testing.assert_allclose(found.shares, s**2 / np.sum(s**2), rtol=1e-10)
    coordinates = found.coordinates(InMemory(FEATURES), ROWS)
    np.testing.assert_allclose(np.abs(u.T @ coordinates), np.eye(6), atol=1e-8)


def test_directions_that_are_rounding_are_left_out() -> None:
    doubled = np.hstack([FEATURES, FEATURES[:, :2], np.ones((50, 1))]).astype(np.float32)
    assert len(Spectrum.fit(InMemory(doubled), ROWS).shares) == 6


def test_more_features_than_molecules_have_the_rank_of_the_molecules() -> None:
    wide = np.random.default_rng(1).normal(size=(10, 40))
    assert len(Spectrum.fit(InMemory(wide), np.arange(10)).shares) == 9


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    other = InMemory(np.random.default_rng(2).normal(size=(50, 3)))
    one = InMemory(FEATURES)
    strong, weak = Spectrum.fit(one, ROWS), Spectrum.fit(other, ROWS)
    whole = overlap(weak, other, strong, one, ROWS)
    monkeypatch.setattr(matrix, "BLOCK", 7)
    monkeypatch.setattr(spectra, "BLOCK", 4)
    np.testing.assert_allclose(Spectrum.fit(one, ROWS).shares, strong.shares, rtol=1e-12)
    np.testing.assert_allclose(overlap(weak, other, strong, one, ROWS), whole, atol=1e-12)


def test_molecules_that_are_all_alike_are_refused() -> None:
    with pytest.raises(InputError, match="30 molecules have the same vector"):
        Spectrum.fit(InMemory(np.full((30, 4), 0.1)), np.arange(30))
