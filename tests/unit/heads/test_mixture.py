import numpy as np
import pytest

from w2s_mol.heads.fitter import Given
from w2s_mol.heads.logistic import fit_logistic
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.mixture import MixtureHead, mixed
from w2s_mol.heads.probability import probability

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(400, 4))
MIXED = 0.5 * probability(6 * X[:, [0, 1]] - 6) + 0.5 * probability(-6 * X[:, [0, 1]] - 6)
"""Of two heads that point the other way: one head can give none of it but a constant."""
LEARN, CHOOSE = np.arange(300), np.arange(300, 400)


def loss(p: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return -(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean(axis=0)


@pytest.mark.parametrize("name", ["cross-entropy", "reverse-kl"])
def test_a_mixture_gives_what_one_head_cannot(name) -> None:
    features = InMemory(X)
    ridge = fit_logistic(features, MIXED, LEARN, CHOOSE)
    ridge.penalties[:] = 1e-3
    found = mixed(ridge, features, MIXED, LEARN, loss=name, heads=2)
    one, several = (loss(head.predict(X)[CHOOSE], MIXED[CHOOSE]) for head in (ridge, found))
    assert (several < one - 0.02).all()


def test_predictions_are_shares_of_heads() -> None:
    features = InMemory(X)
    ridge = fit_logistic(features, MIXED, LEARN, CHOOSE)
    found = mixed(ridge, features, MIXED, LEARN, heads=3)
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)
    x = found.scaler.transform(X)
    by_hand = sum(
        found.shares[1, j] * probability(x @ found.coefficients[1, :, j] + found.intercepts[1, j])
        for j in range(3)
    )
    np.testing.assert_allclose(found.predict(X)[:, 1], by_hand)
    np.testing.assert_allclose(found.columns([1]).predict(X)[:, 0], by_hand)


def test_the_same_seed_gives_the_same_mixture() -> None:
    features = InMemory(X)
    ridge = fit_logistic(features, MIXED, LEARN, CHOOSE)
    first, second, other = (
        mixed(ridge, features, MIXED, LEARN, seed=seed).predict(X) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_number_beside_and_what_is_corrected_are_read() -> None:
    features, weak = InMemory(X), probability(3 * X[:, [0, 1]])
    for given in (Given(beside=weak), Given(start=weak)):
        ridge = fit_logistic(features, weak, LEARN, CHOOSE, given)
        found: MixtureHead = mixed(ridge, features, weak, LEARN, given)
        found = found.correcting() if given.start is not None else found
        np.testing.assert_allclose(found.predict(X, weak), weak, atol=0.1)
