import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from w2s_mol.heads.metrics import QUANTITIES, weak_to_strong_quantities

from w2s_mol.heads.linear import fit_ols

values = arrays(np.float64, (4, 9), elements=st.floats(-50, 50))


def test_the_quantities_of_a_case_done_by_hand() -> None:
    found = weak_to_strong_quantities(
        truth=np.array([0.0, 0.0]),
        weak=np.array([2.0, 0.0]),
        w2s=np.array([1.0, 0.0]),
        ceiling=np.array([0.0, 1.0]),
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
    assert tuple(found) == QUANTITIES


@given(values)
def test_slack_is_twice_the_mean_product_of_the_two_steps(rows: np.ndarray) -> None:
    truth, weak, w2s, ceiling = rows
    found = weak_to_strong_quantities(truth, weak, w2s, ceiling)
    expected = 2 * np.mean((w2s - truth) * (weak - w2s))
    assert found["slack"] == pytest.approx(expected, abs=1e-9)
    assert found["bound"] - found["w2s_error"] == pytest.approx(found["slack"], abs=1e-9)


@given(values)
def test_slack_is_the_sum_of_its_two_parts(rows: np.ndarray) -> None:
    found = weak_to_strong_quantities(*rows)
    parts = found["slack_projection"] + found["slack_epsilon"]
    assert found["slack"] == pytest.approx(parts, abs=1e-9)


@given(values)
def test_the_part_in_epsilon_is_bounded_by_ceiling_error_and_misfit(rows: np.ndarray) -> None:
    """Theorem 2's term, by Cauchy and Schwarz."""
    found = weak_to_strong_quantities(*rows)
    bound = 2 * math.sqrt(found["ceiling_error"] * found["misfit"])
    assert abs(found["slack_epsilon"]) <= bound * (1 + 1e-12) + 1e-12


@given(values)
def test_a_ceiling_that_is_the_truth_leaves_nothing_in_epsilon(rows: np.ndarray) -> None:
    truth, weak, w2s, _ = rows
    found = weak_to_strong_quantities(truth, weak, w2s, truth)
    assert found["slack_epsilon"] == 0
    assert found["slack_projection"] == pytest.approx(found["slack"], abs=1e-9)


@given(values)
def test_pgr_is_undefined_exactly_where_there_is_nothing_to_recover(rows: np.ndarray) -> None:
    found = weak_to_strong_quantities(*rows)
    assert math.isnan(found["pgr"]) == (found["ceiling_error"] >= found["weak_error"])


@given(st.integers(0, 1000))
def test_theorem_1_holds_where_the_student_is_the_projection(seed: int) -> None:
    """Realizable truth, unpenalised student, errors on its own molecules: slack is never < 0."""
    generator = np.random.default_rng(seed)
    strong = generator.normal(size=(50, 5))
    truth = strong @ generator.normal(size=5) + 1
    weak = generator.normal(size=50)
    student = fit_ols(strong, weak[:, None]).predict(strong)[:, 0]
    found = weak_to_strong_quantities(truth, weak, student, truth)
    assert found["slack"] == pytest.approx(0, abs=1e-9)
    assert found["gain"] == pytest.approx(found["misfit"], abs=1e-9)


@given(st.integers(0, 1000))
def test_only_epsilon_is_left_where_the_student_is_the_projection(seed: int) -> None:
    """Truth that no head reaches: the student's residual is orthogonal to every head."""
    generator = np.random.default_rng(seed)
    strong = generator.normal(size=(50, 5))
    truth, weak = generator.normal(size=(2, 50))
    student, ceiling = fit_ols(strong, np.column_stack([weak, truth])).predict(strong).T
    found = weak_to_strong_quantities(truth, weak, student, ceiling)
    assert found["slack_projection"] == pytest.approx(0, abs=1e-9)
    assert found["slack"] == pytest.approx(found["slack_epsilon"], abs=1e-9)
    assert abs(found["slack"]) > 1e-6
