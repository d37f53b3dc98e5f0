"""Adapting for real: a tiny encoder, few molecules."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

import w2s_mol
from w2s_mol.adaptation.adapt import Adapted
from w2s_mol.datasets.builtin import generate
from w2s_mol.encoders.adapted import SEEN, seen_by
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.errors import InputError
from w2s_mol.molecules.smiles import parse, skeleton_of
from w2s_mol.pretraining.checkpoints import checkpoints_folder

FEW = {"epochs": 2, "head_epochs": 2, "batch_size": 8, "renumberings": 2, "workers": 1}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 60 molecules; two rows more are stereoisomers, one of a test molecule."""
    path = tmp_path_factory.mktemp("own") / "own.csv"
    rows = [f"{smiles},{label}\n" for smiles, label in generate(60)]
    path.write_text("smiles,y\n" + "".join(rows))
    return path


@pytest.fixture(scope="module")
def adapt(table: Path) -> Callable[..., Adapted]:
    def made(place: Path | None = None, encoder: str = "weak-h8-s0", **settings: object) -> Adapted:
        asked = {"dataset": str(table), "target_column": "y", "device": "cpu", **FEW, **settings}
        return w2s_mol.adapt(encoder, output_dir=place, **asked)

    return made


@pytest.fixture(scope="module")
def adapted(adapt: Callable[..., Adapted], tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    return adapt(tmp_path_factory.mktemp("adapted") / "mine")


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def skeletons(table: Path, parts: tuple[str, ...]) -> set[str]:
    dataset = w2s_mol.load_dataset(str(table), target_column="y")
    rows = {row for split in dataset.splits for part in parts for row in split.parts()[part]}
    return {skeleton_of(parse(dataset.smiles[row])) for row in rows}


def test_no_molecule_of_any_test_part_is_learned_and_all_others_are(
    adapted: Adapted, table: Path
) -> None:
    test = skeletons(table, ("test",))
    seen = seen_by(adapted.folder)
    assert seen is not None
    assert not seen.transductive
    assert seen.molecules == skeletons(table, ("train", "valid")) - test
    assert adapted.made["molecules"] == len(seen.molecules)
    assert adapted.made["validation_molecules"] == len(test)
    assert adapted.made["adapted"]["held_out"] == "test molecules"


@pytest.mark.slow
def test_it_foretells_molecules_that_it_did_not_learn_better_than_with_the_encoder_as_it_was(
    adapt: Callable[..., Adapted], tmp_path: Path
) -> None:
    found = adapt(tmp_path / "mine", "random-h16-s0", epochs=20)
    assert found.after["mlm"] < found.before["mlm"]


def test_the_weights_change_and_the_positions_do_not(adapted: Adapted) -> None:
    before = load_file(find_encoder("weak-h8-s0", "cpu").folder / "model.safetensors")
    after = load_file(adapted.folder / "model.safetensors")
    same = {name for name, tensor in before.items() if tensor.equal(after[name])}
    assert same == {"embeddings.position_embeddings.weight"}


def test_the_folder_says_how_it_was_made(adapted: Adapted, table: Path) -> None:
    made = json.loads((adapted.folder / "w2s_mol.json").read_text())
    assert made == adapted.made
    base = made["adapted"]["base"]
    assert base["name"] == "weak-h8-s0"
    assert base["fingerprint"] == find_encoder("weak-h8-s0", "cpu").fingerprint
    assert "history" not in base["made"]
    dataset = w2s_mol.load_dataset(str(table), target_column="y")
    assert made["adapted"]["datasets"]["own"] == {
        "sha256": dataset.sha256,
        "molecules": 60,
        "splits": {split.name: split.sha256 for split in dataset.splits},
    }
    assert (made["hidden"], made["seed"], made["transductive"]) == (8, 0, False)
    assert made["objectives"] == {"mlm": 1.0, "descriptors": 1.0, "pairs": 0.0}  # as it was trained
    assert set(made["before"]) == set(made["final"]) == {"loss", "mlm", "descriptors"}
    card = (adapted.folder / "README.md").read_text()
    for said in ("weak-h8-s0", dataset.sha256, SEEN, "Molecules that are in a test part"):
        assert said in card


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 17, 25, 34])
def test_stopped_anywhere_the_same_call_goes_on_to_the_same_bytes(
    adapt: Callable[..., Adapted], adapted: Adapted, tmp_path: Path, step: int
) -> None:
    """Heads take the first 12 or so steps, as many with the encoder left as it is, and with all."""
    steps = iter(range(step))

    def stop(work: str, *_: object) -> None:
        if (
            work.startswith(("fitting heads", "heads alone", "adapting"))
            and next(steps, None) is None
        ):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt(tmp_path / "mine", progress=stop)
    assert not (tmp_path / "mine").exists()
    again = adapt(tmp_path / "mine")
    assert weights(again.folder) == weights(adapted.folder)
    assert again.before == adapted.before
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_is_finished_is_not_made_again(
    adapt: Callable[..., Adapted], adapted: Adapted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("w2s_mol.adaptation.run.train_family", None)
    assert adapt(adapted.folder).made == adapted.made


def test_other_settings_do_not_go_on_in_the_same_folder(
    adapt: Callable[..., Adapted], adapted: Adapted
) -> None:
    with pytest.raises(InputError, match="begun with order_seed 0, not 1"):
        adapt(adapted.folder, seed=1)


def test_transductive_learns_test_molecules_too_and_bears_the_mark(
    adapt: Callable[..., Adapted], table: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    found = adapt(tmp_path / "mine", transductive=True, announce=said.append)
    seen = seen_by(found.folder)
    assert seen is not None
    assert seen.transductive
    every = skeletons(table, ("train", "valid", "test"))
    assert len(seen.molecules) == len(every) - found.made["validation_molecules"]
    assert seen.molecules & skeletons(table, ("test",))
    assert find_encoder(found.folder, "cpu").name == "mine (transductive)"
    assert any("transductive" in text for text in said)
    assert found.made["adapted"]["held_out"] == "molecules held out"


@pytest.mark.slow
def test_what_was_adapted_is_adapted_again_and_forgets_nothing_that_it_has_seen(
    adapt: Callable[..., Adapted], adapted: Adapted, tmp_path: Path
) -> None:
    pool = tmp_path / "pool.csv"
    others = [smiles for smiles, _ in generate(90)][60:]
    pool.write_text("\n".join(["smiles", *others]))
    more = {"dataset": (), "target_column": (), "unlabelled": str(pool)}
    found = adapt(tmp_path / "twice", str(adapted.folder), **more)
    first, second = seen_by(adapted.folder), seen_by(found.folder)
    assert first is not None
    assert second is not None
    assert first.molecules < second.molecules
    assert found.made["adapted"]["pools"][0]["name"] == "pool.csv"
    assert found.made["adapted"]["base"]["made"]["adapted"]["base"]["name"] == "weak-h8-s0"


@pytest.mark.slow
def test_molecules_of_a_pool_that_are_in_a_test_part_are_left_out(
    adapt: Callable[..., Adapted], adapted: Adapted, table: Path, tmp_path: Path
) -> None:
    pool = tmp_path / "pool.csv"
    test = sorted(skeletons(table, ("test",)))
    pool.write_text("\n".join(["smiles", *test, "FC1CC1CCCCI"]))
    found = adapt(tmp_path / "mine", unlabelled=str(pool))
    first, second = seen_by(adapted.folder), seen_by(found.folder)
    assert first is not None
    assert second is not None
    assert second.molecules - first.molecules == {"FC1CC1CCCCI"}


@pytest.mark.slow
def test_it_is_kept_under_a_short_name_and_another_content_under_another(
    adapt: Callable[..., Adapted], fresh_home: Path, tmp_path: Path, table: Path, monkeypatch
) -> None:
    monkeypatch.setattr("w2s_mol.adaptation.config.AdaptationConfig.chosen", lambda _: {})
    first = adapt()
    assert first.name == "adapted:weak-h8-s0-own"
    assert first.folder == fresh_home / "adapted" / "weak-h8-s0-own"
    assert adapt().folder == first.folder
    other = tmp_path / "own.csv"
    shutil.copy(table, other)
    other.write_text(other.read_text() + "FC1CC1CCCCI,1\n")
    second = adapt(dataset=str(other))
    assert second.name.startswith("adapted:weak-h8-s0-own-")
    assert adapt(dataset=str(other)).folder == second.folder
    assert find_encoder(second.name, "cpu").name == second.folder.name


@pytest.mark.slow
def test_settings_that_are_chosen_have_a_key_in_the_name(
    adapt: Callable[..., Adapted], fresh_home: Path
) -> None:
    found = adapt()
    assert found.name.startswith("adapted:weak-h8-s0-own-")
    assert adapt().folder == found.folder


@pytest.mark.parametrize(
    ("encoder", "why"),
    [
        ("ecfp", "has no weights that can be trained here"),
        ("file:vectors.parquet", "has no weights"),
        ("python:mine:Encoder", "has no weights"),
        ("self", "has no weights"),
        ("nothing-such", "unknown encoder 'nothing-such'"),
        ("adapted:nothing", "adapted:nothing"),
    ],
)
def test_what_cannot_be_adapted_is_refused(
    adapt: Callable[..., Adapted], tmp_path: Path, encoder: str, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        adapt(tmp_path / "mine", encoder)


def test_an_encoder_of_other_tokens_is_refused(
    adapt: Callable[..., Adapted], tiny_encoder_folder: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "other"))
    tokens = json.loads((other / "tokenizer.json").read_text())
    tokens["model"]["vocab"]["another"] = 42
    (other / "tokenizer.json").write_text(json.dumps(tokens))
    with pytest.raises(InputError, match="reads SMILES in tokens of its own"):
        adapt(tmp_path / "mine", str(other))


def test_objectives_without_masked_tokens_are_refused(
    adapt: Callable[..., Adapted], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="Masked tokens, mlm, should be one of them"):
        adapt(tmp_path / "mine", objectives="descriptors")


def test_splits_that_leave_nothing_to_learn_are_refused(
    adapt: Callable[..., Adapted], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"nothing is left to be learned.*--transductive"):
        adapt(tmp_path / "mine", split_repeats=200)


def test_a_second_process_at_the_same_folder_is_refused(
    adapt: Callable[..., Adapted], tmp_path: Path
) -> None:
    from filelock import FileLock

    checkpoints = checkpoints_folder(tmp_path, ["mine"])
    checkpoints.mkdir()
    with FileLock(checkpoints / ".lock"), pytest.raises(InputError, match="another training is"):
        adapt(tmp_path / "mine")
