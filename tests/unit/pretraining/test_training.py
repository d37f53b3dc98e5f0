import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from w2s_mol import load_encoder
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.pretraining import training as module
from w2s_mol.pretraining.batches import Batches
from w2s_mol.pretraining.corpus import PreparedCorpus, hold_out, prepare_corpus
from w2s_mol.pretraining.model import PretrainingModel
from w2s_mol.pretraining.settings import PAPER_HIDDEN_SIZES, PretrainingSettings
from w2s_mol.pretraining.training import checkpoints_folder, pretrain_encoder

SETTINGS = PretrainingSettings(hidden=8, epochs=2, batch_size=32)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[PreparedCorpus, PreparedCorpus]:
    from w2s_mol.datasets.builtin import generate

    path = tmp_path_factory.mktemp("corpus") / "corpus.smiles"
    path.write_text("\n".join(smiles for smiles, _ in generate(400)))
    return hold_out(prepare_corpus(path, workers=1), most=100)


@pytest.fixture(scope="module")
def trained(corpora, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "weak-h8-s0"
    pretrain_encoder(SETTINGS, *corpora, folder)
    return folder


def test_training_lowers_both_losses_on_validation(trained: Path) -> None:
    made = json.loads((trained / "w2s_mol.json").read_text())
    entries = [entry for entry in made["history"] if "valid_loss" in entry]
    for name in ("valid_loss", "valid_mlm_loss", "valid_descriptor_loss"):
        assert entries[-1][name] < entries[0][name]
    assert made["final"]["valid_loss"] == pytest.approx(
        made["final"]["valid_mlm_loss"] + made["final"]["valid_descriptor_loss"]
    )


def test_the_result_is_an_encoder_with_a_model_card(trained: Path) -> None:
    assert load_encoder(str(trained)).embed(["CCO"]).embeddings.shape == (1, 16)
    card = (trained / "README.md").read_text()
    made = json.loads((trained / "w2s_mol.json").read_text())
    assert made["corpus_sha256"] in card
    assert made["seed"] == 0
    assert not checkpoints_folder(trained).exists()


def test_positions_stay_fixed_through_training(trained: Path) -> None:
    from w2s_mol.encoders.smiles_bert import fixed_positions

    weights = load_file(trained / "model.safetensors")
    table = weights["embeddings.position_embeddings.weight"]
    assert torch.equal(table, fixed_positions(512, 8))


def test_the_same_seed_gives_the_same_bytes(trained: Path, corpora, tmp_path: Path) -> None:
    pretrain_encoder(SETTINGS, *corpora, tmp_path / "again")
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (
        trained / "model.safetensors"
    ).read_bytes()


def test_a_run_stopped_and_resumed_ends_with_the_same_bytes(
    trained: Path, corpora, tmp_path: Path
) -> None:
    def stop(work: str, done: int, total: int | None) -> None:
        if done == 17:
            raise KeyboardInterrupt

    folder = tmp_path / "weak-h8-s0"
    with pytest.raises(KeyboardInterrupt):
        pretrain_encoder(SETTINGS, *corpora, folder, progress=stop)
    checkpoints = sorted(checkpoints_folder(folder).glob("checkpoint-*"))
    assert checkpoints
    # What a kill in the middle of a save leaves: newest, without its last file.
    half = checkpoints_folder(folder) / "checkpoint-9999"
    shutil.copytree(checkpoints[0], half)
    (half / "trainer_state.json").unlink()
    with pytest.raises(InputError, match="Pass --resume"):
        pretrain_encoder(SETTINGS, *corpora, folder)
    steps = []
    pretrain_encoder(
        SETTINGS, *corpora, folder, resume=True, progress=lambda *report: steps.append(report[1])
    )
    assert steps[0] > 1
    assert (folder / "model.safetensors").read_bytes() == (
        trained / "model.safetensors"
    ).read_bytes()


def test_a_finished_encoder_is_not_made_again_nor_written_over(
    trained: Path, corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_Trainer", None)
    pretrain_encoder(SETTINGS, *corpora, trained)
    with pytest.raises(InputError, match="with seed 0, not 1"):
        pretrain_encoder(PretrainingSettings(hidden=8, batch_size=32, seed=1), *corpora, trained)


def test_a_loss_that_is_not_finite_stops_the_run(corpora, tmp_path: Path) -> None:
    train, valid = corpora
    broken = PreparedCorpus(**{**vars(train), "descriptors": train.descriptors * float("nan")})
    with pytest.raises(W2SMolError, match="smaller --learning-rate"):
        pretrain_encoder(SETTINGS, broken, valid, tmp_path / "weak-h8-s0")
    assert not (tmp_path / "weak-h8-s0").exists()


def test_the_loss_looks_at_masked_tokens_alone(corpora) -> None:
    torch.manual_seed(0)
    model = PretrainingModel(module.bert_config(8, 1, 2)).eval()
    batch = Batches(corpora[0], 16, 1, seed=0)[0]
    with torch.no_grad():
        losses = model(**batch)
    assert losses["loss"] == losses["mlm_loss"] + losses["descriptor_loss"]
    nothing = {**batch, "labels": torch.full_like(batch["labels"], -100)}
    assert model(**nothing)["mlm_loss"] == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"heads": 0}, "heads is 0"),
        ({"hidden": 10, "heads": 4}, "for example 12"),
        ({"seed": -1}, "0 or more"),
        ({"epochs": 0}, "epochs is 0"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PretrainingSettings(**{"hidden": 8, **wrong})


@pytest.mark.parametrize("hidden", [0, 1, 9, 15])
def test_a_hidden_size_that_the_heads_do_not_divide_is_refused(hidden: int) -> None:
    with pytest.raises(InputError, match="multiple of the 2 attention heads"):
        PretrainingSettings(hidden=hidden)


def test_the_papers_sizes_are_usable() -> None:
    assert [PretrainingSettings(hidden=size).hidden for size in PAPER_HIDDEN_SIZES] == [
        8, 12, 16, 24, 32, 48, 64, 96,
    ]  # fmt: skip
