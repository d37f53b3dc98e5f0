from typing import get_args

import numpy as np
import pytest
from head_problems import problem
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol.errors import InputError
from w2s_mol.heads.descent import fit_adamw
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.mlp import fit_mlp
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.heads.rules import HeadRule

RULES = {*get_args(HeadRule)} - {"mixture"}
"""Those of numbers: a mean of linear heads is a linear head."""


def test_each_rule_has_its_fit() -> None:
    made = problem(40, 4, 2)
    fits = {
        "ridge": fit_ridge,
        "ols": fit_ols,
        "adamw": lambda *given: fit_adamw(*given, epochs=2, seed=7),
        "mlp": lambda *given: fit_mlp(*given, width=3, seed=7),
    }
    assert set(fits) == RULES
    for rule, fit in fits.items():
        found = head_fitter(rule, epochs=2, width=3, seed=7)(*made)
        np.testing.assert_array_equal(found.predict(made.z), fit(*made).predict(made.z))


@settings(deadline=None, max_examples=25)
@given(n=st.integers(12, 40), d=st.integers(1, 50), seed=st.integers(0, 10_000))
def test_columns_fitted_together_are_as_fitted_alone(n: int, d: int, seed: int) -> None:
    made = problem(n, d, 3, seed)
    for fit in (fit_ridge, fit_ols):
        together = fit(*made).predict(made.z)
        alone = [fit(*made._replace(labels=made.labels[:, [k]])).predict(made.z) for k in range(3)]
        np.testing.assert_allclose(together, np.hstack(alone), atol=1e-8)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_label_of_other_molecules_is_read(rule: str) -> None:
    """Their labels are NaN in what supervisors and students are shown."""
    made = problem(40, 4, 1)
    learn, rest = made.learn[:20], made.learn[20:]
    shown = made.labels.copy()
    shown[rest] = np.nan
    fit = head_fitter(rule, epochs=2)  # type: ignore[arg-type]
    found = fit(made.features, shown, learn, made.choose).predict(made.z)
    expected = fit(made.features, made.labels, learn, made.choose).predict(made.z)
    np.testing.assert_array_equal(found, expected)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(InputError, match="adamw, mlp, ols, ridge"):
        head_fitter("lasso")  # type: ignore[arg-type]
