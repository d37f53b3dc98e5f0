import numpy as np
import pytest

from w2s_mol.heads.fitter import Given
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.penalties import PENALTIES, middle_penalty
from w2s_mol.heads.squared import ridge_at

GENERATOR = np.random.default_rng(0)
X, Y, W = GENERATOR.normal(size=(60, 5)), GENERATOR.normal(size=(60, 2)), GENERATOR.random((60, 2))
LEARN, CHOOSE = np.arange(40), np.arange(40, 60)


def test_at_the_chosen_penalty_it_is_the_head_that_was_chosen() -> None:
    usual = head_fitter("ridge")
    for column in ([0], [1]):
        chosen = usual(InMemory(X), Y[:, column], LEARN, CHOOSE)
        fixed = ridge_at(chosen.penalties[0])(InMemory(X), Y[:, column], LEARN, LEARN)
        np.testing.assert_array_equal(fixed.penalties, chosen.penalties)
        np.testing.assert_allclose(fixed.coefficients, chosen.coefficients)
        chosen = usual.beside(InMemory(X), Y[:, column], W[:, column], LEARN, CHOOSE)
        fixed = ridge_at(chosen.penalties[0]).beside(
            InMemory(X), Y[:, column], W[:, column], LEARN, LEARN
        )
        np.testing.assert_allclose(fixed.predict(X, W[:, column]), chosen.predict(X, W[:, column]))


def test_a_given_penalty_is_the_same_for_all_columns() -> None:
    head = ridge_at(float(PENALTIES[7]))(InMemory(X), Y, LEARN, LEARN)
    assert head.penalties.tolist() == [PENALTIES[7]] * 2
    x = (X[LEARN] - X[LEARN].mean(axis=0)) / X[LEARN].std(axis=0)
    expected = np.linalg.solve(
        x.T @ x + PENALTIES[7] * np.eye(5), x.T @ (Y[LEARN] - Y[LEARN].mean(axis=0))
    )
    np.testing.assert_allclose(head.coefficients, expected)


@pytest.mark.parametrize(
    ("penalties", "middle"),
    [([3.0, 1, 2], 2), ([4.0, 1], 1), ([np.nan, 5], 5), ([np.nan], np.nan), ([], np.nan)],
)
def test_the_middle_is_one_of_those_that_were_chosen(penalties: list, middle: float) -> None:
    np.testing.assert_equal(middle_penalty(np.array(penalties)), middle)


def test_what_is_corrected_is_taken_from_the_labels() -> None:
    usual, start = head_fitter("ridge"), np.column_stack([W[:, 0], np.full(60, np.nan)])
    found = usual(InMemory(X), Y, LEARN, CHOOSE, Given(start=start))
    residuals = Y - np.column_stack([W[:, 0], np.zeros(60)])
    expected = usual(InMemory(X), residuals, LEARN, CHOOSE)
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    corrected = found.columns([0]).correcting().predict(X, W[:, [0]])
    np.testing.assert_allclose(corrected, expected.predict(X)[:, [0]] + W[:, [0]])
