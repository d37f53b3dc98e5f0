"""A model of all labels is, by hand, the use's head at the penalty in the middle."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol import load_encoder, load_model, run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.heads.fixed import middle_penalty
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.penalties import PENALTIES
from w2s_mol.heads.ridge import RidgePath
from w2s_mol.models.model import Input, Model
from w2s_mol.prediction.choosing import choose
from w2s_mol.prediction.fit import fit
from w2s_mol.prediction.fitted import FittedModel
from w2s_mol.prediction.library import the_run
from w2s_mol.runs import FinishedRun
from w2s_mol.study.kept_models import KeptModels

MADE = list(generate(60))
SMILES, Y = [smiles for smiles, _ in MADE], np.array([label for _, label in MADE])
NEW = ["CCCCCCO", "broken", "c1ccccc1CCN", "CC(C)C(=O)OC"]
KNOWN = [0, 2, 3]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    place = tmp_path_factory.mktemp("fit")
    (place / "own.csv").write_text("smiles,y\n" + "".join(f"{s},{y}\n" for s, y in MADE))
    asked = {"weak": "weak-h8-s0", "strong": "ecfp", "split_seeds": (0, 1, 2), "unit": "log10"}
    asked |= {"dataset": str(place / "own.csv"), "target_column": "y"}
    run_study(output_dir=place / "run", **asked)
    return the_run(place / "run")


def fitted(run: FinishedRun, use: str) -> FittedModel:
    return fit(run, choose(run, KeptModels(run), use=use), Finder())


def head(run: FinishedRun, features: np.ndarray, labels: np.ndarray, use: str):
    kept = KeptModels(run).of_use("own", "ecfp", ("shipped", "weak-h8-s0"), use, ["0", "1", "2"])
    penalty = middle_penalty(np.array([one.penalty for one in kept]))
    number = np.flatnonzero(penalty == PENALTIES)
    assert len(number) == 1
    path = RidgePath.fit(InMemory(features), labels[:, None], np.arange(len(labels)))
    weights = sorted(one.weight for one in kept)
    return lambda x: path.head(number).predict(x)[:, 0], weights[1]


@pytest.mark.parametrize("use", ["weak", "w2s", "delta", "stack", "both", "direct"])
def test_a_fitted_model_is_the_uses_head_on_all_labels(
    run: FinishedRun, use: str, tmp_path: Path
) -> None:
    small, large = (load_encoder(name) for name in ("weak-h8-s0", "ecfp"))
    a, b = small.embed(SMILES).embeddings, large.embed(SMILES).embeddings.astype(float)
    new_a, new_b = (e.embed(NEW).embeddings[KNOWN] for e in (small, large))
    teacher, _ = head(run, a, Y, "weak")
    weak, new_weak = teacher(a), teacher(new_a)
    if use == "weak":
        expected = new_weak
    elif use == "stack":
        student, _ = head(run, np.column_stack([b, weak]), Y, use)
        expected = student(np.column_stack([new_b, new_weak]))
    else:
        _, weight = head(run, b, Y, use)
        labels = {
            "w2s": weak, "delta": Y - weak, "direct": Y, "both": (Y + weight * weak) / (1 + weight)
        }  # fmt: skip
        student, _ = head(run, b, labels[use], use)
        expected = student(new_b) + (new_weak if use == "delta" else 0)
    model = fitted(run, use)
    found = model.predict(NEW)
    np.testing.assert_allclose(found[KNOWN], expected, atol=1e-5)
    assert np.isnan(found[1])
    assert (model.student is None) == (use == "weak")
    assert (model.supervisor is None) == (use not in ("weak", "delta", "stack"))
    model.save(tmp_path / "kept")
    loaded = load_model(tmp_path / "kept")
    np.testing.assert_array_equal(loaded.predict(NEW), found)
    assert loaded.facts == model.facts


def test_the_folder_has_the_same_bytes_each_time_and_a_card(
    run: FinishedRun, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        fitted(run, "delta").save(tmp_path / name)
    inside = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert {str(path) for path in inside} >= {"README.md", "fitted.json"}
    for path in inside:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    card = (tmp_path / "a" / "README.md").read_text()
    results = run.table("results")
    for part in ("valid", "test"):
        rows = results[results["eval_split"] == part]
        for use in ("delta", "direct", "mean", "weak"):
            assert f"{rows[f'{use}_error'].mean():.4g}" in card
    assert "60, 60 of them with a label" in card
    assert "log10" in card
    assert set(results["dataset_sha256"]) == {
        json.loads((tmp_path / "a" / "fitted.json").read_text())["dataset_sha256"]
    }
    with pytest.raises(InputError, match="exists"):
        fitted(run, "delta").save(tmp_path / "a")


@pytest.mark.parametrize(
    "name", ["fitted.json", "README.md", "student/model.json", "supervisor/head.safetensors"]
)
def test_an_altered_file_is_refused(run: FinishedRun, tmp_path: Path, name: str) -> None:
    fitted(run, "stack").save(tmp_path / "kept")
    path = tmp_path / "kept" / name
    path.write_bytes(path.read_bytes().replace(b"e", b"f", 1))
    with pytest.raises(InputError, match=rf"{name}.*(altered|cannot be read)"):
        load_model(tmp_path / "kept")
    path.unlink()
    with pytest.raises(InputError, match=r"missing|cannot be read"):
        load_model(tmp_path / "kept")


def test_an_encoder_of_another_content_is_refused(
    run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fitted(run, "w2s")
    monkeypatch.setattr("w2s_mol.encoders.fixed.MorganEncoder.fingerprint", "other", raising=False)
    with pytest.raises(InputError, match="encoder ecfp has another content"):
        model.predict(NEW)
    with pytest.raises(InputError, match="ecfp has another content than in the run"):
        fitted(run, "w2s")


def test_data_of_another_content_are_refused(run: FinishedRun, tmp_path: Path) -> None:
    manifest = json.loads((run.folder / "manifest.json").read_text())
    shutil.copy(manifest["config"]["dataset"][0], tmp_path / "own.csv")
    changed = pd.read_csv(tmp_path / "own.csv").assign(y=1.0 * np.arange(60))
    changed.to_csv(tmp_path / "own.csv", index=False)
    manifest["config"]["dataset"] = [str(tmp_path / "own.csv")]
    with pytest.raises(InputError, match="own has another content than in the run"):
        fitted(FinishedRun(run.folder, manifest), "w2s")


def test_penalties_for_few_labels_are_not_taken_for_all(run: FinishedRun) -> None:
    choice = choose(run, KeptModels(run), use="w2s")
    drawn = replace(choice, keys={**choice.keys, "labels": "20"})
    with pytest.raises(InputError, match=r"chose its penalties for 20 labels.* --labels all"):
        fit(run, drawn, Finder())


def test_a_model_that_reads_a_column_wants_it() -> None:
    from w2s_mol.heads.linear import LinearHead, Scaler

    head = LinearHead(Scaler(np.zeros(1), np.ones(1)), np.ones((1, 1)), np.zeros(1), np.ones(1))
    model = FittedModel(
        "weak", None, Model((Input("column:dock", "", ""),), head), {"max_atoms": 500}
    )
    assert model.predict(["C", "CC"], {"dock": [1, 2]}).tolist() == [1, 2]
    with pytest.raises(InputError, match="reads column 'dock'"):
        model.predict(["C", "CC"])
