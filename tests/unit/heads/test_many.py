import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol.heads import many as module
from w2s_mol.heads.many import FEWEST_FIRINGS, Descent, ManyHeads, fit_adamw, fit_exact

ADAMW = Descent("linear", width=0, epochs=5, batch=32, rate=1e-2)
MLP = dataclasses.replace(ADAMW, kind="mlp", width=8)
seeds = st.integers(0, 10_000)


def problem(m: int = 3, n: int = 40, d: int = 6, seed: int = 0):
    """Features and labels of training, and features of other samples."""
    generator = np.random.default_rng(seed)
    h = generator.normal(size=(m, n + 15, d)) * generator.uniform(0.1, 100, (m, 1, d))
    h += generator.normal(size=(m, 1, d)) * 10
    y = np.einsum("mnd,md->mn", h, generator.normal(size=(m, d)))
    y += generator.normal(size=y.shape) * y.std() + 7
    return h[:, :n], y[:, :n], h[:, n:]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def losses(head, h: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.mean((head(h) - y) ** 2, axis=1)


@settings(deadline=None, max_examples=30)
@given(m=st.integers(1, 4), n=st.integers(12, 60), d=st.integers(1, 9), seed=seeds)
def test_exact_heads_predict_as_numpys_least_squares(m: int, n: int, d: int, seed: int) -> None:
    h, y, new = problem(m, n, d, seed)
    found = fit_exact(h, y)(new)
    for task in range(m):
        coefficients, *_ = np.linalg.lstsq(np.c_[h[task], np.ones(n)], y[task], rcond=None)
        expected = np.c_[new[task], np.ones(len(new[task]))] @ coefficients
        np.testing.assert_allclose(found[task], expected, rtol=1e-6, atol=1e-6)


@settings(deadline=None, max_examples=15)
@given(seed=seeds, epochs=st.integers(1, 20))
def test_no_adamw_head_fits_its_samples_better_than_the_exact_one(seed: int, epochs: int) -> None:
    h, y, _ = problem(seed=seed)
    exact = losses(fit_exact(h, y), h, y)
    config = dataclasses.replace(ADAMW, epochs=epochs)
    assert (exact <= losses(fit_adamw(h, y, config, seeded(seed)), h, y)).all()


@settings(deadline=None, max_examples=25)
@given(seed=seeds)
def test_exact_heads_of_many_tasks_are_as_fitted_alone(seed: int) -> None:
    h, y, new = problem(seed=seed)
    together = fit_exact(h, y)(new)
    alone = [fit_exact(h[[k]], y[[k]])(new[[k]]) for k in range(len(h))]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-9)


