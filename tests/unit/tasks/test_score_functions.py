"""Scores that readers know, against scikit-learn and scipy."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from w2s_mol.tasks import scores
from w2s_mol.tasks.registry import REGRESSION, TASKS

TRUTH = np.array([1.0, 2.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize("seed", range(3))
def test_they_are_those_of_scikit_learn_and_scipy(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=40).round(1)  # with ties
    prediction = truth + generator.normal(size=40).round(1)
    assert REGRESSION.scored(prediction, truth) == pytest.approx(
        {
            "rmse": root_mean_squared_error(truth, prediction),
            "mae": mean_absolute_error(truth, prediction),
            "r2": r2_score(truth, prediction),
            "spearman": spearmanr(truth, prediction).statistic,
        }
    )


def test_by_hand() -> None:
    prediction = np.array([1.0, 2.0, 2.0, 4.0, 6.0])
    assert scores.rmse(prediction, TRUTH) == pytest.approx(math.sqrt(4 / 5))
    assert scores.mae(prediction, TRUTH) == pytest.approx(2 / 5)
    assert scores.r2(prediction, TRUTH) == pytest.approx(1 - 4 / 31.2)
    assert scores.spearman(prediction, TRUTH) == pytest.approx(1.0)
    assert scores.spearman(-prediction, TRUTH) == pytest.approx(-1.0)


def test_what_is_constant_has_no_rank_correlation() -> None:
    constant = np.full(5, TRUTH.mean())
    assert math.isnan(scores.spearman(constant, TRUTH))
    assert math.isnan(scores.spearman(TRUTH, constant))
    assert scores.r2(constant, TRUTH) == pytest.approx(0)
    assert math.isnan(scores.r2(TRUTH, constant))


def test_of_no_molecule_nothing_is_known() -> None:
    nothing = np.array([])
    assert all(math.isnan(value) for value in REGRESSION.scored(nothing, nothing).values())


def test_every_score_has_a_name_of_its_own_and_words() -> None:
    for task in TASKS.values():
        names = [score.name for score in task.scores]
        assert len({*names}) == len(names) > 0
        assert all(n.isidentifier() for n in names)
        assert all(score.words.strip() and score.what.strip() for score in task.scores)
