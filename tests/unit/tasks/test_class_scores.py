"""Scores of probabilities, against scikit-learn, and what each molecule has in a ROC-AUC."""

import math

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    roc_auc_score,
)

from w2s_mol.heads.probability import logit
from w2s_mol.tasks.class_scores import (
    calibration_error,
    calibration_slope,
    of_each,
    placements,
    roc_auc,
)
from w2s_mol.tasks.registry import BINARY


def sample(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions with ties, none of them a half, and classes that go with them."""
    generator = np.random.default_rng(seed)
    sums = generator.normal(size=n)
    truth = (generator.random(n) < expit(sums)).astype(float)
    prediction = expit(sums + generator.normal(size=n)).round(1)
    return np.clip(np.where(prediction == 0.5, 0.55, prediction), 0.01, 0.99), truth


@pytest.mark.parametrize("seed", range(5))
def test_they_are_those_of_scikit_learn(seed: int) -> None:
    prediction, truth = sample(seed)
    found = BINARY.scored(prediction, truth)
    hard = prediction > 0.5
    expected = {
        "roc_auc": roc_auc_score(truth, prediction),
        "average_precision": average_precision_score(truth, prediction),
        "accuracy": accuracy_score(truth, hard),
        "balanced_accuracy": balanced_accuracy_score(truth, hard),
        "brier": brier_score_loss(truth, prediction),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_the_calibration_slope_is_that_of_an_unpenalised_logistic_fit(seed: int) -> None:
    prediction, truth = sample(seed)
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    fit.fit(logit(prediction)[:, None], truth)
    assert calibration_slope(prediction, truth) == pytest.approx(fit.coef_[0, 0], rel=1e-4)


@pytest.mark.parametrize(("too_sure", "slope"), [(1.0, 1.0), (2.0, 0.5), (0.5, 2.0)])
def test_the_slope_says_how_much_too_sure_predictions_are(too_sure: float, slope: float) -> None:
    generator = np.random.default_rng(0)
    sums = generator.normal(size=20_000)
    truth = (generator.random(20_000) < expit(sums)).astype(float)
    # A slope's standard error is 0.02 for the right predictions of so many molecules.
    assert calibration_slope(expit(too_sure * sums), truth) == pytest.approx(slope, rel=0.06)


@pytest.mark.parametrize(
    "prediction",
    [[0.5, 0.5, 0.5, 0.5], [0.1, 0.2, 0.8, 0.9], [0.9, 0.8, 0.2, 0.1], [0.1, 0.2, 0.2, 0.9]],
    ids=["nothing", "everything", "everything, the wrong way", "everything but a tie"],
)
def test_of_what_tells_nothing_or_everything_there_is_no_slope(prediction: list[float]) -> None:
    assert math.isnan(calibration_slope(np.array(prediction), np.array([0.0, 0.0, 1.0, 1.0])))


def test_of_predictions_that_are_all_but_alike_there_is_no_slope() -> None:
    prediction, truth = sample(0)
    assert math.isnan(calibration_slope(expit(1e-4 * logit(prediction)), truth))
    slope = calibration_slope(expit(1e-2 * logit(prediction)), truth)
    assert slope == pytest.approx(100 * calibration_slope(prediction, truth), rel=1e-3)


def test_one_molecule_on_the_wrong_side_is_enough_for_a_slope() -> None:
    prediction = np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.9])
    truth = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    assert 0 < calibration_slope(prediction, truth) < 2


def test_the_calibration_error_of_ten_bins_by_hand() -> None:
    """Bins hold as many molecules each: here two."""
    prediction = np.repeat(np.linspace(0.05, 0.95, 10), 2)
    truth = np.tile([0.0, 1.0], 10)
    by_hand = np.mean(np.abs(np.linspace(0.05, 0.95, 10) - 0.5))
    assert calibration_error(prediction, truth) == pytest.approx(by_hand)
    sorted_by_label = np.sort(truth)
    assert calibration_error(np.full(20, 0.5), sorted_by_label) == pytest.approx(0)
    tied = np.where(np.arange(100) < 50, 0.2, 0.8)
    assert calibration_error(tied, (np.arange(100) % 50 < 50 * tied).astype(float)) < 1e-12
    assert calibration_error(truth, truth) == 0


@pytest.mark.parametrize("score", BINARY.scores, ids=lambda score: score.name)
def test_no_score_depends_on_the_order_of_molecules(score) -> None:
    generator = np.random.default_rng(0)
    prediction = generator.choice([0.1, 0.4, 0.7], 60)
    truth = np.sort((generator.random(60) < prediction).astype(float))
    order = generator.permutation(60)
    assert score.of(prediction, truth) == pytest.approx(score.of(prediction[order], truth[order]))


def test_what_needs_both_classes_is_undefined_of_one() -> None:
    prediction = np.array([0.2, 0.7, 0.9])
    for truth in (np.zeros(3), np.ones(3)):
        found = BINARY.scored(prediction, truth)
        undefined = {name for name, value in found.items() if math.isnan(value)}
        assert undefined == {
            "roc_auc",
            "average_precision",
            "balanced_accuracy",
            "calibration_slope",
        }
        assert np.isnan(of_each(prediction, truth)).all()


def test_of_no_molecule_nothing_is_known() -> None:
    nothing = np.array([])
    assert all(math.isnan(value) for value in BINARY.scored(nothing, nothing).values())
    assert of_each(nothing, nothing).shape == (0,)


def ordered(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return 1, 0.5 or 0 for each pair of a positive and a negative molecule."""
    difference = prediction[truth == 1][:, None] - prediction[truth == 0]
    return (np.sign(difference) + 1) / 2


@pytest.mark.parametrize("seed", range(5))
def test_a_placement_is_the_share_of_the_other_class_ordered_right(seed: int) -> None:
    prediction, truth = sample(seed)
    pairs = ordered(prediction, truth)
    found = placements(prediction, truth)
    np.testing.assert_allclose(found[truth == 1], pairs.mean(axis=1))
    np.testing.assert_allclose(found[truth == 0], pairs.mean(axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_the_mean_is_the_area_and_the_spread_that_of_delong(seed: int) -> None:
    prediction, truth = sample(seed)
    each, pairs = of_each(prediction, truth), ordered(prediction, truth)
    assert each.mean() == pytest.approx(roc_auc(prediction, truth))
    positives, negatives = pairs.shape
    delong = pairs.mean(axis=1).var() / positives + pairs.mean(axis=0).var() / negatives
    assert each.var() / len(each) == pytest.approx(delong)


def test_the_spread_is_what_the_area_varies_by_from_sample_to_sample() -> None:
    areas, variances = [], []
    for seed in range(1500):
        prediction, truth = sample(seed, 150)
        areas.append(roc_auc(prediction, truth))
        variances.append(of_each(prediction, truth).var() / len(truth))
    # The variance of 1,500 draws has a standard error of 4 %.
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.12)


def test_the_spread_of_a_difference_is_that_of_a_paired_bootstrap() -> None:
    generator = np.random.default_rng(7)
    prediction, truth = sample(7, 300)
    other = np.clip(prediction + 0.2 * generator.normal(size=300), 0, 1)
    difference = of_each(other, truth) - of_each(prediction, truth)
    found = difference.var() / 300
    drawn = []
    for _ in range(1000):
        rows = generator.integers(300, size=300)
        drawn.append(roc_auc(other[rows], truth[rows]) - roc_auc(prediction[rows], truth[rows]))
    assert found == pytest.approx(np.var(drawn), rel=0.2)
