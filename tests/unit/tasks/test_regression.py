import math

import numpy as np
import pytest
from head_problems import Problem
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from w2s_mol.errors import InputError
from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.heads.rules import HeadSettings
from w2s_mol.tasks.contract import Predicted
from w2s_mol.tasks.registry import REGRESSION

values = arrays(np.float64, (4, 9), elements=st.floats(-50, 50))


def quantities(*rows: np.ndarray) -> dict[str, float]:
    """Measure truth, weak, student and ceiling."""
    return REGRESSION.measured(Predicted(*rows))


def test_the_quantities_of_a_case_done_by_hand() -> None:
    found = REGRESSION.measured(
        Predicted(
            truth=np.array([0.0, 0.0]),
            weak=np.array([2.0, 0.0]),
            w2s=np.array([1.0, 0.0]),
            ceiling=np.array([0.0, 1.0]),
        )
    )
    assert found == {
        "weak_error": 2.0,
        "w2s_error": 0.5,
        "misfit": 0.5,
        "ceiling_error": 0.5,
        "gain": 1.5,
        "bound": 1.5,
        "slack": 1.0,
        "slack_projection": 1.0,
        "slack_epsilon": 0.0,
        "pgr": 1.0,
    }
    assert tuple(found) == REGRESSION.names()


def test_the_terms_of_a_molecule_done_by_hand() -> None:
    predicted = Predicted(*(np.array([value]) for value in (1.0, 4.0, 3.0, 0.0)))
    assert {name: term.tolist() for name, term in REGRESSION.per_molecule(predicted).items()} == {
        "weak_error": [9.0],
        "w2s_error": [4.0],
        "misfit": [1.0],
        "ceiling_error": [1.0],
        "gain": [5.0],
        "bound": [8.0],
        "slack": [4.0],
        "slack_projection": [6.0],
        "slack_epsilon": [-2.0],
    }


@given(values)
def test_slack_is_twice_the_mean_product_of_the_two_steps(rows: np.ndarray) -> None:
    truth, weak, w2s, ceiling = rows
    found = quantities(truth, weak, w2s, ceiling)
    expected = 2 * np.mean((w2s - truth) * (weak - w2s))
    assert found["slack"] == pytest.approx(expected, abs=1e-9)
    assert found["bound"] - found["w2s_error"] == pytest.approx(found["slack"], abs=1e-9)


@given(values)
def test_slack_is_the_sum_of_its_two_parts(rows: np.ndarray) -> None:
    found = quantities(*rows)
    parts = found["slack_projection"] + found["slack_epsilon"]
    assert found["slack"] == pytest.approx(parts, abs=1e-9)


@given(values)
def test_the_part_in_epsilon_is_bounded_by_ceiling_error_and_misfit(rows: np.ndarray) -> None:
    """Theorem 2's term, by Cauchy and Schwarz."""
    found = quantities(*rows)
    bound = 2 * math.sqrt(found["ceiling_error"] * found["misfit"])
    assert abs(found["slack_epsilon"]) <= bound * (1 + 1e-12) + 1e-12


@given(values)
def test_a_ceiling_that_is_the_truth_leaves_nothing_in_epsilon(rows: np.ndarray) -> None:
    truth, weak, w2s, _ = rows
    found = quantities(truth, weak, w2s, truth)
    assert found["slack_epsilon"] == 0
    assert found["slack_projection"] == pytest.approx(found["slack"], abs=1e-9)


@given(values)
def test_pgr_is_undefined_exactly_where_there_is_nothing_to_recover(rows: np.ndarray) -> None:
    found = quantities(*rows)
    assert math.isnan(found["pgr"]) == (found["ceiling_error"] >= found["weak_error"])


@given(values)
def test_several_supervisors_are_measured_as_each_alone(rows: np.ndarray) -> None:
    """Their terms are of shape (n, k)."""
    both = REGRESSION.per_molecule(Predicted(*(np.stack([row, row[::-1]], 1) for row in rows)))
    alone = REGRESSION.per_molecule(Predicted(*rows))
    for name, term in alone.items():
        np.testing.assert_array_equal(both[name], np.stack([term, term[::-1]], axis=1))


def fitted(strong: np.ndarray, *labels: np.ndarray) -> np.ndarray:
    """Return what unpenalised heads predict for the molecules that they learnt from."""
    rows = np.arange(len(strong))
    return fit_ols(InMemory(strong), np.column_stack(labels), rows, rows).predict(strong).T


@given(st.integers(0, 1000))
def test_theorem_1_holds_where_the_student_is_the_projection(seed: int) -> None:
    """Realizable truth, unpenalised student, errors on its own molecules: slack is never < 0."""
    generator = np.random.default_rng(seed)
    strong = generator.normal(size=(50, 5))
    truth = strong @ generator.normal(size=5) + 1
    weak = generator.normal(size=50)
    [student] = fitted(strong, weak)
    found = quantities(truth, weak, student, truth)
    assert found["slack"] == pytest.approx(0, abs=1e-9)
    assert found["gain"] == pytest.approx(found["misfit"], abs=1e-9)


@given(st.integers(0, 1000))
def test_only_epsilon_is_left_where_the_student_is_the_projection(seed: int) -> None:
    """Truth that no head reaches: the student's residual is orthogonal to every head."""
    generator = np.random.default_rng(seed)
    strong = generator.normal(size=(50, 5))
    truth, weak = generator.normal(size=(2, 50))
    student, ceiling = fitted(strong, weak, truth)
    found = quantities(truth, weak, student, ceiling)
    assert found["slack_projection"] == pytest.approx(0, abs=1e-9)
    assert found["slack"] == pytest.approx(found["slack_epsilon"], abs=1e-9)
    assert abs(found["slack"]) > 1e-6


@pytest.mark.parametrize(
    ("unit", "words"),
    [("log10", "(log10)^2"), ("kcal/mol", "(kcal/mol)^2"), ("", "squared label units"),
     ("  ", "squared label units")],
)  # fmt: skip
def test_errors_are_in_the_square_of_the_labels_unit(unit: str, words: str) -> None:
    assert REGRESSION.error_unit(unit) == words


def test_heads_are_fitted_by_the_rules_of_least_squares() -> None:
    generator = np.random.default_rng(0)
    made = Problem(
        InMemory(generator.normal(size=(30, 3))), generator.normal(size=(30, 2)),
        np.arange(20), np.arange(20, 30),
    )  # fmt: skip
    for rule, fit in (("ridge", fit_ridge), ("ols", fit_ols)):
        found = REGRESSION.fitter(HeadSettings(rule))(*made)
        np.testing.assert_array_equal(found.coefficients, fit(*made).coefficients)
    with pytest.raises(InputError, match="lasso"):
        REGRESSION.fitter(HeadSettings("lasso"))  # type: ignore[arg-type]
