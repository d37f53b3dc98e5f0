import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from w2s_mol import load_encoder
from w2s_mol.encoders.legacy_pickle import load_checkpoint
from w2s_mol.encoders.molbert import convert_molbert, molbert_folder
from w2s_mol.errors import InputError


@pytest.fixture(scope="module")
def reference(mirror: Path) -> Path:
    return mirror / "molbert-reference"


@pytest.fixture(scope="module")
def converted(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("converted") / "molbert"
    return convert_molbert(reference / "checkpoints" / "last.ckpt", folder)


def test_validity_tokens_and_embeddings_agree_with_the_original(
    reference: Path, converted: Path
) -> None:
    """The reference was made at MolBERT's length limit of 128."""
    expected = json.loads((reference / "tokens.json").read_text())
    vectors = np.load(reference / "embeddings.npz")
    encoder = load_encoder(str(converted), max_tokens=128)
    assert len(expected["smiles"]) == 150
    for pooling in ("pooled", "mean"):
        found = encoder.embed(expected["smiles"], pooling)
        assert found.valid.tolist() == expected["valid"]
        assert found.valid.tolist() == vectors["valid"].tolist()
        valid = found.valid
        np.testing.assert_allclose(found.embeddings[valid], vectors[pooling][valid], atol=1e-5)
    for text, valid, tokens in zip(*expected.values(), strict=True):
        if valid:
            assert encoder._prepare(text) == tokens


def test_the_converted_folder_loads_with_transformers_alone(converted: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(converted)("CCO", return_tensors="pt")
    pooled = AutoModel.from_pretrained(converted)(**tokens).pooler_output.detach().numpy()
    found = load_encoder(str(converted)).embed(["CCO"], "pooled").embeddings
    np.testing.assert_allclose(pooled, found, atol=1e-6)


@pytest.fixture
def altered(reference: Path, tmp_path: Path):
    """Write the reference checkpoint anew with its state altered; return its path."""

    def write(change) -> Path:
        stored = load_checkpoint(reference / "checkpoints" / "last.ckpt")["state_dict"]
        state = {name: torch.from_numpy(t.array()) for name, t in stored.items()}
        change(state)
        path = tmp_path / "other" / "checkpoints" / "last.ckpt"
        path.parent.mkdir(parents=True)
        torch.save({"state_dict": state}, path)
        shutil.copy(reference / "hparams.yaml", path.parent.parent)
        return path

    return write


WEIGHT = "model.bert.encoder.layer.1.output.dense.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop(WEIGHT), f"missing {WEIGHT}"),
        (lambda s: s.update({"model.bert.extra.weight": torch.ones(2)}), "unexpected model.bert."),
        (lambda s: s.update({WEIGHT: torch.ones(3, 3)}), rf"{WEIGHT} is \(3, 3\), expected"),
        (lambda s: s.update({WEIGHT: s[WEIGHT] * torch.nan}), "is not finite"),
        (lambda s: s.pop("model.bert.pooler.dense.bias"), "has no tensor"),
        (
            lambda s: s.update(
                {"model.bert.embeddings.word_embeddings.weight": torch.ones(42, 18)}
            ),
            r"word_embeddings.weight is \(42, 18\), expected \(42, 16\)",
        ),
        (
            lambda s: s.update({"model.bert.encoder.layer.foo.weight": torch.ones(2)}),
            "unexpected model.bert.encoder.layer.foo.weight",
        ),
        (
            lambda s: s.update(
                {"model.bert.embeddings.position_embeddings.inv_freq": torch.ones(8)}
            ),
            "does not hold MolBERT's positions",
        ),
    ],
    ids=["missing", "extra", "misshapen", "nan", "no pooler", "words", "layer", "positions"],
)
def test_a_checkpoint_with_wrong_encoder_tensors_is_refused_by_name(
    altered, tmp_path: Path, change, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        convert_molbert(altered(change), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_tiny_the_heads_are_twelve(altered, tmp_path: Path) -> None:
    path = altered(lambda state: None)
    (path.parent.parent / "hparams.yaml").unlink()
    with pytest.raises(InputError, match="not a multiple of 12 heads"):
        convert_molbert(path, tmp_path / "out")


def test_a_zip_is_converted_once_for_its_content(
    reference: Path, tmp_path: Path, fresh_home: Path
) -> None:
    archive = _zip(reference, tmp_path / "a.zip", "molbert_100epochs/")
    folder = molbert_folder(archive)
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert molbert_folder(archive) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["truncate", "alter", "remove"])
def test_a_damaged_conversion_is_noticed_and_made_again(
    reference: Path, tmp_path: Path, fresh_home: Path, damage: str
) -> None:
    archive = _zip(reference, tmp_path / "a.zip", "molbert_100epochs/")
    weights = molbert_folder(archive) / "model.safetensors"
    data = weights.read_bytes()
    if damage == "remove":
        weights.unlink()
    else:
        weights.write_bytes(data[:-8] + (b"" if damage == "truncate" else b"altered!"))
    assert (molbert_folder(archive) / "model.safetensors").read_bytes() == data


def test_a_zip_with_a_damaged_member_is_refused(
    reference: Path, tmp_path: Path, fresh_home: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("checkpoints/last.ckpt", "hparams.yaml"):
            archive.write(reference / name, name)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[2000:2100] = b"\xff" * 100
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(InputError, match="not a whole zip"):
        molbert_folder(tmp_path / "a.zip")


def test_a_zip_that_points_outside_writes_nothing_there(
    reference: Path, tmp_path: Path, fresh_home: Path
) -> None:
    archive = _zip(reference, tmp_path / "a.zip", "../../../escape/")
    molbert_folder(archive)
    outside = [p for p in tmp_path.rglob("*") if "escape" in p.name]
    assert outside == []


def test_a_zip_without_the_checkpoint_is_refused(tmp_path: Path, fresh_home: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(InputError, match=r"0 files named checkpoints/last\.ckpt"):
        molbert_folder(tmp_path / "a.zip")


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, fresh_home: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"<html>try later</html>")
    with pytest.raises(InputError, match="not a whole zip"):
        molbert_folder(tmp_path / "a.zip")


def _zip(reference: Path, path: Path, prefix: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("checkpoints/last.ckpt", "hparams.yaml"):
            archive.write(reference / name, prefix + name)
    return path


def test_layers_with_a_gap_are_refused_before_a_model_is_made(altered, tmp_path: Path) -> None:
    def far(state: dict) -> None:
        state["model.bert.encoder.layer.9999999.output.dense.weight"] = torch.ones(2)

    with pytest.raises(InputError, match="3 layers, the last of them numbered 9,999,999"):
        convert_molbert(altered(far), tmp_path / "out")


def test_a_size_that_the_tensors_do_not_have_takes_no_memory(altered, tmp_path: Path) -> None:
    def wide(state: dict) -> None:
        state["model.bert.pooler.dense.bias"] = torch.ones(1_000_000)  # squared: 4 TB

    with pytest.raises(InputError, match="expected"):
        convert_molbert(altered(wide), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["a: &a [1, 1]\nb: [*a, *a]\ntiny: true\n", "x" * 200_000, "[" * 5_000]
)
def test_settings_that_are_a_bomb_are_refused(altered, tmp_path: Path, text: str) -> None:
    path = altered(lambda state: None)
    (path.parent.parent / "hparams.yaml").write_text(text)
    with pytest.raises(InputError, match=r"hparams\.yaml"):
        convert_molbert(path, tmp_path / "out")


def test_a_zip_that_grows_many_times_is_refused(
    reference: Path, tmp_path: Path, fresh_home: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/checkpoints/last.ckpt", b"\0" * 30_000_000)
        archive.write(reference / "hparams.yaml", "m/hparams.yaml")
    with pytest.raises(InputError, match="would grow from"):
        molbert_folder(tmp_path / "a.zip")


@pytest.mark.parametrize(
    "text", ["tiny: 2020-13-45", "tiny: " + "1" * 5000], ids=["date", "digits"]
)
def test_settings_that_are_no_values_are_refused(altered, tmp_path: Path, text: str) -> None:
    path = altered(lambda state: None)
    (path.parent.parent / "hparams.yaml").write_text(text)
    with pytest.raises(InputError, match="is not YAML"):
        convert_molbert(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("pooler.dense.bias", 0, "hidden size 0"),
        ("pooler.dense.bias", 1_000_000, "expected"),
        ("encoder.layer.0.intermediate.dense.bias", 1_000_000, "expected"),
        ("encoder.layer." + "9" * 5000 + ".x", 1, "unexpected"),
    ],
    ids=["nothing", "hidden", "intermediate", "digits"],
)
def test_sizes_that_no_model_has_are_refused(
    altered, tmp_path: Path, name: str, size: int, message: str
) -> None:
    path = altered(lambda state: state.update({f"model.bert.{name}": torch.ones(size)}))
    with pytest.raises(InputError, match=message):
        convert_molbert(path, tmp_path / "out")
