"""The library's door to pretraining: what it checks, what it announces, what it makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import w2s_mol
from w2s_mol.datasets.builtin import generate
from w2s_mol.errors import DownloadError, InputError
from w2s_mol.pretraining.config import CorpusConfig, StrongConfig, WeakConfig
from w2s_mol.pretraining.pretrain import prepare


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of 100 molecules and a line of no use."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.smi"
    path.write_text("\n".join([*(smiles for smiles, _ in generate(100)), "c1cc"]))
    return str(path)


def test_a_pretraining_announces_what_it_trains_on_and_returns_how_each_was_made(
    corpus: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    made = w2s_mol.pretrain(
        hidden=[8, "12"],
        corpus=corpus,
        epochs=1,
        output_dir=tmp_path,
        device="cpu",
        workers=1,
        announce=said.append,
    )
    assert list(made) == ["weak-h8-s0", "weak-h12-s0"]
    for name, account in made.items():
        written = json.loads((tmp_path / name / "w2s_mol.json").read_text())
        assert written["final"] == account["final"]
        assert (account["molecules"], account["validation_molecules"]) == (98, 2)
    assert said[0] == "note: 1 line of corpus.smi left out: cannot parse SMILES."
    assert said[1].startswith("They are listed in ")
    assert said[2] == "98 molecules to train on, 2 to validate, cpu, fp32"
    assert capfd.readouterr() == ("", "")


def test_a_corpus_is_prepared_and_the_lines_asked_for_are_taken(corpus: str) -> None:
    assert len(prepare(CorpusConfig(corpus=corpus, molecules=30), workers=1)) == 30


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"hidden": 9}, "hidden size 9"),
        ({"hidden": "abc"}, "'abc'"),
        ({"hidden": 0}, "hidden size 0"),
        ({"hidden": 8.5}, "hidden is 8.5"),
        ({}, "no hidden is given"),
        ({"hidden": 8, "heads": 0}, "heads is 0"),
        ({"hidden": 8, "epochs": 0}, "epochs is 0"),
        ({"hidden": 8, "seed": -1}, "seed is -1"),
        ({"hidden": 8, "seed": 2**32}, r"less than 2\^32"),
        ({"hidden": 8, "dropout": 1.0}, "dropout is 1.0. It should be 0 to 0.9"),
        ({"hidden": 8, "max_length": 513}, "max_length is 513. It should be 3 to 512"),
        ({"hidden": 8, "max_atoms": 5001}, "max_atoms is 5,001"),
        ({"hidden": 8, "learning_rate": 0}, "learning_rate is 0"),
        ({"hidden": 8, "precision": "fp16"}, "unknown precision 'fp16'"),
        ({"hidden": 8, "objectives": "mlm,descriptor"}, "'descriptor'"),
        ({"hidden": 8, "objectives": "pairs", "renumberings": 1}, "two atom orders"),
        ({"hidden": 8, "corpus": "nowhere.smi"}, "nowhere.smi is not a file"),
        ({"hidden": 8, "valid_corpus": "nowhere.smi"}, "nowhere.smi is not a file"),
        ({"hidden": 8, "workers": 0}, "workers is 0"),
        ({"hidden": 8, "hiden": 8}, "unknown setting 'hiden'"),
        ({"config": WeakConfig(hidden=("8",)), "hidden": 8}, "not both"),
        ({"config": {"hidden": 8}}, "config is"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_by_name_before_anything_is_prepared(
    corpus: str, tmp_path: Path, fresh_home: Path, given: dict[str, Any], named: str
) -> None:
    usual = {} if "config" in given else {"corpus": corpus}
    with pytest.raises(InputError, match=named):
        w2s_mol.pretrain(**{**usual, **given}, output_dir=tmp_path / "made", device="cpu")
    assert not (tmp_path / "made").exists()
    assert not (fresh_home / "corpora").exists()


def test_what_is_not_here_is_not_fetched_offline(fresh_home: Path) -> None:
    with pytest.raises(DownloadError, match=r"guacamol_v1_train\.smiles"):
        prepare(CorpusConfig(), offline=True)


def test_encoders_are_named_by_what_they_are() -> None:
    weak = WeakConfig(hidden=("all", "8", "128"), seed=(0, 3)).encoders()
    assert list(weak)[:3] == ["weak-h8-s0", "weak-h8-s3", "weak-h12-s0"]
    assert len(weak) == 2 * 9
    assert weak["weak-h128-s3"].learning_rate == 0.15 / 128
    [(name, strong)] = StrongConfig(seed=2).encoders().items()
    assert name == "strong-h256-l6-s2"
    assert (strong.hidden, strong.layers, strong.heads) == (256, 6, 8)
    assert StrongConfig().training("bf16").epochs == 10
    assert StrongConfig(precision="fp32").training("bf16").precision == "fp32"
