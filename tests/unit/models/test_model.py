import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from w2s_mol import load_encoder
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.mlp import fit_mlp
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.models.model import Model, averaged

SMILES = ["CCO", "CCN", "c1ccccc1", "CCCC", "CC(=O)O", "CCCl", "CCF", "OCCO"]


@pytest.fixture
def folder(tiny_encoder_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_encoder_folder, tmp_path / "encoder"))


def fitted(name: str, pooling: str | None = None) -> Model:
    """Return the second of two heads on an encoder."""
    encoded = Finder(pooling=pooling).encoded(name)
    vectors = load_encoder(name).embed(SMILES, encoded.pooling).embeddings
    labels = np.random.default_rng(0).normal(size=(8, 2))
    head = fit_ridge(InMemory(vectors), labels, np.arange(6), np.arange(6, 8))
    return encoded.model(head.columns([1]), "regression")


@pytest.mark.parametrize("pooling", ["mean", "pooled", None])
def test_predictions_are_those_of_the_head_on_the_encoders_vectors(
    folder: Path, pooling: str | None
) -> None:
    model = fitted(str(folder), pooling)
    [one] = model.inputs
    assert one.pooling == (pooling or "mean+pooled")
    vectors = load_encoder(str(folder)).embed(["CCBr", *SMILES], pooling).embeddings
    found = model.predict(["CCBr", *SMILES])
    np.testing.assert_array_equal(found, model.head.predict(vectors)[:, 0])
    assert found.shape == (9,)


def test_the_mean_of_models_is_one_that_reads_what_all_of_them_do(
    folder: Path, tmp_path: Path
) -> None:
    each = [fitted(str(folder)), fitted("ecfp"), fitted("weak-h8-s0")]
    mean = averaged(each)
    assert mean.inputs == tuple(model.inputs[0] for model in each)
    expected = np.mean([model.predict(SMILES) for model in each], axis=0)
    np.testing.assert_allclose(mean.predict(SMILES), expected, rtol=1e-12)
    mean.save(tmp_path / "mean")
    np.testing.assert_array_equal(
        Model.load(tmp_path / "mean").predict(SMILES), mean.predict(SMILES)
    )
    assert np.isnan(mean.predict(["broken", "CCO"])).tolist() == [True, False]


def test_what_cannot_be_represented_has_no_prediction(folder: Path) -> None:
    for name in (str(folder), "ecfp"):
        model = fitted(name)
        found = model.predict(["CCO", "broken", "CCN", ""])
        assert np.isnan(found).tolist() == [False, True, False, True]
        np.testing.assert_allclose(found[[0, 2]], model.predict(["CCO", "CCN"]), rtol=1e-6)
        assert np.isnan(model.predict(["broken"])).all()
        assert model.predict([]).shape == (0,)


def test_who_predicts_tells_how_much_is_done(folder: Path) -> None:
    told = []
    fitted(str(folder)).predict(SMILES, "cpu", lambda *what: told.append(what))
    assert told[-1][1:] == (8, 8)


@pytest.mark.parametrize("name", ["folder", "ecfp", "weak-h8-s0"])
def test_a_model_is_loaded_as_it_was_saved(folder: Path, tmp_path: Path, name: str) -> None:
    model = fitted(str(folder) if name == "folder" else name)
    model.save(tmp_path / "model")
    found = Model.load(tmp_path / "model")
    assert (found.inputs, found.task) == (model.inputs, model.task)
    np.testing.assert_array_equal(found.head.penalties, model.head.penalties)
    np.testing.assert_array_equal(found.predict(SMILES), model.predict(SMILES))
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == [
        "head.safetensors",
        "model.json",
    ]


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    model = fitted("ecfp")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="model"):
        model.save(tmp_path / "model")
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("damage", ["alter", "truncate", "remove"])
def test_a_damaged_head_is_refused(tmp_path: Path, damage: str) -> None:
    fitted("ecfp").save(tmp_path / "model")
    path = tmp_path / "model" / "head.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF
    path.write_bytes(data if damage == "alter" else data[:100])
    if damage == "remove":
        path.unlink()
    with pytest.raises(InputError, match=r"head\.safetensors is missing or damaged"):
        Model.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read"),
        ("[1]", "cannot be read"),
        ("{}", "cannot be read"),
        ('{"format": 99}', "no model of this version: its format is '99'"),
        ('{"format": 2, "inputs": 7}', "no model of this version: its format is '2'"),
        ('{"task": 3}', "no model of this version"),
        ('{"inputs": []}', "no model of this version"),
        ('{"inputs": [{"encoder": "ecfp"}]}', "cannot be read"),
        ('{"inputs": [{"encoder": 1, "fingerprint": "", "pooling": ""}]}', "no model of this"),
    ],
)
def test_a_folder_that_is_no_model_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    fitted("ecfp").save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    if text is None:
        path.unlink()
    else:
        mended = '":' in text
        before = json.loads(path.read_text()) if mended else {}
        path.write_text(json.dumps({**before, **json.loads(text)}) if mended else text)
    with pytest.raises(InputError, match=rf"model\.json.* {says}"):
        Model.load(tmp_path / "model")


def test_another_encoder_than_the_head_was_fitted_on_is_refused(folder: Path) -> None:
    model = fitted(str(folder))
    (folder / "more.txt").write_text("another file")
    with pytest.raises(InputError, match="has another content than the one"):
        model.predict(["CCO"])


def test_an_encoder_that_is_gone_is_an_error_of_its_own(folder: Path, tmp_path: Path) -> None:
    fitted(str(folder)).save(tmp_path / "model")
    shutil.rmtree(folder)
    with pytest.raises(InputError, match="encoder"):
        Model.load(tmp_path / "model").predict(["CCO"])


def test_of_heads_that_are_not_linear_there_is_no_model() -> None:
    rows = np.arange(8)
    features = InMemory(np.random.default_rng(0).normal(size=(8, 3)))
    head = fit_mlp(features, features.array[:, :1], rows[:6], rows[6:], width=2)
    assert Finder().encoded("ecfp").model(head, "regression") is None
