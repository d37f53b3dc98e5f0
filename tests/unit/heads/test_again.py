import numpy as np
import pytest

from w2s_mol.errors import InputError
from w2s_mol.heads.again import Again, Remembering
from w2s_mol.heads.fitter import Given
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.penalties import PENALTIES

ROWS, CHOOSE = np.arange(20), np.arange(20, 30)


@pytest.fixture
def problem():
    generator = np.random.default_rng(0)
    return InMemory(generator.normal(size=(30, 4))), generator.normal(size=(30, 1))


def test_penalties_are_remembered_in_the_order_of_the_heads(problem) -> None:
    features, labels = problem
    usual = head_fitter("ridge")
    heads = Remembering(usual)
    beside = np.ones((30, 1))
    first = heads(features, labels, ROWS, CHOOSE)
    second = heads(features, 3 * labels, ROWS, CHOOSE, Given(beside=beside))
    assert heads.chosen == [first.penalties[0], second.penalties[0]]
    plain = usual(features, labels, ROWS, CHOOSE)
    np.testing.assert_array_equal(first.coefficients, plain.coefficients)


def test_each_head_has_the_middle_of_its_penalties(problem) -> None:
    features, labels = problem
    low, middle, high = PENALTIES[[3, 5, 8]]
    rule = Again([[low, high], [middle, high], [high, low]], head_fitter("ridge"))
    penalties = [rule(features, labels, ROWS, ROWS).penalties[0] for _ in range(2)]
    assert penalties == [middle, high]


def test_a_rule_without_penalties_is_used_as_it_is(problem) -> None:
    features, labels = problem
    ols = head_fitter("ols")
    head = Again([[float("nan")]], ols)(features, labels, ROWS, CHOOSE)
    np.testing.assert_array_equal(
        head.coefficients, ols(features, labels, ROWS, CHOOSE).coefficients
    )


def test_splits_with_other_numbers_of_heads_have_no_middle() -> None:
    with pytest.raises(InputError, match="other numbers of heads"):
        Again([[1.0], []], head_fitter("ridge"))


def test_more_heads_than_there_were_have_no_penalty(problem) -> None:
    features, labels = problem
    rule = Again([[1.0]], head_fitter("ridge"))
    rule(features, labels, ROWS, ROWS)
    with pytest.raises(InputError, match="or than on all labels"):
        rule(features, labels, ROWS, ROWS)
