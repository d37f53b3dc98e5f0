import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from w2s_mol import load_encoder
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.pretraining import run as module
from w2s_mol.pretraining.batches import IGNORED, Batches
from w2s_mol.pretraining.corpus import (
    CorpusSettings,
    PreparedCorpus,
    hold_out,
    prepare_corpus,
)
from w2s_mol.pretraining.model import Family, new_model
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.pretraining.run import check_before_preparing, checkpoints_folder, pretrain_encoders
from w2s_mol.pretraining.settings import EncoderSettings, TrainingSettings
from w2s_mol.pretraining.shards import Preparation

NAME = "weak-h8-s0"
ENCODER = {NAME: EncoderSettings(hidden=8)}
SETTINGS = TrainingSettings(epochs=2, batch_size=32)


def weights(folder: Path, name: str = NAME) -> bytes:
    return (folder / name / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from w2s_mol.datasets.builtin import generate

    path = tmp_path_factory.mktemp("corpus") / "corpus.smiles"
    path.write_text("\n".join(smiles for smiles, _ in generate(400)))
    return path


@pytest.fixture(scope="module")
def corpora(corpus_file: Path) -> tuple[PreparedCorpus, PreparedCorpus]:
    return hold_out(prepare_corpus(corpus_file, workers=1), most=100)


@pytest.fixture(scope="module")
def trained(corpora, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    pretrain_encoders(ENCODER, SETTINGS, *corpora, folder)
    return folder


def test_training_lowers_each_loss_on_validation(trained: Path) -> None:
    made = json.loads((trained / NAME / "w2s_mol.json").read_text())
    entries = [entry for entry in made["history"] if "valid_loss" in entry]
    for name in ("loss", "mlm", "descriptors"):
        assert entries[-1][f"valid_{name}"] < entries[0][f"valid_{name}"]
        assert any(f"train_{name}" in entry for entry in made["history"])
    final = made["final"]
    assert final["loss"] == pytest.approx(final["mlm"] + final["descriptors"])


def test_the_result_is_an_encoder_with_a_model_card(trained: Path) -> None:
    assert load_encoder(str(trained / NAME)).embed(["CCO"]).embeddings.shape == (1, 16)
    card = (trained / NAME / "README.md").read_text()
    made = json.loads((trained / NAME / "w2s_mol.json").read_text())
    assert made["corpus_sha256"] in card
    assert made["seed"] == made["order_seed"] == 0
    assert [path.name for path in trained.iterdir()] == [NAME]


@pytest.mark.slow
def test_positions_stay_fixed_through_training(trained: Path) -> None:
    from w2s_mol.encoders.smiles_bert import fixed_positions

    table = load_file(trained / NAME / "model.safetensors")["embeddings.position_embeddings.weight"]
    assert torch.equal(table, fixed_positions(512, 8))


def test_the_same_seed_gives_the_same_bytes(trained: Path, corpora, tmp_path: Path) -> None:
    pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path)
    assert weights(tmp_path) == weights(trained)


@pytest.mark.parametrize("dropout", [0.0, pytest.param(0.1, marks=pytest.mark.slow)])
def test_an_encoder_ends_in_company_as_it_does_alone(
    corpora, tmp_path: Path, dropout: float
) -> None:
    sizes = {"a": (8, 0), "b": (8, 1), "c": (12, 0)}
    family = {
        name: EncoderSettings(hidden, seed=seed, dropout=dropout, learning_rate=0.001 * (seed + 1))
        for name, (hidden, seed) in sizes.items()
    }
    pretrain_encoders(family, SETTINGS, *corpora, tmp_path / "together")
    for name, settings in family.items():
        pretrain_encoders({name: settings}, SETTINGS, *corpora, tmp_path / "alone")
        assert weights(tmp_path / "alone", name) == weights(tmp_path / "together", name)
    assert weights(tmp_path / "alone", "a") != weights(tmp_path / "alone", "b")


class _Stop(Exception):
    pass


def stop_at(step: int):
    def report(_work: str, done: int, _total: int | None) -> None:
        if done == step:
            raise _Stop

    return report


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 11, 23])
def test_a_family_stopped_at_any_step_and_resumed_ends_with_the_same_bytes(
    trained: Path, corpora, tmp_path: Path, step: int
) -> None:
    family = {**ENCODER, "weak-h12-s0": EncoderSettings(hidden=12)}
    with pytest.raises(_Stop):
        pretrain_encoders(family, SETTINGS, *corpora, tmp_path, progress=stop_at(step))
    states = checkpoints_folder(tmp_path, family).glob("checkpoint-*/trainer_state.json")
    saved = [json.loads(path.read_text())["stateful_callbacks"]["_Clock"] for path in states]
    clock_at_the_stop = max(clock["args"]["seconds"] for clock in saved)
    steps = []
    made = pretrain_encoders(
        family,
        SETTINGS,
        *corpora,
        tmp_path,
        resume=True,
        progress=lambda _work, done, _total: steps.append(done),
    )
    assert steps[0] > 1
    assert weights(tmp_path) == weights(trained)
    assert made[NAME]["trained_beside"] == ["weak-h12-s0"]
    # The losses and the time before the stop are part of the account.
    assert made[NAME]["seconds"] > clock_at_the_stop
    assert (
        made[NAME]["history"]
        == json.loads((trained / NAME / "w2s_mol.json").read_text())["history"]
    )


