import numpy as np
import pandas as pd
import pytest

from w2s_mol.selection.scores import MODELS, score_table
from w2s_mol.tasks.registry import BINARY, REGRESSION


def rows(**changed: float) -> pd.DataFrame:
    """Return two supervisors on two splits; every score is 0.5 unless it is said otherwise."""
    names = ["error", *(score.name for score in BINARY.scores)]
    columns = {f"{model}_{name}": 0.5 for name in names for model in MODELS} | changed
    return pd.DataFrame(
        [
            {"weak_sha256": weak, "split_sha256": split, **columns}
            for weak in ("first", "second")
            for split in ("0", "1")
        ]
    )


def by_score(found: pd.DataFrame) -> pd.DataFrame:
    return found.set_index("score")


def test_means_stand_side_by_side_and_the_gap_is_of_the_means() -> None:
    of = rows(weak_roc_auc=0.6, w2s_roc_auc=0.7, ceiling_roc_auc=0.8, direct_roc_auc=0.75,
              weak_error=0.9, w2s_error=0.8, ceiling_error=0.4)  # fmt: skip
    found = by_score(score_table(BINARY, of, ["second", "first"]))
    assert list(found.index) == ["error", *(score.name for score in BINARY.scores)]
    auc = found.loc["roc_auc"]
    assert [auc[model] for model in MODELS] == pytest.approx([0.6, 0.7, 0.75, 0.8])
    assert auc["pgr"] == pytest.approx(0.5)
    assert found.loc["error", "pgr"] == pytest.approx(0.2)


def test_the_pick_is_the_first_that_can_be_compared_and_others_do_not_count() -> None:
    of = rows()
    of.loc[of["weak_sha256"] == "first", "w2s_roc_auc"] = 0.9
    found = by_score(score_table(BINARY, of, ["second"]))
    assert found.loc["roc_auc", "w2s"] == found.loc["roc_auc", "picked_w2s"] == 0.5
    both = by_score(score_table(BINARY, of, ["first", "second"]))
    assert both.loc["roc_auc", "w2s"] == pytest.approx(0.7)
    assert both.loc["roc_auc", "picked_w2s"] == pytest.approx(0.9)


def test_a_slope_is_best_at_one_from_either_side() -> None:
    of = rows(weak_calibration_slope=2.0, w2s_calibration_slope=0.5, ceiling_calibration_slope=1.0)
    found = by_score(score_table(BINARY, of, ["first"]))
    assert found.loc["calibration_slope", "pgr"] == pytest.approx(0.5)


def test_a_share_of_next_to_nothing_is_not_told() -> None:
    of = rows(weak_brier=0.185, w2s_brier=0.2, ceiling_brier=0.1849)
    found = by_score(score_table(BINARY, of, ["first"]))
    assert np.isnan(found.loc["brier", "pgr"])
    assert not found.loc["brier", "no_gap"]


def test_there_is_no_gap_where_the_ceiling_is_no_better() -> None:
    found = by_score(score_table(BINARY, rows(), ["first"]))
    assert np.isnan(found["pgr"]).all()
    assert found["no_gap"].all()


def test_a_score_that_is_undefined_is_not_a_ceiling_that_is_no_better() -> None:
    found = by_score(score_table(BINARY, rows(ceiling_calibration_slope=np.nan), ["first"]))
    assert np.isnan(found.loc["calibration_slope", "pgr"])
    assert not found.loc["calibration_slope", "no_gap"]


def test_distances_from_the_ideal_do_not_cancel() -> None:
    of = rows(w2s_calibration_slope=1.0, ceiling_calibration_slope=1.1)
    of["weak_calibration_slope"] = [0.5, 1.5, 0.5, 1.5]
    found = by_score(score_table(BINARY, of, ["first", "second"]))
    assert found.loc["calibration_slope", "pgr"] == pytest.approx(0.5 / 0.4)


def test_numbers_have_no_scores_in_results() -> None:
    assert score_table(REGRESSION, rows(), ["first"]).empty
