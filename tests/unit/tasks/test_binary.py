import math
from math import log

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from w2s_mol.errors import InputError
from w2s_mol.heads.logistic import fit_logistic
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.probability import LEAST, probability
from w2s_mol.heads.rules import HeadSettings
from w2s_mol.tasks.contract import Predicted
from w2s_mol.tasks.registry import BINARY


def predicted(seed: int, n: int = 40) -> Predicted:
    """Return classes, and predictions of a tenth that many of them share."""
    generator = np.random.default_rng(seed)
    truth = (generator.random(n) < 0.4).astype(float)
    truth[:2] = 0, 1
    weak, w2s, ceiling = np.clip(generator.random((3, n)).round(1), 0.05, 0.95)
    return Predicted(truth, weak, w2s, ceiling)


def test_the_quantities_of_a_case_done_by_hand() -> None:
    found = BINARY.measured(
        Predicted(
            truth=np.array([1.0, 0.0]),
            weak=np.array([0.5, 0.5]),
            w2s=np.array([0.8, 0.5]),
            ceiling=np.array([0.8, 0.2]),
        )
    )
    misfit = 0.8 * log(0.8 / 0.5) + 0.2 * log(0.2 / 0.5)
    weak_error, w2s_error, ceiling_error = log(2), (log(2) - log(0.8)) / 2, -log(0.8)
    gain = weak_error - w2s_error
    expected = {
        "weak_error": weak_error,
        "w2s_error": w2s_error,
        "misfit": misfit / 2,
        "ceiling_error": ceiling_error,
        "gain": gain,
        "bound": weak_error - misfit / 2,
        "slack": gain - misfit / 2,
        "slack_projection": 0,  # the student gives the ceiling's probability where it moved
        "slack_epsilon": log(4) * 0.2 / 2,
        "misfit_forward": 0.5 * (log(0.5 / 0.8) + log(0.5 / 0.2)) / 2,
        "weak_roc_auc": 0.5,
        "w2s_roc_auc": 1.0,
        "ceiling_roc_auc": 1.0,
        "gain_roc_auc": 0.5,
        "brier_weak_error": 0.25,
        "brier_w2s_error": (0.04 + 0.25) / 2,
        "brier_misfit": 0.09 / 2,
        "brier_ceiling_error": 0.04,
        "brier_gain": 0.25 - 0.145,
        "brier_bound": 0.25 - 0.045,
        "brier_slack": 0.06,
        "brier_slack_projection": 0,
        "brier_slack_epsilon": 2 * 0.3 * 0.2 / 2,
        "pgr": gain / (weak_error - ceiling_error),
        "pgr_roc_auc": 1.0,
    }
    assert found == pytest.approx(expected)
    assert tuple(found) == BINARY.names()


def test_the_loss_is_the_divergence_of_truth_and_prediction() -> None:
    """Of a class the log loss of scikit-learn, of a probability what is lost beside itself."""
    truth, prediction = np.array([1.0, 0.0, 0.3]), np.array([0.8, 0.8, 0.3])
    assert BINARY.loss(prediction, truth) == pytest.approx([-log(0.8), -log(0.2), 0])
    of = predicted(0)
    assert BINARY.loss(of.weak, of.truth).mean() == pytest.approx(log_loss(of.truth, of.weak))
    assert BINARY.error_unit("mol/L") == "nats"


@pytest.mark.parametrize("seed", range(8))
def test_errors_and_areas_are_those_of_scikit_learn(seed: int) -> None:
    of = predicted(seed)
    found = BINARY.measured(of)
    for name, prediction in (("weak", of.weak), ("w2s", of.w2s), ("ceiling", of.ceiling)):
        assert found[f"{name}_error"] == pytest.approx(log_loss(of.truth, prediction))
        assert found[f"brier_{name}_error"] == pytest.approx(brier_score_loss(of.truth, prediction))
        assert found[f"{name}_roc_auc"] == pytest.approx(roc_auc_score(of.truth, prediction))
    areas = found["w2s_roc_auc"] - found["weak_roc_auc"]
    assert found["gain_roc_auc"] == pytest.approx(areas)