@pytest.mark.slow
def test_dropout_pairs_and_bfloat16_do_not_keep_a_resumed_run_from_the_same_bytes(
    corpora, tmp_path: Path
) -> None:
    family = {"a": EncoderSettings(8, dropout=0.1), "b": EncoderSettings(12, dropout=0.2)}
    settings = replace(SETTINGS, precision="bf16", objectives=Objectives(pairs=1.0))
    with pytest.raises(_Stop):
        pretrain_encoders(family, settings, *corpora, tmp_path / "1", progress=stop_at(10))
    pretrain_encoders(family, settings, *corpora, tmp_path / "1", resume=True)
    pretrain_encoders(family, settings, *corpora, tmp_path / "2")
    for name in family:
        assert weights(tmp_path / "1", name) == weights(tmp_path / "2", name)


def test_an_unfinished_training_is_not_begun_again_with_another_company(
    corpora, tmp_path: Path
) -> None:
    family = {**ENCODER, "weak-h12-s0": EncoderSettings(hidden=12)}
    with pytest.raises(_Stop):
        pretrain_encoders(family, SETTINGS, *corpora, tmp_path, progress=stop_at(17))
    with pytest.raises(InputError, match="unfinished training of weak-h8-s0 with other"):
        pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path, resume=True)
    steps = []
    turned = dict(reversed(family.items()))  # the order makes no difference
    pretrain_encoders(
        turned, SETTINGS, *corpora, tmp_path, resume=True, progress=lambda *r: steps.append(r[1])
    )
    assert steps[0] > 1


def test_two_trainings_in_one_folder_are_refused(corpora, tmp_path: Path) -> None:
    def meet(*_: object) -> None:
        with pytest.raises(InputError, match="another training is at work"):
            pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path)
        raise _Stop

    with pytest.raises(_Stop):
        pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path, progress=meet)


def test_a_checkpoint_that_a_kill_left_half_written_is_passed_over(
    trained: Path, corpora, tmp_path: Path
) -> None:
    with pytest.raises(_Stop):
        pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path, progress=stop_at(17))
    folder = checkpoints_folder(tmp_path, ENCODER)
    half = folder / "checkpoint-9999"
    shutil.copytree(min(folder.glob("checkpoint-*")), half)
    (half / "trainer_state.json").unlink()  # written last
    with pytest.raises(InputError, match="Pass --resume"):
        pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path)
    pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path, resume=True)
    assert weights(tmp_path) == weights(trained)


def test_a_finished_encoder_is_not_made_again_nor_written_over(
    trained: Path, corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "train_family", None)
    pretrain_encoders(ENCODER, SETTINGS, *corpora, trained)
    other = {NAME: EncoderSettings(hidden=8, seed=1)}
    with pytest.raises(InputError, match="with seed 0, not 1"):
        pretrain_encoders(other, SETTINGS, *corpora, trained)


