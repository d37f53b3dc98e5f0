import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from w2s_mol.heads.linear import fit_ols
from w2s_mol.heads.metrics import QUANTITIES, weak_to_strong_quantities

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
