"""What cannot be compared is never chosen, and what has no name is not lost."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.errors import InputError
from w2s_mol.selection.formats import as_json, as_latex
from w2s_mol.selection.tables import StudySelection, selection_table, selections


def spoilt(value: float, column: str, part: str, splits: int = 1) -> pd.DataFrame:
    """Results of four supervisors; the one of the best errors is spoilt in some splits."""
    results, _ = crafted().tables()
    best = results["weak"] == "weak-h8-s0"
    where = best & (results["eval_split"] == part) & results["split"].isin(["0", "1"][:splits])
    return results.assign(**{column: results[column].mask(where, value)})


def select(results: pd.DataFrame) -> StudySelection:
    [found] = selections(results)
    return found


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("column", "part"), [("bound", "valid"), ("w2s_error", "test")])
@pytest.mark.parametrize("splits", [1, 2])
def test_a_supervisor_that_is_not_finite_comes_last_and_wins_nothing(
    value: float, column: str, part: str, splits: int
) -> None:
    whole = select(crafted().tables()[0])
    assert whole.table["weak"].iloc[0] == "weak-h8-s0"
    assert whole.not_finite == []
    found = select(spoilt(value, column, part, splits))
    assert found.table["weak"].iloc[-1] == "weak-h8-s0"
    assert found.not_finite == ["weak-h8-s0"]
    assert found.marks()[-1] == "not finite"
    assert found.marks()[0].startswith("pick")
    without = crafted().tables()[0]
    without = select(without[without["weak"] != "weak-h8-s0"])
    pd.testing.assert_frame_equal(found.selectors, without.selectors)
    pd.testing.assert_frame_equal(found.finite, without.table)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_finite_supervisor_at_all_is_refused_by_name(value: float) -> None:
    results = crafted().tables()[0].assign(bound=value)
    with pytest.raises(InputError, match="no supervisor of made, strong ecfp, has finite errors"):
        selection_table(results)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_json_has_null_for_what_is_not_finite(value: float) -> None:
    found = json.loads(
        as_json([select(spoilt(value, "bound", "valid"))]), parse_constant=pytest.fail
    )
    assert found[0]["table"][-1]["bound_mean"] is None
    assert np.isfinite(found[0]["table"][0]["bound_mean"])


def test_latex_of_small_and_infinite_errors() -> None:
    results = spoilt(math.inf, "bound", "valid", splits=2)
    columns = ["bound", "w2s_error", "weak_error", "gain", "misfit"]
    text = as_latex([select(results.assign(**{c: results[c] * 1e-14 for c in columns}))])
    assert " \\cdot 10^{-14}" in text
    assert "e-" not in text.replace("Weak", "").replace("bound", "").split("\\midrule")[1]
    assert "$\\infty$" in text


MISSING = ["unit", "pooling", "family", "head_epochs", "strong_sha256", "weak_sha256", "hidden"]


@pytest.mark.parametrize("column", MISSING)
@pytest.mark.parametrize("nothing", [None, math.nan])
def test_a_study_without_a_key_is_not_dropped(column: str, nothing: float | None) -> None:
    made = crafted(k=1)
    missing = pd.Series([nothing] * len(made.tables()[0]), dtype=object)
    found = select(made.tables()[0].assign(**{column: missing}))
    assert found.table["weak"].tolist() == ["weak-h8-s0"]
    assert found.n_splits == 2
    json.loads(as_json([found]), parse_constant=pytest.fail)
    as_latex([found])
