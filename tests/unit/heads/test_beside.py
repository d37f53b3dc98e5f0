"""Heads that read a number beside the features."""

import numpy as np
import pytest

from w2s_mol.heads.beside import each_beside, ridge_beside
from w2s_mol.heads.fitter import Given
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.ridge import fit_ridge


def made(n: int, d: int, k: int = 3, seed: int = 0) -> tuple:
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(n, d)) @ generator.normal(size=(d, d))
    truth = features @ generator.normal(size=d) / d + generator.normal(size=n)
    beside = 2 + truth[:, None] + generator.normal(size=(n, k)) * np.arange(1, k + 1)
    labels = np.tile(truth[:, None], (1, k))
    rows = generator.permutation(n)
    return InMemory(features), labels, beside, rows[: n // 2], rows[n // 2 :]


@pytest.mark.parametrize(("n", "d"), [(120, 5), (60, 40), (40, 20), (2000, 30)])
def test_the_ridge_path_is_that_of_one_feature_more(n: int, d: int) -> None:
    given = made(n, d)
    fast, plain = ridge_beside(*given), each_beside(fit_ridge)(*given)
    features, _, beside, _, choose = given
    assert fast.penalties.tolist() == plain.penalties.tolist()
    np.testing.assert_allclose(fast.slopes, plain.slopes, rtol=1e-8)
    np.testing.assert_allclose(
        fast.predict_rows(features, choose, beside)[choose],
        plain.predict_rows(features, choose, beside)[choose],
        rtol=1e-8,
    )


def test_a_number_that_features_hold_already_is_no_trouble() -> None:
    features, labels, beside, learn, choose = made(100, 60)
    beside[:, 0] = features.array[:, 3]
    beside[:, 1] = 7.0
    fast = ridge_beside(features, labels, beside, learn, choose)
    plain = each_beside(fit_ridge)(features, labels, beside, learn, choose)
    assert fast.slopes[1] == 0.0
    found = fast.predict_rows(features, choose, beside)[choose]
    assert np.isfinite(found).all()
    np.testing.assert_allclose(
        found, plain.predict_rows(features, choose, beside)[choose], rtol=1e-5
    )


@pytest.mark.parametrize("rule", ["ridge", "ols", "adamw"])
def test_every_rule_finds_a_number_that_is_the_label(rule: str) -> None:
    features, labels, beside, learn, choose = made(400, 4, k=1)
    beside = 3 * labels + 5
    head = head_fitter(rule, epochs=700)(features, labels, learn, choose, Given(beside=beside))  # type: ignore[arg-type]
    found = head.predict_rows(features, choose, beside)
    np.testing.assert_allclose(found[choose], labels[choose], atol=0.05)
    assert np.isnan(found[learn]).all()


@pytest.mark.parametrize("rule", ["ridge", "ols"])
def test_a_weight_of_two_is_the_row_twice(rule: str) -> None:
    features, labels, _, learn, choose = made(300, 6)
    fit = head_fitter(rule)  # type: ignore[arg-type]
    weights = np.where(np.arange(len(learn)) % 3 == 0, 2.0, 1.0)
    twice = np.concatenate([learn, learn[::3]])
    one = fit(features, labels, learn, choose, Given(weights))
    other = fit(features, labels, twice, choose)
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-9)
    np.testing.assert_allclose(one.intercepts, other.intercepts, rtol=1e-9)
    assert one.penalties.tolist() == pytest.approx(other.penalties.tolist(), nan_ok=True)


def test_weights_in_the_dual_form_are_those_of_the_primal_one() -> None:
    features, labels, _, learn, choose = made(100, 60)
    weights = np.random.default_rng(1).uniform(0.1, 2, len(learn))
    dual = fit_ridge(features, labels, learn, choose, weights)
    # Rows of no weight change nothing but the form.
    more = np.concatenate([learn, choose])
    primal = fit_ridge(
        features, labels, more, choose, np.concatenate([weights, np.zeros(len(choose))])
    )
    assert dual.penalties.tolist() == primal.penalties.tolist()
    np.testing.assert_allclose(dual.coefficients, primal.coefficients, rtol=1e-6, atol=1e-9)
