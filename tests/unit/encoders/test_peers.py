import json
import shutil
from pathlib import Path

import pytest

from w2s_mol.encoders.folder import METADATA
from w2s_mol.encoders.names import shipped_encoders
from w2s_mol.encoders.peers import peer_of


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        ("weak-h32-s0", "weak-h32-s1"),
        ("weak-h32-s1", "weak-h32-s2"),
        ("weak-h32-s2", "weak-h32-s0"),
        ("random-h32-s0", "random-h32-s1"),
        ("random-h256-l6-s9", "random-h256-l6-s10"),
        ("random-bert-h8-s2", "random-bert-h8-s3"),
        ("strong-h256-l6-s0", None),
        ("ecfp", None),
        ("hf:some/model", None),
        ("file:vectors.parquet", None),
        ("nothing", None),
    ],
)
def test_the_peer_is_the_next_seed_and_after_the_last_the_first(
    name: str, peer: str | None
) -> None:
    assert peer_of(name) == peer


def test_every_shipped_weak_encoder_is_the_peer_of_another() -> None:
    names = list(shipped_encoders())
    peers = [peer_of(name) for name in names]
    assert sorted(filter(None, peers)) == sorted(names)
    assert all(peer != name for peer, name in zip(peers, names, strict=True))


@pytest.fixture
def family(tmp_path: Path, tiny_encoder_folder: Path) -> Path:
    """Three seeds of one size, one of another and one of another corpus."""
    for name, made in {
        "a": {"hidden": 8, "seed": 3},
        "b": {"hidden": 8, "seed": 7},
        "c": {"hidden": 8, "seed": 11},
        "wide": {"hidden": 12, "seed": 4},
        "other": {"hidden": 8, "seed": 5, "corpus_sha256": "another"},
        "unsaid": {"hidden": 8},
    }.items():
        shutil.copytree(tiny_encoder_folder, tmp_path / name)
        (tmp_path / name / METADATA).write_text(json.dumps(made))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "peer"),
    [("a", "b"), ("b", "c"), ("c", "a"), ("wide", None), ("other", None), ("unsaid", None)],
)
def test_the_peer_of_a_folder_lies_beside_it_and_was_made_alike(
    family: Path, name: str, peer: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = peer and str(family / peer)
    assert peer_of(str(family / name)) == expected
    monkeypatch.chdir(family)
    assert peer_of(name) == expected


def test_a_folder_beside_a_shipped_encoders_name_is_that_folder(
    family: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (family / "a").rename(family / "random-h8-s0")
    monkeypatch.chdir(family)
    assert peer_of("random-h8-s0") == str(family / "b")
