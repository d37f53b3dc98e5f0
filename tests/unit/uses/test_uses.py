"""What is made of a supervisor's labels, against heads fitted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from taught_by_arrays import Says, student

from w2s_mol.datasets.examples import Examples
from w2s_mol.heads.fitter import Given
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import InMemory
from w2s_mol.students.contract import Teaching
from w2s_mol.tasks.registry import REGRESSION
from w2s_mol.uses.contract import Known, Made
from w2s_mol.uses.corrected import WEIGHTS
from w2s_mol.uses.registry import USES

RIDGE, OLS = head_fitter("ridge"), head_fitter("ols")
N = 90
GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.normal(size=(N, 6))
TRUTH = FEATURES @ GENERATOR.normal(size=6) + GENERATOR.normal(size=N)
WEAK = TRUTH[:, None] + GENERATOR.normal(size=(N, 2)) * [0.5, 2.0] + 1
ROWS = np.arange(N)
LABELLED, TAUGHT, JUDGED, TEST = ROWS[:20], ROWS[10:50], ROWS[50:70], ROWS[70:]


def known() -> Known:
    had = np.where(np.isin(ROWS, [*LABELLED, *JUDGED]), TRUTH, np.nan)
    of_student = np.where(np.isin(ROWS, [*TAUGHT, *JUDGED]), TRUTH, np.nan)
    read = np.union1d(JUDGED, TEST)
    rows = (LABELLED, JUDGED, TAUGHT, JUDGED, read, ROWS)
    return Known(WEAK, WEAK, had, of_student, *rows, REGRESSION.loss)


def made(use: str, of: Known | None = None, fit=RIDGE) -> Made:
    of = of or known()
    teaching = Teaching(Examples(["C"] * N), [Says(TRUTH), Says(TRUTH)], fit)
    exercises = USES[use].exercises(of)
    return USES[use].made(of, student(FEATURES).learn(teaching, exercises))


def by_hand(labels: np.ndarray, learn: np.ndarray, fit=RIDGE) -> np.ndarray:
    return fit(InMemory(FEATURES), labels, learn, JUDGED).predict(FEATURES)


def test_each_use_reads_the_labels_that_it_says() -> None:
    truth = np.tile(TRUTH[:, None], (1, 2))
    expected = {
        "w2s": by_hand(WEAK, TAUGHT),
        "ceiling": by_hand(truth, TAUGHT),
        "direct": by_hand(truth, LABELLED),
        "delta": WEAK + by_hand(truth - WEAK, LABELLED),
        "mean": np.full((N, 2), TRUTH[LABELLED].mean()),
    }
    for use, predictions in expected.items():
        found = made(use).predictions
        np.testing.assert_allclose(found[TEST], predictions[TEST], atol=1e-9)
        everywhere = use in ("w2s", "ceiling")
        assert np.isfinite(found[ROWS if everywhere else TEST]).all()
        assert everywhere or np.isnan(found[TAUGHT]).all()


def test_stack_is_a_head_with_one_feature_more() -> None:
    found = made("stack").predictions
    for column in range(2):
        more = np.column_stack([FEATURES, WEAK[:, column]])
        head = RIDGE(InMemory(more), TRUTH[:, None], LABELLED, JUDGED)
        np.testing.assert_allclose(found[TEST, column], head.predict(more)[TEST, 0], rtol=1e-8)


def test_both_fits_each_label_with_its_weight_and_takes_the_weight_best_on_true_labels() -> None:
    found = made("both", fit=OLS)
    for column in range(2):
        tried = {}
        for weight in WEIGHTS:
            # Every label is a row of its own: true ones first, then weak ones.
            x = np.vstack([FEATURES[LABELLED], FEATURES[TAUGHT], FEATURES])
            y = np.concatenate([TRUTH[LABELLED], WEAK[TAUGHT, column], TRUTH])
            of_rows = np.repeat([1.0, weight], [len(LABELLED), len(TAUGHT)])
            rows = np.arange(len(of_rows))
            head = OLS(InMemory(x), y[:, None], rows, rows, Given(of_rows))
            tried[weight] = head.predict(FEATURES)[:, 0]
        best = min(tried, key=lambda w: np.mean((tried[w][JUDGED] - TRUTH[JUDGED]) ** 2))
        np.testing.assert_allclose(found.predictions[TEST, column], tried[best][TEST], rtol=1e-8)


def test_where_a_supervisor_says_nothing_a_use_has_nothing_or_the_true_labels() -> None:
    weak = WEAK.copy()
    weak[[*LABELLED[:5], TEST[0]], 0] = np.nan
    weak[[*LABELLED, *JUDGED], 1] = np.nan
    of = replace(known(), weak=weak, taught_weak=weak)
    for use in ("delta", "stack"):
        found = made(use, of).predictions
        assert np.isnan(found[TEST[0], 0])
        assert np.isfinite(found[TEST[1:], 0]).all()
        assert np.isnan(found[:, 1]).all()
    assert np.isfinite(made("both", of).predictions[TEST]).all()
    np.testing.assert_array_equal(
        made("direct", of).predictions, made("direct", known()).predictions
    )


@pytest.mark.parametrize("use", list(USES))
def test_a_model_predicts_what_its_use_does(use: str) -> None:
    found = made(use)
    assert len(found.models) == (0 if use == "mean" else 2)
    for column, model in enumerate(found.models):
        weak = WEAK[TEST, column]
        beside = weak[:, None] if model.head.slopes is not None else None
        of_model = model.head.predict(FEATURES[TEST], beside)[:, 0]
        np.testing.assert_allclose(of_model, found.predictions[TEST, column], atol=1e-9)
