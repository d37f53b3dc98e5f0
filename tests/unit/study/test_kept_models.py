"""The models that a study keeps say again what it predicted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol import run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.errors import InputError
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.study.kept_models import KeptModels
from w2s_mol.study.prediction_tables import read_predictions

PREDICTED = {"weak": "weak_prediction", "w2s": "w2s_prediction"}
H8, H12 = ("shipped", "weak-h8-s0"), ("shipped", "weak-h12-s0")


@pytest.fixture(scope="module")
def run(run_folders: Path) -> FinishedRun:
    [found] = find_runs([run_folders / "study"])
    return found


def of_split(table: pd.DataFrame, dataset: str, split: str, weak: str) -> pd.DataFrame:
    wanted = {"dataset": dataset, "split": split, "weak": weak}
    return table[np.logical_and.reduce([table[n] == value for n, value in wanted.items()])]


@pytest.mark.parametrize("use", ["weak", "w2s"])
def test_kept_models_predict_what_the_run_did(run: FinishedRun, use: str) -> None:
    models, predictions = KeptModels(run), read_predictions(run)
    for family, weak in (H8, H12):
        kept = models.of_use("esol", "ecfp", (family, weak), use, ["0", "1"])
        assert [one.split for one in kept] == ["0", "1"]
        for one in kept:
            rows = of_split(predictions, "esol", one.split, weak)
            again = one.model.predict(list(rows["smiles"]))
            np.testing.assert_allclose(again, rows[PREDICTED[use]], atol=1e-6)
            valid = rows[rows["part"] == "valid"]
            misses = (valid["truth"] - valid[PREDICTED[use]]).abs()
            np.testing.assert_allclose(one.misses, misses, rtol=1e-6)
            results = of_split(run.table("results"), "esol", one.split, weak)
            assert set(results[f"{use}_penalty"]) == {one.penalty}


def test_every_use_is_kept_that_has_a_model(run: FinishedRun) -> None:
    models = KeptModels(run)
    results = run.table("results")
    for use in ["weak", "w2s", "delta", "stack", "both", "direct"]:
        kept = models.of_use("lipop", "ecfp", H8, use, ["0", "1"])
        assert len(kept) == 2
        for one in kept:
            rows = of_split(results, "lipop", one.split, H8[1])
            [error] = rows[rows["eval_split"] == "valid"][f"{use}_error"]
            assert np.mean(one.misses**2) == pytest.approx(error, rel=1e-5)
            assert np.isnan(one.weight) == (use != "both")
            assert (one.model.head.slopes is not None) == (use in ("delta", "stack"))


def test_what_serves_all_supervisors_and_every_scaler_are_kept_once(run: FinishedRun) -> None:
    table, scalers = run.table("models"), run.table("scalers")
    assert len(table) == 2 * 2 * (3 * 5 + 1)  # datasets, splits, supervisors, uses, direct
    assert (table["weak"] == "").sum() == 4
    assert len(scalers) == len(set(scalers["scaler"])) == 2 * 2 * (3 + 1)


def test_a_study_need_not_keep_models(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("smiles,y\n" + "".join(f"{s},{y}\n" for s, y in generate(40)))
    asked = {"dataset": str(table), "target_column": "y", "split_seeds": (0,)}
    asked |= {"weak": "weak-h8-s0", "strong": "ecfp"}
    kept = run_study(**asked)
    without = run_study(**asked, keep="predictions", output_dir=tmp_path / "run")
    assert {"models", "scalers"} <= {*kept.finished.tables}
    assert not {"models", "scalers"} & {*without.finished.tables}
    names = without.results.columns.difference(["study"])
    pd.testing.assert_frame_equal(kept.results[names], without.results[names])
    [found] = find_runs([tmp_path / "run"])
    with pytest.raises(InputError, match=r"keeps no models: .* --keep predictions"):
        KeptModels(found)


def test_a_table_that_holds_no_models_is_refused(run: FinishedRun, tmp_path: Path) -> None:
    pd.DataFrame({"other": [1]}).to_parquet(tmp_path / "models.parquet")
    pd.DataFrame({"other": [1]}).to_parquet(tmp_path / "scalers.parquet")
    with pytest.raises(InputError, match="holds no models of this version"):
        KeptModels(FinishedRun(tmp_path, {"kind": "study"}))
