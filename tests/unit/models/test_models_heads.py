"""Heads that are kept: as arrays and back, and the one that predicts what several do on average."""

from dataclasses import replace

import numpy as np
import pytest

from w2s_mol.heads.linear import LinearHead, Scaler
from w2s_mol.heads.mixture import MixtureHead
from w2s_mol.models.heads import ARRAYS, KeptHead, arrays_of, head_of, mean_of_heads

GENERATOR = np.random.default_rng(0)
N = 20


def scaler(d: int) -> Scaler:
    return Scaler(GENERATOR.normal(size=d), GENERATOR.uniform(0.5, 2, d))


def linear(d: int, link: str = "logistic", slopes: bool = False) -> LinearHead:
    numbers = GENERATOR.normal(size=1) if slopes else None
    return LinearHead(
        scaler(d), GENERATOR.normal(size=(d, 1)), GENERATOR.normal(size=1), np.array([0.3]),
        numbers, link,
    )  # fmt: skip


def mixture(d: int, m: int = 3, slopes: bool = False) -> MixtureHead:
    shares = GENERATOR.dirichlet(np.ones(m))[None]
    numbers = GENERATOR.normal(size=(1, m)) if slopes else None
    return MixtureHead(
        scaler(d), GENERATOR.normal(size=(1, d, m)), GENERATOR.normal(size=(1, m)), shares,
        np.array([0.3]), numbers,
    )  # fmt: skip


KINDS = {
    "numbers": linear(4, "identity"),
    "numbers, one beside": linear(4, "identity", slopes=True),
    "classes": linear(4),
    "classes, one beside": linear(4, slopes=True),
    "mixture": mixture(4),
    "mixture, one beside": mixture(4, slopes=True),
    "mixture of one": mixture(4, 1),
}


@pytest.mark.parametrize("head", KINDS.values(), ids=KINDS)
def test_a_head_is_the_same_after_it_was_arrays(head: KeptHead) -> None:
    arrays = arrays_of(head)
    assert {*arrays} == {*ARRAYS, "penalty"}
    assert all(array.ndim == 1 for array in arrays.values())
    found = head_of(arrays, head.scaler)
    assert type(found) is type(head)
    assert found.link == head.link
    np.testing.assert_array_equal(found.penalties, head.penalties)
    x = GENERATOR.normal(size=(N, 4))
    beside = GENERATOR.random((N, 1))
    np.testing.assert_array_equal(found.predict(x, beside), head.predict(x, beside))
    np.testing.assert_array_equal(found.predict(x), head.predict(x))


def test_a_column_of_many_is_kept_alone() -> None:
    both = MixtureHead(
        scaler(3), GENERATOR.normal(size=(2, 3, 4)), GENERATOR.normal(size=(2, 4)),
        GENERATOR.dirichlet(np.ones(4), size=2), np.array([1.0, 2.0]),
    )  # fmt: skip
    x = GENERATOR.normal(size=(N, 3))
    found = head_of(arrays_of(both.columns([1])), both.scaler)
    np.testing.assert_allclose(found.predict(x)[:, 0], both.predict(x)[:, 1])
    assert found.penalties.tolist() == [2.0]


@pytest.mark.parametrize(
    "heads",
    [
        [linear(3), linear(5)],
        [mixture(3), mixture(2, 2)],
        [linear(3), mixture(2), linear(4), mixture(1, 4)],
        [linear(3, "identity"), linear(4, "identity")],
        [mixture(3)],
    ],
    ids=["classes", "mixtures", "both", "numbers", "one"],
)
def test_the_mean_of_heads_predicts_the_mean_of_what_each_does(heads: list[KeptHead]) -> None:
    features = [GENERATOR.normal(size=(N, len(head.scaler.mean))) for head in heads]
    expected = np.mean([h.predict(x) for h, x in zip(heads, features, strict=True)], axis=0)
    found = mean_of_heads(heads)
    np.testing.assert_allclose(found.predict(np.hstack(features)), expected, rtol=1e-9)
    assert np.isnan(found.penalties).all()
    again = head_of(arrays_of(found), found.scaler)
    np.testing.assert_array_equal(
        again.predict(np.hstack(features)), found.predict(np.hstack(features))
    )


def test_the_mean_of_probabilities_is_that_of_no_logistic_head() -> None:
    """Its logit is not the mean of theirs: it takes a mixture to predict it."""
    heads = [linear(3), linear(3)]
    x = GENERATOR.normal(size=(N, 6))
    found = mean_of_heads(heads)
    assert isinstance(found, MixtureHead)
    joint = replace(heads[0], scaler=found.scaler,
                    coefficients=np.concatenate([h.coefficients for h in heads]) / 2,
                    intercepts=np.mean([h.intercepts for h in heads], axis=0))  # fmt: skip
    assert not np.allclose(found.predict(x), joint.predict(x), atol=1e-3)


def test_numbers_and_probabilities_have_no_mean_head() -> None:
    assert mean_of_heads([linear(3), linear(3, "identity")]) is None
    assert mean_of_heads([mixture(3), linear(3, "identity")]) is None


def test_arrays_of_another_length_are_no_head() -> None:
    arrays = arrays_of(mixture(4))
    with pytest.raises(ValueError, match="reshape"):
        head_of({**arrays, "coefficients": arrays["coefficients"][:-1]}, scaler(4))
    with pytest.raises(KeyError):
        head_of({name: array for name, array in arrays.items() if name != "shares"}, scaler(4))