@settings(deadline=None, max_examples=25)
@given(seed=seeds, scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_exact_predictions_follow_the_units_of_the_labels(seed, scale, shift) -> None:
    h, y, new = problem(seed=seed)
    plain, moved = fit_exact(h, y)(new), fit_exact(h, scale * y + shift)(new)
    np.testing.assert_allclose(moved, scale * plain + shift, rtol=1e-7, atol=1e-6 * scale)


@pytest.mark.parametrize("level", [0.0, 3.7, -1e6])
@pytest.mark.parametrize("rounding", [0.0, 1e-7])
def test_a_dead_feature_changes_nothing(level: float, rounding: float) -> None:
    h, y, new = problem()
    noise = np.random.default_rng(1).uniform(-1, 1, size=h[..., :1].shape)
    dead = level * (1 + rounding * noise)
    with_dead = fit_exact(np.concatenate([h, dead], 2), y)
    found = with_dead(np.concatenate([new, np.full_like(new[..., :1], level)], 2))
    np.testing.assert_allclose(found, fit_exact(h, y)(new), rtol=1e-6, atol=1e-6)


def test_features_that_are_all_dead_leave_the_mean_label() -> None:
    h, y, new = problem()
    found = fit_exact(np.zeros_like(h), y)(np.zeros_like(new))
    np.testing.assert_allclose(found, np.repeat(y.mean(1, keepdims=True), new.shape[1], 1))


def test_a_feature_dead_in_one_task_alone_is_a_feature_of_the_others() -> None:
    h, y, new = problem()
    h[0, :, 2], new[0, :, 2] = 0, 0
    found = fit_exact(h, y)(new)
    np.testing.assert_allclose(found[1:], fit_exact(h[1:], y[1:])(new[1:]))
    kept = [0, 1, 3, 4, 5]
    np.testing.assert_allclose(found[:1], fit_exact(h[:1, :, kept], y[:1])(new[:1, :, kept]))


def test_a_unit_that_fires_on_too_few_samples_is_no_feature() -> None:
    generator = np.random.default_rng(0)
    h, y = generator.normal(size=(1, 50, 4)), generator.normal(size=(1, 50))
    for firing, counts in ((FEWEST_FIRINGS - 1, False), (FEWEST_FIRINGS, True)):
        h[:, firing:, 3] = 0
        assert (fit_exact(h, y).coefficients[0, 3] != 0) == counts
        h[:, :, 3] = generator.normal(size=50)


def test_a_repeated_feature_shares_its_coefficient() -> None:
    h, y, new = problem()
    twice = fit_exact(np.concatenate([h, 5 * h[..., :1] + 1], 2), y)
    found = twice(np.concatenate([new, 5 * new[..., :1] + 1], 2))
    np.testing.assert_allclose(found, fit_exact(h, y)(new), rtol=1e-6)
    np.testing.assert_allclose(twice.coefficients[:, 0], twice.coefficients[:, -1])


def test_with_more_features_than_samples_exact_heads_interpolate_with_the_least_norm() -> None:
    h, y, _ = problem(n=10, d=30)
    found = fit_exact(h, y)
    np.testing.assert_allclose(found(h), y, atol=1e-8)
    for task in range(len(h)):
        standard = (h[task] - h[task].mean(0)) / h[task].std(0)
        expected = np.linalg.pinv(standard, rcond=1e-7) @ (y[task] - y[task].mean())
        np.testing.assert_allclose(found.coefficients[task], expected, atol=1e-8)


def test_adamw_heads_approach_the_exact_ones_given_time() -> None:
    generator = np.random.default_rng(0)
    h = generator.normal(size=(2, 64, 4))
    y = np.einsum("mnd,md->mn", h, generator.normal(size=(2, 4))) + 0.5
    config = dataclasses.replace(ADAMW, epochs=400)
    apart = losses(fit_adamw(h, y, config, seeded(0)), h, fit_exact(h, y)(h))
    assert (apart < 1e-3 * y.var(axis=1)).all()


@pytest.mark.parametrize("config", [ADAMW, MLP])
def test_adamw_heads_are_a_function_of_their_seed(config: Descent) -> None:
    h, y, new = problem()
    before = torch.get_rng_state()
    first = fit_adamw(h, y, config, seeded(3))(new)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(first, fit_adamw(h, y, config, seeded(3))(new))
    assert not np.allclose(first, fit_adamw(h, y, config, seeded(4))(new))


@pytest.mark.parametrize("config", [ADAMW, MLP])
def test_adamw_trains_each_task_as_if_alone(
    config: Descent, monkeypatch: pytest.MonkeyPatch
) -> None:
    h, y, new = problem()
    start = module.random_heads(
        config.kind, 3, h.shape[2], config.width, torch.Generator().manual_seed(0)
    )

    def fit(tasks: list[int]) -> np.ndarray:
        chosen = ManyHeads(start.kind, tuple(p.detach()[tasks].clone() for p in start.parameters))
        monkeypatch.setattr(module, "random_heads", lambda *_: chosen)
        return fit_adamw(h[tasks], y[tasks], config, seeded(0))(new[tasks])

    together = fit([0, 1, 2])
    for task in range(3):
        np.testing.assert_allclose(together[[task]], fit([task]), rtol=1e-3, atol=1e-2)


def test_mlp_heads_fit_what_no_linear_head_can() -> None:
    generator = np.random.default_rng(0)
    h = generator.normal(size=(2, 64, 3))
    y = np.abs(h[..., 0]) - np.abs(h[..., 1])
    mlp = losses(fit_adamw(h, y, dataclasses.replace(MLP, epochs=300), seeded(0)), h, y)
    assert (mlp < 0.2 * losses(fit_exact(h, y), h, y)).all()
