import numpy as np
from head_problems import InPieces, problem

from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.linear import LinearHead, Scaler
from w2s_mol.heads.matrix import InMemory


def test_features_are_standardised_by_those_that_a_head_is_fitted_on() -> None:
    given = problem(40, 5, 1)
    scaler = Scaler.fit(given.features, given.learn)
    found = scaler.transform(given.z)
    np.testing.assert_allclose(found, (given.z - given.x.mean(axis=0)) / given.x.std(axis=0))


def test_means_are_taken_in_float64() -> None:
    """Thousands of numbers summed in float32, row after row, go wrong in the sixth digit."""
    x = np.full((200_001, 2), 0.1, dtype=np.float32)
    x[::2] = 0.3
    scaler = Scaler.fit(InMemory(x), np.arange(len(x) - 1))
    np.testing.assert_allclose(scaler.mean, 0.2, rtol=1e-7)
    np.testing.assert_allclose(scaler.scale, 0.1, rtol=1e-6)


def test_a_feature_that_only_rounding_moves_counts_as_constant() -> None:
    given = problem(40, 5, 1)
    noise = np.random.default_rng(1).normal(size=(60, 1)) * 1e-8
    noise[given.choose] = 0
    more = InMemory(np.hstack([given.features.array, 0.3 + noise]))
    with_constant = fit_ols(more, *given[1:]).predict_rows(more, given.choose)
    without = fit_ols(*given).predict_rows(given.features, given.choose)
    np.testing.assert_allclose(with_constant, without, atol=1e-6)


def test_a_constant_feature_says_nothing_even_where_it_is_another() -> None:
    scaler = Scaler.fit(InMemory(np.full((9, 1), 0.3)), np.arange(9))
    np.testing.assert_array_equal(scaler.transform(np.array([[0.3], [7.0]])), 0)


def test_a_head_done_by_hand() -> None:
    scaler = Scaler(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    coefficients = np.array([[1.0, 10.0], [3.0, 0.0]])
    head = LinearHead(scaler, coefficients, np.array([0.5, 1.0]), np.array([0.1, 0.2]))
    np.testing.assert_array_equal(head.predict(np.array([[3.0, 6.0]])), [[4.5, 11.0]])
    one = head.columns([1])
    np.testing.assert_array_equal(one.predict(np.array([[3.0, 6.0]])), [[11.0]])
    assert one.penalties.tolist() == [0.2]


def test_rows_that_are_not_asked_for_are_nan() -> None:
    given = problem(40, 5, 2)
    head = fit_ols(*given)
    found = head.predict_rows(InPieces(given.features.array, 3), given.choose)
    np.testing.assert_allclose(found[given.choose], head.predict(given.z), rtol=1e-12)
    assert np.isnan(found[given.learn]).all()
