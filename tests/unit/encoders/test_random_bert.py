import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from w2s_mol import load_encoder
from w2s_mol.encoders import random_bert
from w2s_mol.encoders.folder import folder_metadata
from w2s_mol.encoders.names import expand_encoders, family_of, shipped_encoders
from w2s_mol.encoders.random_bert import SCALES, is_random, random_folder
from w2s_mol.errors import InputError

SMILES = ["CCO", "c1ccccc1", "CC(=O)O"]


def vectors(name: str) -> np.ndarray:
    return load_encoder(name, "cpu").embed(SMILES).embeddings


@pytest.mark.parametrize(
    ("name", "random"),
    [
        ("random-h32-s0", True),
        ("random-h256-l6-s12", True),
        ("random-bert-h32-s0", True),
        ("random-bert-h256-l6-s12", True),
        ("random-bert", False),
        ("random-old-h32-s0", False),
        ("random", False),
        ("random-h32", False),
        ("random-h32-s0-l6", False),
        ("random-h-s0", False),
        ("random-h32-s-1", False),
        ("my-random-h32-s0", False),
        ("random-h32-s0/", False),
        ("weak-h32-s0", False),
    ],
)
def test_a_random_encoder_is_known_by_its_name(name: str, random: bool) -> None:
    assert is_random(name) == random


def test_the_same_name_gives_the_same_vectors_wherever_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, fingerprints = [], set()
    for home in ("one", "two"):
        monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / home))
        torch.manual_seed(len(found))
        found.append(vectors("random-h8-s0"))
        fingerprints.add(load_encoder("random-h8-s0", "cpu").fingerprint)
    np.testing.assert_array_equal(*found)
    assert len(fingerprints) == 1


def test_another_seed_or_depth_gives_other_vectors() -> None:
    names = (
        *("random-h8-s0", "random-h8-s1", "random-h8-l3-s0", "random-bert-h8-s0"),
        "weak-h8-s0",
    )
    found = [vectors(name) for name in names]
    for place, one in enumerate(found):
        for other in found[:place]:
            assert one.shape == other.shape
            assert not np.allclose(one, other, atol=0.01)


def test_a_random_encoder_says_what_it_is() -> None:
    encoder = load_encoder("random-h8-s3", "cpu")
    assert encoder.name == "random-h8-s3"
    assert (encoder.hidden, encoder.metadata["seed"]) == (8, 3)
    assert "never trained" in (random_folder("random-h8-s3") / "README.md").read_text()


def test_its_scales_are_told_where_it_is_kept() -> None:
    scales = SCALES["random"]
    assert scales
    folder = random_folder("random-h8-s0")
    assert folder_metadata(folder)["scales"] == asdict(scales)
    card = (folder / "README.md").read_text()
    assert f"positions is multiplied by {scales.positions:g}" in card
    assert folder_metadata(random_folder("random-bert-h8-s0"))["scales"] is None
    assert (
        "standard deviation of 0.02"
        in (random_folder("random-bert-h8-s0") / "README.md").read_text()
    )