@pytest.mark.slow
def test_a_corpus_that_changed_is_not_gone_on_with(
    corpora, corpus_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(_Stop):
        pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path, progress=stop_at(17))
    changed = tmp_path / "corpus.smiles"
    changed.write_text(corpus_file.read_text() + "\nC1CC1C1CCCC1")
    others = hold_out(prepare_corpus(changed, workers=1), most=100)
    with pytest.raises(InputError, match="corpus_sha256"):
        pretrain_encoders(ENCODER, SETTINGS, *others, tmp_path, resume=True)


def test_members_of_a_family_that_are_finished_are_left_alone(corpora, tmp_path: Path) -> None:
    pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path)
    before = (tmp_path / NAME / "model.safetensors").stat().st_mtime_ns
    family = {**ENCODER, "weak-h12-s0": EncoderSettings(hidden=12)}
    made = pretrain_encoders(family, SETTINGS, *corpora, tmp_path)
    assert list(made) == list(family)
    assert made["weak-h12-s0"]["trained_beside"] == []
    assert (tmp_path / NAME / "model.safetensors").stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("already_there", [False, True])
def test_a_kill_between_two_saves_is_resumed_by_the_same_command(
    corpora, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, already_there: bool
) -> None:
    family = {f"weak-h{hidden}-s0": EncoderSettings(hidden=hidden) for hidden in (8, 12, 16)}
    if already_there:
        shutil.copytree(trained / NAME, tmp_path / NAME)
    save, saved = module._save, []

    def save_once(*arguments: object) -> None:
        if saved:
            raise _Stop
        saved.append(save(*arguments))

    monkeypatch.setattr(module, "_save", save_once)
    with pytest.raises(_Stop):
        pretrain_encoders(family, SETTINGS, *corpora, tmp_path)
    monkeypatch.undo()
    made = pretrain_encoders(family, SETTINGS, *corpora, tmp_path, resume=True)
    assert list(made) == list(family)
    assert weights(tmp_path) == weights(trained)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(family)


