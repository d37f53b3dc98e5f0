"""A model of all labels is, by hand, the use's head at the penalty in the middle."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from w2s_mol import load_encoder, load_model, run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import LinearHead, Scaler
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.penalties import PENALTIES, middle_penalty
from w2s_mol.heads.ridge import RidgePath
from w2s_mol.models.model import Input, Model
from w2s_mol.prediction.choosing import choose
from w2s_mol.prediction.fit import fit
from w2s_mol.prediction.fitted import FittedModel
from w2s_mol.prediction.library import the_run
from w2s_mol.runs import FinishedRun
from w2s_mol.study.kept_models import KeptModels
from w2s_mol.supervisors.probe import Probe

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


def reading(encoder: str, features: int = 1) -> FittedModel:
    one = np.ones(features)
    head = LinearHead(Scaler(0 * one, one), one[:, None], np.zeros(1), np.ones(1))
    return FittedModel("weak", None, Model((Input(encoder, "", ""),), head), {"max_atoms": 500})


@pytest.mark.parametrize(
    "columns",
    [
        {"dock": [1, None]},
        {"dock": np.array([1.0, np.nan]), "name": ["a", "b"]},
        pd.DataFrame({"dock": ["1", None]}),
    ],
)
def test_a_model_that_reads_a_column_takes_numbers_from_it(columns: Any) -> None:
    found = reading("column:dock").predict(pd.Series(["C", "CC"]), columns)
    np.testing.assert_array_equal(found, [1.0, np.nan])


@pytest.mark.parametrize(
    ("columns", "got"),
    [
        (None, "the model reads column 'dock', not given"),
        ({"dcok": [1, 2]}, "the model reads column 'dock', not given"),
        ([1, 2], "the model reads column 'dock', not given"),
        ({"dock": None}, r"column 'dock' is of shape \(\)"),
        ({"dock": 3.0}, r"column 'dock' is of shape \(\)"),
        ({"dock": [1, 2, 3]}, "column 'dock' is 3 numbers"),
        ({"dock": [[1], [2]]}, r"column 'dock' is of shape \(2, 1\)"),
        ({"dock": ["high", "low"]}, r"""column 'dock' is "\['high', 'low'\]\""""),
        ({"dock": [1, {}]}, "column 'dock' is '.1, {}.'"),
        ({"dock": [[1], [2, 3]]}, "column 'dock' is '..1., .2, 3..'"),
    ],
)
def test_columns_that_are_no_numbers_one_a_molecule_are_refused(columns: Any, got: str) -> None:
    expected = r"\. Give 2 numbers, one a molecule, .*columns=\{'dock': \[\.\.\.\]\}\."
    with pytest.raises(InputError, match=got + expected):
        reading("column:dock").predict(["C", "CC"], columns)


@pytest.mark.parametrize("encoder", ["column:dock", "property:HeavyAtomCount"])
@pytest.mark.parametrize(
    ("smiles", "got"),
    [
        ("CCO", "smiles is a str"),
        (["C", 7], r"smiles\[1\] is 7, not a text"),
        (7, "smiles is a int"),
        (None, "smiles is a NoneType"),
        ({"C": 1}, "smiles is a dict"),
    ],
)
def test_what_is_no_list_of_smiles_is_refused(encoder: str, smiles: Any, got: str) -> None:
    with pytest.raises(InputError, match=f"{got}.*should be a list, an array or a column of"):
        reading(encoder).predict(smiles, {"dock": [1, 2]})


def test_a_device_and_a_folder_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="device 'gpu' cannot be used"):
        reading("column:dock").predict(["C"], {"dock": [1]}, device="gpu")
    with pytest.raises(InputError, match="folder is 7"):
        load_model(7)  # type: ignore[arg-type]


def test_a_supervisor_is_shown_no_label_but_those_of_its_lesson(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = []
    labels = Probe.labels
    monkeypatch.setattr(Probe, "labels", lambda self, one: lessons.append(one) or labels(self, one))
    fitted(run, "delta")
    assert len(lessons) == 4
    for lesson in lessons:
        shown = {*lesson.learn, *lesson.choose}
        assert {*np.flatnonzero(~np.isnan(lesson.truth))} == shown
    assert [len({*one.learn, *one.choose}) for one in lessons] == [54, 54, 54, 60]
