"""Supervisors that are numbers of the molecules say of new ones what they said in the study."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from predicted_tables import predicted

from w2s_mol import load_model, run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.prediction.choosing import choose
from w2s_mol.prediction.fit import fit
from w2s_mol.prediction.library import open_predictor, the_run
from w2s_mol.runs import FinishedRun
from w2s_mol.shards.predicting import predict_library
from w2s_mol.study.kept_models import KeptModels
from w2s_mol.study.prediction_tables import read_predictions

CHAIN, MEAN = "chain:weak-h8-s0>weak-h12-s0", "mean:column:dock+weak-h8-s0"
CONCAT, TOP = "concat:weak-h8-s0+weak-h12-s0", "top:2"
EVERY = ("column:dock", "raw:dock", "property:MolLogP", CHAIN, MEAN, CONCAT, TOP)
BESIDE = "concat:ecfp+rdkit2d"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("numbers") / "own.csv"
    noise = np.random.default_rng(0).normal(size=60)
    rows = [f"{s},{y},{y + n:.4f}\n" for (s, y), n in zip(generate(60), noise, strict=True)]
    path.write_text("smiles,y,dock\n" + "".join(rows))
    return path


@pytest.fixture(scope="module")
def run(table: Path) -> FinishedRun:
    asked = {"weak": EVERY, "strong": ("ecfp", BESIDE), "split_seeds": (0, 1), "unit": "log10"}
    run_study(output_dir=table.parent / "run", dataset=str(table), target_column="y", **asked)
    return the_run(table.parent / "run")


@pytest.mark.slow
def test_who_takes_others_for_each_student_has_the_models_of_each(tmp_path: Path) -> None:
    rows = "".join(f"{smiles},{y}\n" for smiles, y in generate(60))
    (tmp_path / "own.csv").write_text(f"smiles,y\n{rows}")
    names = ("weak-h8-s0", "weak-h12-s0")
    asked = {"weak": (*names, "top:1"), "strong": ("ecfp", "weak-h8-s0"), "split_seeds": (0, 1, 2)}
    run_study(
        output_dir=tmp_path / "run",
        dataset=str(tmp_path / "own.csv"),
        target_column="y",
        unit="log10",
        **asked,
    )
    run = the_run(tmp_path / "run")
    taken = run.table("results").query("weak == 'top:1'").groupby("strong")["taken"].agg(list)
    assert taken["ecfp"] != taken["weak-h8-s0"]
    said = read_predictions(run).query("weak == 'top:1'")
    for strong in asked["strong"]:
        predictor = open_predictor(run, strong=strong, weak="top:1", use="weak")
        block = predicted(predictor, tmp_path / "own.csv")
        means = said[said["strong"] == strong].groupby("row")["weak_prediction"].mean()
        np.testing.assert_allclose(block.predictions, means.sort_index(), atol=1e-5)


@pytest.mark.parametrize("weak", EVERY)
def test_what_they_say_of_the_studys_molecules_is_what_they_said(
    run: FinishedRun, table: Path, weak: str
) -> None:
    predictor = open_predictor(run, strong="ecfp", weak=weak, use="weak")
    takes_column = weak == TOP or "dock" in weak
    assert predictor.columns == (["dock"] if takes_column else [])
    block = predicted(predictor, table)
    said = read_predictions(run)
    said = (
        said[(said["weak"] == weak) & (said["strong"] == "ecfp")]
        .groupby("row")["weak_prediction"]
        .mean()
    )
    np.testing.assert_allclose(block.predictions, said.sort_index(), atol=1e-5)
    assert np.isnan(block.distances).all() == takes_column


def test_a_library_without_the_column_is_refused_and_a_missing_number_is_a_reason(
    run: FinishedRun, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    predictor = open_predictor(run, weak="column:dock", strong=BESIDE, use="delta")
    (tmp_path / "a.csv").write_text("smiles\nCCO\n")
    with pytest.raises(InputError, match=r"unknown column in a\.csv: 'dock'"):
        predict_library(tmp_path / "a.csv", predictor, tmp_path / "out.csv")
    (tmp_path / "b.csv").write_text("smiles,dock\nCCO,\nCCO,n/a\nCCO,1\nbroken,1\n")
    capfd.readouterr()
    block = predicted(predictor, tmp_path / "b.csv")
    assert block.reasons == [*["no number in column 'dock'"] * 2, "", "cannot parse SMILES"]
    assert capfd.readouterr().err == ""  # RDKit would say it in five lines


@pytest.mark.slow
@pytest.mark.parametrize("use", ["w2s", "delta", "stack"])
def test_encoders_side_by_side_are_one_student(run: FinishedRun, table: Path, use: str) -> None:
    predictor = open_predictor(run, weak="column:dock", strong=BESIDE, use=use)
    block = predicted(predictor, table)
    name = "w2s_prediction" if use == "w2s" else f"{use}_prediction"
    told = run.table("predictions" if use == "w2s" else "uses")
    said = told[(told["weak"] == "column:dock") & (told["strong"] == BESIDE)]
    of_row = said.groupby("row", observed=True)[name].agg(["mean", "size"])
    both = of_row.index[of_row["size"] == 2]
    np.testing.assert_allclose(block.predictions[both], of_row["mean"][both], atol=1e-4)


def test_whoever_takes_others_is_fitted_as_the_mean_of_those_it_takes_most_often(
    run: FinishedRun, table: Path, tmp_path: Path
) -> None:
    results = run.table("results")
    taken = results[results["weak"] == TOP]["taken"]
    assert (taken.str.count(r" \+ ") == 1).all()
    assert (results[results["weak"] != TOP]["taken"] == "").all()
    choice = choose(run, KeptModels(run), strong="ecfp", weak=TOP, use="weak")
    assert len(choice.taken) == 2
    fit(run, choice, Finder()).save(tmp_path / "top")
    own = pd.read_csv(table)
    each = [
        fit(run, choose(run, KeptModels(run), strong="ecfp", weak=name, use="weak"), Finder())
        for name in choice.taken
    ]
    given = (list(own["smiles"]), {"dock": own["dock"]})
    expected = np.mean([model.predict(*given) for model in each], axis=0)
    np.testing.assert_allclose(load_model(tmp_path / "top").predict(*given), expected, atol=1e-5)
    card = (tmp_path / "top" / "README.md").read_text()
    assert f"{TOP} ({' + '.join(choice.taken)})" in card


def test_a_number_far_from_all_that_a_head_was_fitted_on_is_told(
    run: FinishedRun, tmp_path: Path
) -> None:
    """Docking programs write sentinel values for what could not be docked."""
    (tmp_path / "far.csv").write_text("smiles,dock\nCCO,1\nCCO,-1e9\n")
    predictor = open_predictor(run, strong="ecfp", weak="column:dock", use="stack")
    block = predicted(predictor, tmp_path / "far.csv")
    assert block.unlike[1]
    assert block.unlike[0] == (block.distances[0] > 95)


@pytest.mark.slow
@pytest.mark.parametrize("weak", [name for name in EVERY if name != TOP])
def test_a_fitted_model_reads_them_too(
    run: FinishedRun, table: Path, tmp_path: Path, weak: str
) -> None:
    choice = choose(run, KeptModels(run), strong=BESIDE, weak=weak, use="delta")
    fit(run, choice, Finder()).save(tmp_path / "kept")
    own = pd.read_csv(table)
    found = load_model(tmp_path / "kept").predict(list(own["smiles"]), {"dock": own["dock"]})
    of_run = open_predictor(run, strong=BESIDE, weak=weak, use="delta")
    block = predicted(of_run, table)
    assert np.corrcoef(found, block.predictions)[0, 1] > 0.9


def test_molecules_that_the_run_left_out_are_left_out_again(table: Path, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(table.read_text() + "[U],1,1\n")
    asked = {"dataset": str(tmp_path / "own.csv"), "target_column": "y", "on_invalid": "skip"}
    asked |= {"weak": ("column:dock", "weak-h8-s0"), "strong": "ecfp", "split_seeds": (0,)}
    run_study(output_dir=tmp_path / "run", **asked)
    run = the_run(tmp_path / "run")
    assert len(run.table("molecules")) == 60
    choice = choose(run, KeptModels(run), weak="column:dock", use="stack")
    assert fit(run, choice, Finder()).facts["molecules"] == 60