def test_of_one_class_there_are_errors_and_no_area() -> None:
    of = predicted(0)
    ones = Predicted(np.ones(len(of.truth)), of.weak, of.w2s, of.ceiling)
    found = BINARY.measured(ones)
    undefined = {name for name, value in found.items() if math.isnan(value)}
    areas = {name for name in found if name.endswith("roc_auc")}
    assert undefined - {"pgr"} == areas
    assert found["weak_error"] == pytest.approx(-np.log(of.weak).mean())


def test_molecules_of_which_the_supervisor_says_nothing_count_in_nobodys_area() -> None:
    """Neither as themselves nor as others that are ordered beside them."""
    of = predicted(3)
    said = np.random.default_rng(0).random(len(of.truth)) < 0.7
    silent = Predicted(of.truth, np.where(said, of.weak, np.nan), of.w2s, of.ceiling)
    terms = BINARY.per_molecule(silent)
    for name, prediction in (("weak", of.weak), ("w2s", of.w2s), ("ceiling", of.ceiling)):
        each = terms[f"{name}_roc_auc"]
        assert np.isnan(each).tolist() == (~said).tolist()
        expected = roc_auc_score(of.truth[said], prediction[said])
        assert each[said].mean() == pytest.approx(expected)
    rest = Predicted(of.truth[said], of.weak[said], of.w2s[said], of.ceiling[said])
    assert BINARY.measured(silent) == pytest.approx(BINARY.measured(rest), nan_ok=True)


def test_several_supervisors_are_measured_as_each_alone() -> None:
    one, other = predicted(1), predicted(2)
    weak = np.stack([one.weak, np.where(other.weak > 0.9, np.nan, other.weak)], axis=1)
    w2s = np.stack([one.w2s, other.w2s], axis=1)
    ceiling = np.stack([one.ceiling, other.ceiling], axis=1)
    both = BINARY.per_molecule(Predicted(one.truth[:, None], weak, w2s, ceiling))
    for column in range(2):
        alone = BINARY.per_molecule(
            Predicted(one.truth, weak[:, column], w2s[:, column], ceiling[:, column])
        )
        for name, term in alone.items():
            np.testing.assert_array_equal(both[name][:, column], term)


def test_scores_are_of_every_model_and_the_gap_that_is_recovered() -> None:
    of = predicted(4)
    beside = {"direct": of.ceiling}
    found = BINARY.scores_of(Predicted(of.truth, of.weak, of.w2s, of.ceiling, beside))
    assert tuple(found) == BINARY.score_names()
    assert not {*found} & {*BINARY.names()}
    assert found["direct_brier"] == found["ceiling_brier"]
    values = {model: BINARY.scored(getattr(of, model), of.truth) for model in ("weak", "w2s")}
    assert found["w2s_accuracy"] == values["w2s"]["accuracy"]
    assert found["weak_calibration_slope"] == values["weak"]["calibration_slope"]


def test_weak_labels_are_probabilities_that_a_head_can_give() -> None:
    labels = np.array([0.0, 1.0, 0.3, np.nan])
    np.testing.assert_array_equal(BINARY.said(labels, "me"), [LEAST, 1 - LEAST, 0.3, np.nan])
    for worst in (1.5, -0.2):
        with pytest.raises(InputError, match=rf"me says {worst}.*probabilities from 0 to 1"):
            BINARY.said(np.array([0.5, worst, np.nan]), "me")


def test_students_are_taught_probabilities_or_the_likelier_class() -> None:
    weak = np.array([0.2, 0.5, 0.7, np.nan])
    np.testing.assert_array_equal(BINARY.taught(weak, "probabilities"), weak)
    np.testing.assert_array_equal(BINARY.taught(weak, "classes"), [0, 0, 1, np.nan])


def test_ridge_heads_of_classes_are_logistic() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(40, 3))
    labels = probability(x[:, :2])
    made = (InMemory(x), labels, np.arange(25), np.arange(25, 40))
    found = BINARY.fitter(HeadSettings("ridge"))(*made)
    np.testing.assert_array_equal(found.predict(x), fit_logistic(*made).predict(x))
