import numpy as np
import pytest
from head_problems import problem

from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.linear import Scaler
from w2s_mol.heads.matrix import InMemory


@pytest.mark.parametrize(("n", "d"), [(60, 8), (30, 90), (500, 8)])
def test_ols_is_the_minimum_norm_least_squares_solution(n: int, d: int) -> None:
    made = problem(n, d, 2)
    x = Scaler.fit(made.features, made.learn).transform(made.x)
    expected = np.linalg.pinv(x) @ (made.y - made.y.mean(axis=0))
    head = fit_ols(*made)
    np.testing.assert_allclose(head.coefficients, expected, atol=1e-9)
    assert np.isnan(head.penalties).all()
    if d > n:  # it interpolates
        np.testing.assert_allclose(head.predict(made.x), made.y, atol=1e-8)


@pytest.mark.parametrize("n", [50, 500])
def test_of_features_that_are_told_apart_by_float32s_rounding_alone_the_norm_is_least(
    n: int,
) -> None:
    """Also where many molecules are condensed first."""
    made = problem(n, 3, 1)
    noise = 1e-9 * np.random.default_rng(0).normal(size=made.features.shape)
    twice = InMemory(np.hstack([made.features.array, made.features.array + noise]))
    head = fit_ols(twice, *made[1:])
    np.testing.assert_allclose(head.coefficients[:3], head.coefficients[3:], atol=1e-6)
    once = fit_ols(*made).predict(made.z)
    np.testing.assert_allclose(head.predict_rows(twice, made.choose)[made.choose], once, atol=1e-6)
