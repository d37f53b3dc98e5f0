"""What is written of a library is what the kept models say, by hand."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import LinearHead, Scaler
from w2s_mol.models.model import Input, Model
from w2s_mol.prediction.intervals import half_width
from w2s_mol.prediction.library import open_predictor, the_run
from w2s_mol.prediction.predictor import Predictor
from w2s_mol.runs import FinishedRun
from w2s_mol.shards.output import How, check_output
from w2s_mol.shards.predicting import KINDS, predict_library
from w2s_mol.study.kept_models import KeptModels
from w2s_mol.study.prediction_tables import read_predictions

NEW = ["CCCCCCO", "broken", "c1ccccc1CCN", "CC(C)C(=O)OC", "", "CCCCCCO"]
SUPERVISOR = ("shipped", "weak-h12-s0")


@pytest.fixture(scope="module")
def run(run_folders: Path) -> FinishedRun:
    return the_run(run_folders / "study")


def by_hand(run: FinishedRun, use: str) -> tuple[np.ndarray, float]:
    kept = {
        one: KeptModels(run).of_use("esol", "ecfp", SUPERVISOR, one, ["0", "1"])
        for one in ("weak", use)
    }
    found = []
    for weak, of_use in zip(kept["weak"], kept[use], strict=True):
        said = weak.model.predict(NEW)
        if use == "delta":
            found.append(said + of_use.model.predict(NEW))
        else:
            found.append(of_use.model.predict(NEW, beside=said))
    molecules = run.table("molecules").query("dataset == 'esol'")
    valid = (molecules["part 0"] == "valid") | (molecules["part 1"] == "valid")
    width = half_width([one.misses for one in kept[use]], int(valid.sum()))
    return np.stack(found, axis=1), width


@pytest.mark.parametrize("use", ["weak", "w2s", "delta", "stack", "both", "direct"])
def test_predictions_are_those_of_the_kept_models(
    run: FinishedRun, tmp_path: Path, use: str
) -> None:
    (tmp_path / "in.csv").write_text("\n".join(["smiles,n", *(f"{s},1" for s in NEW)]))
    predictor = open_predictor(run, dataset="esol", weak=SUPERVISOR[1], use=use)
    output = tmp_path / "out.parquet"
    told = []
    written = predict_library(
        tmp_path / "in.csv",
        predictor,
        output,
        how=How(size=4),
        progress=lambda *what: told.append(what),
    )
    expected, half = by_hand(run, use)
    found = pd.read_parquet(output)
    assert found["smiles"].tolist() == NEW
    np.testing.assert_allclose(found["prediction"], expected.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(found["spread"], expected.std(axis=1, ddof=1), atol=1e-5)
    np.testing.assert_allclose(found["upper"] - found["prediction"], half + 0 * found["upper"])
    np.testing.assert_allclose(found["prediction"] - found["lower"], half + 0 * found["upper"])
    assert [bool(why) for why in found["reason"]] == [False, True, False, False, True, False]
    assert found["unlike"].isna().tolist() == found["prediction"].isna().tolist()
    assert (written.rows, sum(written.reasons.values())) == (6, 2)
    assert told == sorted(told)  # one work, and no step back: a rate can be told
    assert told[-1] == ("predicting", 6, 6)


def test_training_molecules_are_near_and_others_are_far(run: FinishedRun) -> None:
    predictor = open_predictor(run, dataset="esol", use="w2s")
    rows = read_predictions(run)
    part = rows[(rows["dataset"] == "esol") & (rows["split"] == "0")]
    train = list(dict.fromkeys(part[part["part"] == "train"]["smiles"]))
    near = predictor.predict(Examples(train))
    assert near.distances.max() < 50
    assert not near.unlike.any()
    far = predictor.predict(Examples(["O=[Se](c1ccc2[nH]ccc2c1Br)C1CC1N=NP(=O)(F)OB(O)C#N"]))
    assert far.unlike.tolist() == [True]


def test_csv_says_the_same(run: FinishedRun, tmp_path: Path) -> None:
    predictor = open_predictor(run, dataset="esol", use="direct")
    (tmp_path / "in.csv").write_text("\n".join(["smiles,n", *(f"{s},1" for s in NEW)]))
    for name in ("a.csv", "a.parquet"):
        predict_library(tmp_path / "in.csv", predictor, tmp_path / name)
    a = pd.read_csv(
        tmp_path / "a.csv", keep_default_na=False, na_values={"prediction": ""},
        float_precision="round_trip",
    )  # fmt: skip
    b = pd.read_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(a["prediction"], b["prediction"])
    assert a["reason"].tolist() == b["reason"].tolist()
    assert a["smiles"].tolist() == NEW


def test_an_output_of_another_kind_or_the_library_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("smiles\nC\n")
    with pytest.raises(InputError, match=r"\.parquet or \.csv"):
        check_output(tmp_path / "out.txt", tmp_path / "in.csv", None, KINDS)
    with pytest.raises(InputError, match="is the table itself"):
        check_output(tmp_path / "in.csv", tmp_path / "in.csv", None, KINDS)


def test_another_version_of_the_encoder_is_refused(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("w2s_mol.encoders.fixed.MorganEncoder.fingerprint", "other", raising=False)
    with pytest.raises(InputError, match="encoder ecfp has another content"):
        open_predictor(run, dataset="esol", use="w2s")


def test_damaged_models_are_refused(run: FinishedRun, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run.folder, tmp_path / "copy"))
    raw = bytearray((folder / "models.parquet").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "models.parquet").write_bytes(raw)
    with pytest.raises(InputError, match=r"models\.parquet is missing or damaged"):
        the_run(folder)


def test_a_folder_of_several_runs_is_refused(run_folders: Path) -> None:
    with pytest.raises(InputError, match=r"holds 7 runs .* Give the folder of one"):
        the_run(run_folders)
    with pytest.raises(InputError, match="no study of molecules but synthetic"):
        the_run(run_folders / "synthetic")


def test_a_model_may_read_a_column_of_the_library() -> None:
    number = LinearHead(
        Scaler(np.array([1.0]), np.array([2.0])), np.array([[3.0]]), np.array([0.5]), np.ones(1)
    )
    predictor = Predictor([], [Model((Input("column:dock", "", ""),), number)], Finder())
    assert predictor.columns == ["dock"]
    assert not predictor.read_by_encoder
    said = predictor.predict(Examples(["C", "CC"], {"dock": np.array([5.0, np.nan])}))
    np.testing.assert_array_equal(said.predictions, [[3.0 * 2 + 0.5], [np.nan]])
    assert said.reasons == ["", "no number in column 'dock'"]
    head = LinearHead(number.scaler, number.coefficients, np.zeros(1), np.ones(1), np.array([10.0]))
    student = Model((Input("column:other", "", ""),), head)
    both = Predictor([student], [Model((Input("column:dock", "", ""),), number)], Finder())
    columns = {"dock": np.array([5.0, 1]), "other": np.array([1.0, 3])}
    said = both.predict(Examples(["C", "CC"], columns))
    np.testing.assert_allclose(said.predictions, [[65.0], [3 + 5.0]])


def test_settings_of_the_run_limit_the_molecules(run: FinishedRun, tmp_path: Path) -> None:
    from w2s_mol.items.molecules import Molecules
    from w2s_mol.prediction.library import items_of_run

    assert items_of_run(run) == Molecules(500)
    assert json.loads((run.folder / "manifest.json").read_text())["config"]["max_atoms"] == 500
