import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from w2s_mol.errors import InputError
from w2s_mol.heads.linear import (
    PENALTIES,
    RidgePath,
    Scaler,
    fit_adamw,
    fit_ols,
    fit_ridge,
    head_fitter,
)


def problem(n: int, d: int, k: int, seed: int = 0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n + 20, d)) * generator.uniform(0.1, 10, d) + generator.normal(
        size=d
    )
    y = x @ generator.normal(size=(d, k)) / d + generator.normal(size=(n + 20, k)) + 3
    return x[:n], y[:n], x[n:], y[n:]


@pytest.mark.parametrize(("n", "d"), [(60, 8), (30, 90), (40, 40)])
def test_every_ridge_fit_of_the_path_is_scikit_learns(n: int, d: int) -> None:
    x, y, z, _ = problem(n, d, 3)
    scaler = Scaler.fit(x)
    found = RidgePath(x).predictions(z, y)
    for penalty, predicted in zip(PENALTIES, found, strict=True):
        model = Ridge(alpha=penalty, solver="svd").fit(scaler.transform(x), y)
        np.testing.assert_allclose(predicted, model.predict(scaler.transform(z)), atol=1e-8)


def test_a_chosen_head_predicts_what_its_place_on_the_path_does() -> None:
    x, y, z, _ = problem(50, 12, 4)
    path = RidgePath(x)
    chosen = np.array([0, 5, 20, 32])
    head = path.head(y, chosen)
    everything = path.predictions(z, y)
    expected = np.column_stack([everything[p, :, k] for k, p in enumerate(chosen)])
    np.testing.assert_allclose(head.predict(z), expected, atol=1e-10)
    np.testing.assert_array_equal(head.penalties, PENALTIES[chosen])


def test_each_columns_penalty_is_the_best_on_its_own_validation_labels() -> None:
    x, y, z, t = problem(50, 12, 3)
    head = fit_ridge(x, y, z, t)
    errors = np.mean((RidgePath(x).predictions(z, y) - t) ** 2, axis=1)
    np.testing.assert_array_equal(head.penalties, PENALTIES[errors.argmin(axis=0)])


@settings(deadline=None, max_examples=25)
@given(n=st.integers(12, 40), d=st.integers(1, 50), seed=st.integers(0, 10_000))
def test_columns_fitted_together_are_as_fitted_alone(n: int, d: int, seed: int) -> None:
    x, y, z, t = problem(n, d, 3, seed)
    for fit in (fit_ridge, fit_ols):
        together = fit(x, y, z, t).predict(z)
        alone = [fit(x, y[:, [k]], z, t[:, [k]]).predict(z) for k in range(3)]
        np.testing.assert_allclose(together, np.hstack(alone), atol=1e-8)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_predictions_follow_the_units_of_the_labels(seed: int, scale: float, shift: float) -> None:
    x, y, z, t = problem(30, 6, 2, seed)
    plain = fit_ridge(x, y, z, t)
    moved = fit_ridge(x, scale * y + shift, z, scale * t + shift)
    np.testing.assert_allclose(
        moved.predict(z), scale * plain.predict(z) + shift, rtol=1e-6, atol=1e-6 * max(1, scale)
    )


@pytest.mark.parametrize(("n", "d"), [(60, 8), (30, 90)])
def test_ols_is_the_minimum_norm_least_squares_solution(n: int, d: int) -> None:
    x, y, _, _ = problem(n, d, 2)
    scaler = Scaler.fit(x)
    expected = np.linalg.pinv(scaler.transform(x)) @ (y - y.mean(axis=0))
    head = fit_ols(x, y)
    np.testing.assert_allclose(head.coefficients, expected, atol=1e-9)
    if d > n:  # it interpolates
        np.testing.assert_allclose(head.predict(x), y, atol=1e-8)


def test_a_feature_that_only_rounding_moves_counts_as_constant() -> None:
    x, y, z, _ = problem(40, 5, 1)
    noise = np.random.default_rng(1).normal(size=(len(x), 1)) * 1e-8
    same = np.full((len(z), 1), 0.3)
    with_constant = fit_ols(np.hstack([x, 0.3 + noise]), y).predict(np.hstack([z, same]))
    np.testing.assert_allclose(with_constant, fit_ols(x, y).predict(z), atol=1e-6)


def test_adamw_approaches_least_squares_given_time() -> None:
    x, y, z, _ = problem(64, 4, 2)
    found = fit_adamw(x, y, epochs=800, learning_rate=1e-2)
    np.testing.assert_allclose(found.predict(z), fit_ols(x, y).predict(z), atol=0.05)


def test_adamw_is_a_function_of_its_seed_and_trains_each_column_as_if_alone() -> None:
    x, y, z, _ = problem(64, 4, 2)
    first = fit_adamw(x, y, epochs=5, seed=3).predict(z)
    np.testing.assert_array_equal(first, fit_adamw(x, y, epochs=5, seed=3).predict(z))
    assert not np.array_equal(first, fit_adamw(x, y, epochs=5, seed=4).predict(z))
    alone = fit_adamw(x, y[:, [1]], epochs=5, seed=3).predict(z)
    np.testing.assert_allclose(first[:, [1]], alone, atol=1e-5)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(InputError, match="ridge, ols, adamw"):
        head_fitter("lasso")  # type: ignore[arg-type]