def test_checkpoints_that_a_kill_left_of_finished_encoders_are_removed(
    trained: Path, corpora, tmp_path: Path
) -> None:
    shutil.copytree(trained / NAME, tmp_path / NAME)
    left = checkpoints_folder(tmp_path, [NAME])
    left.mkdir()
    (left / "recipes.json").write_text(json.dumps({NAME: {}}))
    assert list(pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path)) == [NAME]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_encoder(
    corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = PreparedCorpus.descriptors
    monkeypatch.setattr(PreparedCorpus, "descriptors", lambda *a: whole(*a) * float("nan"))
    with pytest.raises(W2SMolError, match=r"loss of weak-h8-s0 became nan .*smaller --learning-r"):
        pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_bfloat16_trains_as_float32_does_but_for_rounding(corpora, trained, tmp_path: Path) -> None:
    made = pretrain_encoders(ENCODER, replace(SETTINGS, precision="bf16"), *corpora, tmp_path)
    expected = json.loads((trained / NAME / "w2s_mol.json").read_text())
    assert made[NAME]["final"]["loss"] == pytest.approx(expected["final"]["loss"], rel=0.02)
    assert weights(tmp_path) != weights(trained)
    assert {t.dtype for t in load_file(tmp_path / NAME / "model.safetensors").values()} == {
        torch.float32
    }


@pytest.mark.parametrize("last_good", [0, 2, 21, 23])
def test_no_weights_that_are_not_finite_are_ever_kept(
    corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_good: int
) -> None:
    """Steps are logged and saved every second one; there are 24."""
    whole = Batches.__getitem__

    def spoiled(self: Batches, step: int):
        batch = whole(self, step)
        if self.epochs == 2 and step >= last_good:
            batch["descriptors"] = batch["descriptors"] * float("nan")
        return batch

    monkeypatch.setattr(Batches, "__getitem__", spoiled)
    with pytest.raises(W2SMolError, match="became nan"):
        pretrain_encoders(ENCODER, SETTINGS, *corpora, tmp_path)
    assert not (tmp_path / NAME).exists()
    for path in checkpoints_folder(tmp_path, ENCODER).glob("*/model.safetensors"):
        assert all(bool(tensor.isfinite().all()) for tensor in load_file(path).values())


@pytest.mark.parametrize("given", ["mlm", "descriptors", "pairs", "mlm=0.5,descriptors=3,pairs"])
def test_any_mix_of_objectives_is_learned_and_logged_apart(
    corpora, tmp_path: Path, given: str
) -> None:
    objectives = Objectives.parse(given)
    settings = TrainingSettings(epochs=1, batch_size=64, objectives=objectives)
    made = pretrain_encoders(ENCODER, settings, *corpora, tmp_path)[NAME]
    assert set(made["final"]) == {"loss", *objectives.used()}
    total = sum(objectives.weights()[name] * made["final"][name] for name in objectives.used())
    assert made["final"]["loss"] == pytest.approx(total)
    history = made["history"]
    assert history[-1]["valid_loss"] < history[1]["valid_loss"]


def test_the_loss_looks_at_masked_tokens_alone(corpora) -> None:
    model = new_model(EncoderSettings(8, layers=1), Objectives()).eval()
    batch = Batches(corpora[0], 16, 1, seed=0)[0]
    with torch.no_grad():
        losses = model(batch)
        other = {**batch, "labels": torch.full_like(batch["labels"], IGNORED)}
        nothing = model(other)
    assert losses["loss"] == losses["mlm"] + losses["descriptors"]
    assert nothing["mlm"] == 0


def test_gradients_are_clipped_encoder_by_encoder() -> None:
    family = Family.new({"a": EncoderSettings(8), "b": EncoderSettings(8)}, Objectives())
    one, other = family.members().values()
    for parameter in one.parameters():
        parameter.grad = torch.full_like(parameter, 100.0)
    for parameter in other.parameters():
        parameter.grad = torch.full_like(parameter, 1e-6)
    family.clip_gradients(1.0)
    norm = torch.stack([p.grad.norm() for p in one.parameters()]).norm()
    assert float(norm) == pytest.approx(1.0, rel=1e-4)
    assert all(bool((p.grad == 1e-6).all()) for p in other.parameters())


def test_large_encoders_are_saved_in_files_below_16_megabytes(tmp_path: Path) -> None:
    from w2s_mol.encoders.smiles_bert import bert_config, new_bert, save_encoder

    save_encoder(new_bert(bert_config(768, 2, 12)), tmp_path, "a card")
    sizes = [path.stat().st_size for path in tmp_path.glob("*.safetensors")]
    assert len(sizes) > 1
    assert max(sizes) < 16_000_000
    assert load_encoder(str(tmp_path)).hidden == 768


def test_what_is_wrong_from_the_start_is_said_before_the_corpus_is_prepared(
    trained: Path, tmp_path: Path
) -> None:
    def check(
        names: list[str],
        settings: TrainingSettings = SETTINGS,
        *,
        resume: bool = False,
        place: Path = tmp_path,
        **preparation: int,
    ) -> None:
        encoders = dict.fromkeys(names, ENCODER[NAME])
        check_before_preparing(encoders, settings, Preparation(**preparation), place, resume)

    shutil.copytree(trained / NAME, tmp_path / NAME)
    check([NAME, "other"])
    pairs = replace(SETTINGS, objectives=Objectives(pairs=1.0))
    with pytest.raises(InputError, match="two atom orders"):
        check(["other"], pairs, renumberings=1)
    with pytest.raises(InputError, match="max-length of at most 256"):
        check(["other"], pairs, max_length=300)
    with pytest.raises(InputError, match="max-length of at most 512"):
        check(["other"], max_length=513)
    with pytest.raises(InputError, match="begun with epochs 2, not 3"):
        check([NAME], replace(SETTINGS, epochs=3))
    with pytest.raises(InputError, match=r"README\.md is not a folder"):
        check([NAME], place=tmp_path / NAME / "README.md" / "below")
    begun = checkpoints_folder(tmp_path, ["other"])
    begun.mkdir()
    recipe = {**asdict(ENCODER[NAME]), **asdict(SETTINGS)}
    (begun / "recipes.json").write_text(json.dumps({"other": recipe}))
    check([NAME])
    check([NAME, "other"], resume=True)
    with pytest.raises(InputError, match="begun with epochs 2, not 3"):
        check(["other"], replace(SETTINGS, epochs=3), resume=True)
    with pytest.raises(InputError, match="unfinished training of other with other encoders"):
        check(["other", "third"], resume=True)
    with pytest.raises(InputError, match="Pass --resume"):
        check([NAME, "other"])
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match="mine holds something else"):
        check(["mine"])


