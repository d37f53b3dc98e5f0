"""Sets of classes, and how they stand in a file."""

import math

import numpy as np
import pytest

from w2s_mol.prediction.intervals import half_width, prediction_sets
from w2s_mol.prediction.reach import reach_of

WORDS = ("inactive", "active")
NEAR_AND_FAR = np.array([0.05, 0.45, 0.5, 0.55, 0.95])


@pytest.mark.parametrize(
    ("half", "said"),
    [
        (0.3, ["inactive", "none", "none", "none", "active"]),
        (0.5, ["inactive", "inactive", "inactive or active", "active", "active"]),
        (0.6, ["inactive", *["inactive or active"] * 3, "active"]),
        (0.0, ["none"] * 5),
        (1.0, ["inactive or active"] * 5),
    ],
)
def test_a_class_is_in_the_set_if_it_is_no_farther_than_half_the_width(
    half: float, said: list[str]
) -> None:
    _, sets = reach_of(WORDS).columns(NEAR_AND_FAR, half)
    assert sets.to_pylist() == said


def test_the_likelier_class_is_said_by_its_word_whatever_the_width() -> None:
    for half in (0.1, math.inf):
        likelier, _ = reach_of(WORDS).columns(NEAR_AND_FAR, half)
        assert likelier.to_pylist() == ["inactive"] * 3 + ["active"] * 2


def test_nothing_is_said_of_what_has_no_prediction_or_too_few_misses() -> None:
    likelier, sets = reach_of(WORDS).columns(np.array([np.nan, 0.9]), 0.3)
    assert (likelier.to_pylist(), sets.to_pylist()) == ([None, "active"], [None, "active"])
    _, sets = reach_of(WORDS).columns(np.array([0.9]), math.inf)
    assert sets.to_pylist() == [None]


@pytest.mark.parametrize("n", [20, 59, 200])
def test_sets_hold_the_class_as_often_as_promised(n: int) -> None:
    """Whatever the probabilities are worth: here they are wrong, and too sure."""
    generator = np.random.default_rng(2)
    true = generator.random((4000, 2 * n))
    classes = (generator.random(true.shape) < true).astype(int)
    said = true**3
    inside = []
    for p, y in zip(said, classes, strict=True):
        half = half_width([np.abs(p[:n] - y[:n]).astype(np.float32)], n)
        inside.append(prediction_sets(p[n:], half)[np.arange(n), y[n:]].mean())
    assert np.mean(inside) == pytest.approx(math.ceil((n + 1) * 0.9) / (n + 1), abs=0.004)


def test_probabilities_that_recur_are_as_far_as_what_was_missed() -> None:
    """Misses are kept in single precision, in which 0.9 is less than in double."""
    misses = np.abs(np.full(50, 0.9) - 0).astype(np.float32)
    assert float(misses[0]) < 0.9
    assert prediction_sets(np.array([0.9]), half_width([misses], 50)).all()


def test_numbers_have_an_interval() -> None:
    lower, upper = reach_of(None).columns(np.array([1.0, np.nan]), 0.5)
    assert (lower.to_pylist(), upper.to_pylist()) == ([0.5, None], [1.5, None])


@pytest.mark.parametrize(
    ("words", "half", "said"),
    [
        (None, 0.5, "lower and upper are the prediction -/+ 0.5: of molecules like the 40"),
        (None, math.inf, "40 validation molecules are too few for an interval"),
        (WORDS, 0.3, "probability of active, prediction_set the classes within 0.3 of it, 'none'"),
        (WORDS, 0.7, "within 0.7 of it, 'inactive or active' in between"),
        (WORDS, 0.7, "of the rarer one it can be far fewer"),
        (WORDS, math.inf, "40 validation molecules are too few for a prediction_set"),
        (("0", "1"), 0.7, "prediction is the probability of class 1,"),
    ],
)
def test_what_they_are_worth_is_said(words: tuple[str, str] | None, half: float, said: str) -> None:
    assert said in reach_of(words).promise(half, 40, "molecules")