def test_other_scales_are_another_encoder(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = vectors("random-h8-s0")
    monkeypatch.setitem(random_bert.SCALES, "random", random_bert.Scales(positions=0.5))
    assert not np.allclose(vectors("random-h8-s0"), first, atol=0.01)


def sees_atoms(name: str) -> float:
    """Return how far other atoms move a vector, over how far as many more of the same move it."""
    carbon, nitrogen, longer = (
        load_encoder(name, "cpu").embed(["CCCCCC", "NNNNNN", "CCCCCCCC"], pooling="mean").embeddings
    )
    return float(np.linalg.norm(carbon - nitrogen) / np.linalg.norm(carbon - longer))


@pytest.mark.parametrize("shape", ["h8-s0", "h8-s1", "h32-s0", "h96-s2", "h64-l3-s0"])
def test_the_atoms_are_seen_and_hardly_so_as_bert_is_initialised(shape: str) -> None:
    assert sees_atoms(f"random-bert-{shape}") < 0.5
    assert sees_atoms(f"random-{shape}") > 5


@pytest.mark.parametrize("name", ["random-h32-s0", "random-h128-l3-s1"])
def test_weights_have_the_scales_that_are_told(name: str) -> None:
    scales = SCALES["random"]
    assert scales
    weights = load_file(random_folder(name) / "model.safetensors")

    def in_units(key: str) -> float:
        return float(weights[key].std() * math.sqrt(weights[key].shape[1]))

    layer = "encoder.layer.1"
    assert weights["embeddings.word_embeddings.weight"][1:].std() == pytest.approx(
        scales.words, rel=0.1
    )
    assert np.abs(weights["embeddings.position_embeddings.weight"]).max() == pytest.approx(
        scales.positions, rel=1e-3
    )
    for key in ("self.query", "self.key", "self.value", "output.dense"):
        found = in_units(f"{layer}.attention.{key}.weight")
        assert found == pytest.approx(scales.attention, rel=0.1)
    for key in ("intermediate", "output"):
        found = in_units(f"{layer}.{key}.dense.weight")
        assert found == pytest.approx(scales.feed_forward, rel=0.1)
    assert in_units("pooler.dense.weight") == pytest.approx(1, rel=0.1)


def test_the_global_random_numbers_are_left_alone(fresh_home: Path) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    random_folder("random-h8-s0")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_random_encoder_is_made_once(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = vectors("random-h8-s0")
    monkeypatch.setattr(random_bert, "untrained", None)
    np.testing.assert_array_equal(vectors("random-h8-s0"), first)


def test_a_damaged_random_encoder_is_made_again(fresh_home: Path) -> None:
    first = vectors("random-h8-s0")
    weights = random_folder("random-h8-s0") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + b"altered!")
    np.testing.assert_array_equal(vectors("random-h8-s0"), first)


def test_a_random_encoder_keeps_its_name_beside_a_folder_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("random-h8-s0").mkdir()
    assert load_encoder("random-h8-s0", "cpu").name == "random-h8-s0"


def test_a_home_that_cannot_be_written_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot write"):
        random_folder("random-h8-s0")


@pytest.mark.parametrize(
    "name",
    [
        "random-h0-s0",
        "random-h7-s0",
        "random-h8-l0-s0",
        "random-h65-l6-s0",
        "random-h200-l6-s0",
        "random-h0-l6-s0",
    ],
)
def test_a_shape_that_cannot_be_made_is_refused(fresh_home: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"encoder {name}: hidden size"):
        load_encoder(name, "cpu")
    assert not (fresh_home / "random").exists()


@pytest.mark.parametrize("hidden", [2, 6, 10])
def test_an_even_hidden_size_that_the_heads_divide_can_be_made(hidden: int) -> None:
    """As ``w2s-mol pretrain-weak`` makes them."""
    assert vectors(f"random-h{hidden}-s0").shape == (3, 2 * hidden)


def test_a_seed_that_torch_cannot_take_is_refused(fresh_home: Path) -> None:
    with pytest.raises(InputError, match="seed"):
        load_encoder(f"random-h8-s{10**30}", "cpu")


@pytest.mark.parametrize(
    ("name", "layers", "heads"), [("random-h8-s0", 2, 2), ("random-h128-l3-s0", 3, 2)]
)
def test_layers_and_heads_are_those_of_the_name(name: str, layers: int, heads: int) -> None:
    config = json.loads((random_folder(name) / "config.json").read_text())
    assert (config["num_hidden_layers"], config["num_attention_heads"]) == (layers, heads)


@pytest.mark.parametrize("family", ["random", "random-bert"])
def test_a_family_stands_for_three_of_each_shipped_shape(family: str) -> None:
    shape = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")

    def shape_of(folder: Path) -> tuple[int, ...]:
        config = json.loads((folder / "config.json").read_text())
        return tuple(config[key] for key in shape)

    names = expand_encoders(family)
    assert all(is_random(name) for name in names)
    assert {family_of(name) for name in names} == {family}
    assert len(set(names)) == len(names)
    shapes = {shape_of(folder) for folder in shipped_encoders().values()}
    assert Counter(shape_of(random_folder(name)) for name in names) == dict.fromkeys(shapes, 3)


def test_one_random_encoder_stands_for_itself() -> None:
    assert expand_encoders("random-h8-s0") == ["random-h8-s0"]


def test_a_folder_called_random_is_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_encoder_folder: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("random").mkdir()
    (Path("random") / "mine").symlink_to(tiny_encoder_folder)
    assert expand_encoders("random") == ["random/mine"]