@pytest.mark.slow
def test_pairs_that_cannot_be_made_are_refused_before_training(
    corpus_file: Path, corpora, tmp_path: Path
) -> None:
    settings = replace(SETTINGS, objectives=Objectives(pairs=1.0))
    once = prepare_corpus(
        corpus_file, CorpusSettings(preparation=Preparation(renumberings=1)), workers=1
    )
    with pytest.raises(InputError, match="two atom orders"):
        pretrain_encoders(ENCODER, settings, once, corpora[1], tmp_path)
    long = replace(corpora[0], lengths=corpora[0].lengths + 250)
    with pytest.raises(InputError, match="max-length of at most 256"):
        pretrain_encoders(ENCODER, settings, long, corpora[1], tmp_path)


@pytest.mark.slow
def test_two_processes_learn_what_one_does(corpus_file: Path, tmp_path: Path) -> None:
    options = ["pretrain-weak", "--hidden", "8", "--hidden", "12", "--corpus", str(corpus_file)]
    options += ["--epochs", "1", "--batch-size", "31", "--workers", "1", "--device", "cpu"]
    options += ["--objectives", "mlm,descriptors,pairs"]
    launchers = {
        "one": [sys.executable],
        "two": [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"],
    }
    for name, launcher in launchers.items():
        done = subprocess.run(
            [*launcher, "-m", "w2s_mol", *options, "-o", str(tmp_path / name)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("validation loss") == 2  # one process speaks, of two encoders
    made = [json.loads((tmp_path / name / NAME / "w2s_mol.json").read_text()) for name in launchers]
    assert [one["processes"] for one in made] == [1, 2]
    # AdamW hides a wrong scale of the gradient; the losses before their sum do not.
    for first, second in zip(*(one["history"] for one in made), strict=True):
        assert second == pytest.approx(first, rel=1e-4)
    one, two = (load_file(tmp_path / name / NAME / "model.safetensors") for name in launchers)
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"heads": 0}, "heads is 0"),
        ({"seed": -1}, "0 or more"),
        ({"learning_rate": 0.0}, "learning_rate is 0"),
    ],
)
def test_encoders_that_cannot_be_made_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        EncoderSettings(**{"hidden": 8, **wrong})


def test_the_hidden_size_that_is_suggested_can_be_used() -> None:
    with pytest.raises(InputError, match="for example") as caught:
        EncoderSettings(hidden=10, heads=4)
    suggested = int(str(caught.value).rpartition("for example ")[2].rstrip("."))
    assert EncoderSettings(hidden=suggested, heads=4).hidden > 0


@pytest.mark.parametrize("hidden", [0, 1, 9, 15])
def test_a_hidden_size_that_the_heads_do_not_divide_is_refused(hidden: int) -> None:
    with pytest.raises(InputError, match="multiple of the 2 attention heads"):
        EncoderSettings(hidden=hidden)


@pytest.mark.parametrize(
    ("wrong", "message"), [({"epochs": 0}, "epochs is 0"), ({"order_seed": -1}, "order seed is -1")]
)
def test_trainings_that_cannot_be_done_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainingSettings(**wrong)


def test_larger_encoders_learn_at_a_smaller_rate() -> None:
    rates = [EncoderSettings(hidden).learning_rate for hidden in (8, 48, 96, 768)]
    assert rates == pytest.approx([0.003, 0.003, 0.0015625, 0.0001953125])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_gpu_learns_what_a_cpu_does_but_for_rounding(corpora, trained, tmp_path: Path) -> None:
    settings = replace(SETTINGS, precision="bf16")
    made = pretrain_encoders(ENCODER, settings, *corpora, tmp_path, device=torch.device("cuda"))
    expected = json.loads((trained / NAME / "w2s_mol.json").read_text())
    assert made[NAME]["final"]["loss"] == pytest.approx(expected["final"]["loss"], rel=0.02)
