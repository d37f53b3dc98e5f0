"""A study of two classes: its models say of new molecules what they said in it."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from predicted_tables import predicted

from w2s_mol import files, load_model, run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.heads import mixture
from w2s_mol.heads.probability import LEAST
from w2s_mol.prediction.choosing import choose
from w2s_mol.prediction.fit import fit
from w2s_mol.prediction.library import open_predictor, the_run
from w2s_mol.runs import FinishedRun
from w2s_mol.shards.predicting import predict_library
from w2s_mol.study.kept_models import KeptModels
from w2s_mol.study.prediction_tables import read_predictions

WORDS = ("dry", "wet")
MEAN = "mean:raw:dock+raw:other"
EVERY = ("raw:dock", "column:logp", MEAN)
HEADS = {"ridge": {}, "mixture": {"heads": 2}, "adamw": {"head_epochs": 100}}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write classes with words; ``dock`` is 0 or 1 exactly for some, and missing for others."""
    path = tmp_path_factory.mktemp("classes") / "own.csv"
    made, generator = generate(80), np.random.default_rng(0)
    wet = np.array([label > 2 for _, label in made])
    dock = np.where(wet, 0.8, 0.3) + generator.uniform(-0.2, 0.2, 80)
    dock[:10] = wet[:10]
    frame = pd.DataFrame({"smiles": [smiles for smiles, _ in made]})
    frame["y"] = np.where(wet, WORDS[1], WORDS[0])
    frame["dock"] = np.where(np.arange(80) % 9 == 8, np.nan, dock.round(3))
    frame["other"] = generator.random(80).round(3)
    frame["logp"] = [label + generator.normal() for _, label in made]
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def _few_epochs() -> Iterator[None]:
    """Stop mixtures long before their end: what they say is the same in a study and after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixture, "_EPOCHS", 5)
        yield


@pytest.fixture(
    scope="module",
    params=[
        "ridge",
        pytest.param("mixture", marks=pytest.mark.slow),
        pytest.param("adamw", marks=pytest.mark.slow),
    ],
)
def run(table: Path, request: pytest.FixtureRequest, _few_epochs: None) -> FinishedRun:
    folder = table.parent / request.param
    asked = {"split": "stratified", "split_repeats": 2, "strong": "weak-h8-s0", "weak": EVERY}
    run_study(
        output_dir=folder, dataset=str(table), target_column="y", head=request.param, **asked,
        **HEADS[request.param],
    )  # fmt: skip
    return the_run(folder)


@pytest.fixture(scope="module")
def ridge(table: Path) -> FinishedRun:
    folder = table.parent / "plain"
    run_study(
        output_dir=folder, dataset=str(table), target_column="y", split="stratified",
        split_repeats=2, strong="ecfp", weak=("raw:dock", MEAN),
    )  # fmt: skip
    return the_run(folder)


@pytest.mark.parametrize("weak", EVERY)
@pytest.mark.parametrize("use", ["weak", "w2s", "delta", "stack", "both", "direct"])
def test_they_say_of_a_table_what_they_said_in_the_study(
    run: FinishedRun, table: Path, weak: str, use: str
) -> None:
    predictor = open_predictor(run, weak=weak, use=use)
    block = predicted(predictor, table)
    said = read_predictions(run).query("weak == @weak")
    name = {"weak": "weak_prediction", "w2s": "w2s_prediction"}.get(use)
    if name is None:
        uses = run.table("uses").query("weak == @weak")
        said, name = uses, f"{use}_prediction"
    splits = said.groupby("row", sort=True)[name]
    everywhere = splits.count() == run.table("results")["split"].nunique()
    mean = splits.mean()[everywhere]
    np.testing.assert_allclose(block.predictions[mean.index], mean, rtol=1e-6, atol=1e-6)
    assert np.nanmin(block.predictions) >= LEAST
    assert np.nanmax(block.predictions) <= 1 - LEAST


@pytest.mark.parametrize(("weak", "use"), [("column:logp", "delta"), (MEAN, "stack")])
def test_a_fitted_model_is_the_same_loaded_again(
    run: FinishedRun, table: Path, tmp_path: Path, weak: str, use: str
) -> None:
    choice = choose(run, KeptModels(run), weak=weak, use=use)
    model = fit(run, choice, Finder())
    model.save(tmp_path / "kept")
    loaded = load_model(tmp_path / "kept")
    frame = pd.read_csv(table)
    columns = {name: frame[name] for name in ("dock", "other", "logp")}
    before, after = (one.predict(list(frame["smiles"]), columns) for one in (model, loaded))
    np.testing.assert_array_equal(before, after)
    assert ((after > 0) & (after < 1) | np.isnan(after)).all()
    likelier = np.where(after > 0.5, *reversed(WORDS))
    known = ~np.isnan(after)
    assert (likelier == frame["y"])[known].mean() > 0.6
    assert loaded.classes == WORDS
    card = (tmp_path / "kept" / "README.md").read_text()
    assert "is `wet` (class 1) and not `dry` (class 0)" in card
    assert "Mean log loss over splits, in nats" in card


def test_the_file_says_words_and_what_they_are(ridge: FinishedRun, tmp_path: Path) -> None:
    lines = ["CCO,0,0.2", "CCCCCC,1,0.9", "broken,0.5,0.5", "CCN,1.7,0", "CCC,,0.5", "CC,0.5,1"]
    (tmp_path / "library.csv").write_text("\n".join(["smiles,dock,other", *lines]))
    predictor = open_predictor(ridge, weak="raw:dock", use="weak")
    written = predict_library(tmp_path / "library.csv", predictor, tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    metadata = {key.decode(): value.decode() for key, value in found.schema.metadata.items()}
    assert (metadata["class_0"], metadata["class_1"]) == WORDS
    frame = found.to_pandas()
    assert list(frame) == [
        "smiles", "prediction", "spread", "class", "prediction_set", "distance", "unlike", "reason",
    ]  # fmt: skip
    known = frame["prediction"].notna()
    assert known.tolist() == [True, True, False, False, False, True]
    assert frame["prediction"][known].tolist() == [LEAST, 1 - LEAST, 0.5]
    assert frame["class"][known].tolist() == ["dry", "wet", "dry"]
    assert frame["prediction_set"][[0, 1]].tolist() == ["dry", "wet"]
    assert frame["reason"][3] == "no probability in column 'dock': 1.7"
    assert written.reasons["no probability in column 'dock'"] == 1


def test_a_mean_hides_no_number_that_is_no_probability(
    ridge: FinishedRun, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "library.csv").write_text("smiles,dock,other\nCCO,1.7,0\nCCO,0.7,0\n")
    block = predicted(open_predictor(ridge, weak=MEAN, use="weak"), tmp_path / "library.csv")
    np.testing.assert_allclose(block.predictions, [np.nan, 0.35])
    frame = pd.read_csv(table)
    frame.assign(dock=frame["dock"] * 1.5).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(InputError, match=r"supervisor raw:dock says 1.* probabilities from 0 to 1"):
        run_study(
            output_dir=tmp_path / "run", dataset=str(tmp_path / "own.csv"), target_column="y",
            split="stratified", split_repeats=1, weak=MEAN, strong="ecfp",
        )  # fmt: skip


def test_a_model_of_an_older_format_is_to_be_fitted_again(
    ridge: FinishedRun, tmp_path: Path
) -> None:
    model = fit(ridge, choose(ridge, KeptModels(ridge), use="direct"), Finder())
    model.save(tmp_path / "kept")
    path = tmp_path / "kept" / "fitted.json"
    facts = {n: v for n, v in json.loads(path.read_text()).items() if n != "sha256"}
    del facts["classes"]
    for older in ({**facts, "format": 1}, {n: v for n, v in facts.items() if n != "format"}):
        path.write_text(json.dumps({**older, "sha256": files.sha256_json(older)}))
        with pytest.raises(InputError, match=r"another version of w2s-mol.* Fit the model again"):
            load_model(tmp_path / "kept")
