"""The scores against their formulas on whole matrices, by hand, and by the laws they obey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol.diagnostics.scores import (
    intrinsic_dimension,
    linear_cka,
    shared_dimension,
    unlearnt_norm,
)
from w2s_mol.diagnostics.spectra import Spectrum, overlap
from w2s_mol.heads.matrix import InMemory

Sizes = st.tuples(st.integers(0, 2**32 - 1), st.integers(3, 30), st.integers(1, 8))
RIDGE, TOLERANCE = 1e-2, 0.05


def scores(weak: np.ndarray, strong: np.ndarray, ridge: float = RIDGE) -> dict[str, float]:
    rows = np.arange(len(weak))
    w, s = InMemory(weak), InMemory(strong)
    of_w, of_s = Spectrum.fit(w, rows), Spectrum.fit(s, rows)
    cosines = overlap(of_w, w, of_s, s, rows)
    d_w, d_s = (intrinsic_dimension(one.shares, TOLERANCE) for one in (of_w, of_s))
    return {
        "norm": unlearnt_norm(of_w.shares, of_s.shares, cosines, ridge),
        "d_w": d_w,
        "d_s": d_s,
        "d_sw": shared_dimension(cosines, d_w, d_s),
        "cka": linear_cka(of_w.shares, of_s.shares, cosines),
    }


def drawn(seed: int, n: int, d: int, spread: float = 3.0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, d)) * np.logspace(0, -spread, d) + generator.normal(size=d)


def rotation(seed: int, d: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


def projection(features: np.ndarray, ridge: float) -> np.ndarray:
    centred = features - features.mean(axis=0)
    kernel = centred @ centred.T
    return kernel @ np.linalg.inv(kernel + ridge * np.trace(kernel) * np.eye(len(kernel)))


@pytest.mark.parametrize(("n", "d_w", "d_s"), [(40, 4, 9), (12, 5, 30), (40, 9, 4)])
@pytest.mark.parametrize("ridge", [1e-4, 1e-2, 1.0])
def test_the_norm_and_cka_are_those_of_the_whole_kernels(n, d_w, d_s, ridge) -> None:
    weak, strong = drawn(1, n, d_w), drawn(2, n, d_s)
    p_w, p_s = projection(weak, ridge), projection(strong, ridge)
    found = scores(weak, strong, ridge)
    assert found["norm"] == pytest.approx(np.linalg.norm(p_s @ (np.eye(n) - p_w), 2), rel=1e-9)
    x, y = weak - weak.mean(axis=0), strong - strong.mean(axis=0)
    norms = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    assert found["cka"] == pytest.approx(np.linalg.norm(y.T @ x) ** 2 / norms, rel=1e-9)


def test_a_small_case_by_hand() -> None:
    """Four molecules; the weak one sees the first of the strong one's two equal directions."""
    strong = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    found = scores(strong[:, :1], strong, ridge=0.5)
    # The direction unseen has a share of 1/2: it is kept by 0.5 / (0.5 + 0.5).
    assert found["norm"] == pytest.approx(0.5)
    assert (found["d_w"], found["d_s"]) == (1, 2)
    assert found["d_sw"] == pytest.approx(1.0)
    # ||X_s'X_w||^2 = 16; ||X_w'X_w|| = 4; ||X_s'X_s|| = 4 sqrt(2)
    assert found["cka"] == pytest.approx(1 / np.sqrt(2))


def test_spaces_without_a_direction_in_common_share_nothing() -> None:
    both = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    found = scores(both[:, :1], both[:, 1:], ridge=1e-6)
    assert found["norm"] == pytest.approx(1.0, abs=1e-5)
    assert found["d_sw"] == pytest.approx(0.0, abs=1e-12)
    assert found["cka"] == pytest.approx(0.0, abs=1e-12)


@given(Sizes, st.integers(1, 8), st.floats(1e-4, 10.0))
@settings(max_examples=60, deadline=None)
def test_all_scores_are_within_their_bounds(sizes, d_s, ridge) -> None:
    seed, n, d_w = sizes
    found = scores(drawn(seed, n, d_w), drawn(seed + 1, n, d_s), ridge)
    assert 0 <= found["norm"] <= 1
    assert 0 <= found["cka"] <= 1
    assert 1 <= found["d_w"] <= d_w
    assert 1 <= found["d_s"] <= d_s
    assert 0 <= found["d_sw"] <= min(found["d_w"], found["d_s"])


@given(Sizes, st.floats(0.1, 100.0))
@settings(max_examples=40, deadline=None)
def test_rotation_scale_and_shift_change_nothing(sizes, scale) -> None:
    seed, n, d = sizes
    weak, strong = drawn(seed, n, d, 1.0), drawn(seed + 1, n, 5, 1.0)
    moved = scale * weak @ rotation(seed, d) + 7.0
    before, after = scores(weak, strong), scores(moved, strong)
    assert after == pytest.approx(before, rel=1e-6, abs=1e-7)
    moved = scale * strong @ rotation(seed, 5) - 3.0
    assert scores(weak, moved) == pytest.approx(before, rel=1e-6, abs=1e-7)


@given(Sizes)
@settings(max_examples=40, deadline=None)
def test_of_one_representation_with_itself(sizes) -> None:
    """CKA is 1, it shares all its dimensions; the norm is what its own ridge leaves."""
    seed, n, d = sizes
    one = drawn(seed, n, d, 1.0)
    found = scores(one, one @ rotation(seed, d))
    assert found["cka"] == pytest.approx(1.0)
    assert found["d_w"] == found["d_s"]
    assert found["d_sw"] == pytest.approx(found["d_w"], abs=1e-6)
    # Nothing but p (1 - p) is left of a direction that is kept by p.
    centred = np.linalg.svd(one - one.mean(axis=0), compute_uv=False) ** 2
    kept = centred / centred.sum() / (centred / centred.sum() + RIDGE)
    assert found["norm"] == pytest.approx(np.max(kept * (1 - kept)), rel=1e-6, abs=1e-6)


@given(Sizes, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_weak_one_that_sees_more_leaves_less(sizes, more) -> None:
    """Adding features to the weak one lessens the norm where the ridge is next to nothing."""
    seed, n, d = sizes
    n = n + 20
    weak, strong = drawn(seed, n, d, 0.5), drawn(seed + 1, n, 4, 0.5)
    wider = np.hstack([weak, strong[:, :more]])
    assert scores(wider, strong, 1e-7)["norm"] <= scores(weak, strong, 1e-7)["norm"] + 1e-4


@pytest.mark.parametrize(("tolerance", "expected"), [(0.05, 3), (0.0499, 4), (0.2, 2), (0.6, 1)])
def test_the_intrinsic_dimension_holds_all_but_the_tolerance(tolerance, expected) -> None:
    assert intrinsic_dimension(np.array([0.5, 0.3, 0.15, 0.05]), tolerance) == expected
