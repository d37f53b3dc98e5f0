from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from w2s_mol import load_encoder
from w2s_mol.embeddings import store
from w2s_mol.embeddings.store import stored_embeddings
from w2s_mol.encoders.contract import Embeddings
from w2s_mol.encoders.fixed import MorganEncoder

SMILES = ["CCO", "broken", "CCN", "CCO", "c1ccccc1", "CCCC", "CC"]


class _Counting(MorganEncoder):
    """Counts how many SMILES it is asked for."""

    asked = 0

    def embed(self, smiles: Sequence[str], *arguments, **options):
        self.asked += len(smiles)
        return super().embed(smiles, *arguments, **options)


@pytest.fixture
def encoder(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> _Counting:
    monkeypatch.setattr(store, "BLOCK", 3)
    return _Counting()


def entries(home: Path) -> list[Path]:
    return sorted((home / "embeddings").rglob("*.safetensors"))


def test_stored_embeddings_are_those_of_the_encoder(encoder: _Counting) -> None:
    expected = MorganEncoder().embed(SMILES)
    for _ in range(2):
        found = stored_embeddings(encoder, SMILES)
        np.testing.assert_array_equal(found.embeddings, expected.embeddings)
        np.testing.assert_array_equal(found.valid, expected.valid)
        assert found.reasons == expected.reasons


def test_no_molecules_have_no_embeddings(encoder: _Counting) -> None:
    found = stored_embeddings(encoder, [])
    assert found.embeddings.shape == (0, 2048)
    assert len(found.valid) == 0


def test_nothing_is_computed_twice(encoder: _Counting) -> None:
    stored_embeddings(encoder, SMILES)
    assert encoder.asked == len(SMILES)
    stored_embeddings(encoder, SMILES)
    assert encoder.asked == len(SMILES)


def test_the_key_is_the_content_smiles_order_and_encoder(encoder: _Counting) -> None:
    stored_embeddings(encoder, SMILES)
    stored_embeddings(encoder, SMILES[::-1])
    assert encoder.asked == 2 * len(SMILES)
    encoder.fingerprint = "another"
    stored_embeddings(encoder, SMILES)
    assert encoder.asked == 3 * len(SMILES)


@pytest.mark.parametrize("damage", ["truncate", "alter", "empty"])
def test_a_damaged_entry_is_noticed_and_computed_again(
    encoder: _Counting, fresh_home: Path, damage: str
) -> None:
    expected = stored_embeddings(encoder, SMILES)
    for path in entries(fresh_home):
        data = bytearray(path.read_bytes())
        if damage == "alter":
            data[-5] ^= 0xFF
        path.write_bytes({"truncate": data[: len(data) // 2], "empty": b""}.get(damage, data))
    found = stored_embeddings(encoder, SMILES)
    np.testing.assert_array_equal(found.embeddings, expected.embeddings)
    assert encoder.asked == 2 * len(SMILES)
    stored_embeddings(encoder, SMILES)
    assert encoder.asked == 2 * len(SMILES)


def test_another_limit_of_atoms_is_another_entry(encoder: _Counting) -> None:
    assert stored_embeddings(encoder, ["CCO", "CCCO"]).valid.all()
    encoder.max_atoms = 3
    assert stored_embeddings(encoder, ["CCO", "CCCO"]).valid.tolist() == [True, False]


def test_an_entry_under_anothers_name_is_not_believed(encoder: _Counting, fresh_home: Path) -> None:
    ours = stored_embeddings(encoder, ["CCO"])
    [entry] = entries(fresh_home)
    stored_embeddings(encoder, ["CCN"])
    [other] = set(entries(fresh_home)) - {entry}
    entry.write_bytes(other.read_bytes())
    np.testing.assert_array_equal(stored_embeddings(encoder, ["CCO"]).embeddings, ours.embeddings)


def test_what_might_come_out_otherwise_is_not_kept(
    encoder: _Counting, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(*arguments) -> Embeddings:
        return replace(MorganEncoder().embed(*arguments), lasting=False)

    monkeypatch.setattr(encoder, "embed", embed)
    assert len(stored_embeddings(encoder, SMILES).valid) == len(SMILES)
    assert entries(fresh_home) == []


def test_work_stopped_between_blocks_is_not_lost(
    encoder: _Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(work: str, done: int, total: int | None) -> None:
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stored_embeddings(encoder, SMILES, progress=stop)
    before = encoder.asked
    stored_embeddings(encoder, SMILES)
    assert encoder.asked == len(SMILES) + before - 3


def test_two_poolings_do_not_share_an_entry(fresh_home: Path, tiny_encoder_folder: Path) -> None:
    encoder = load_encoder(str(tiny_encoder_folder))
    mean = stored_embeddings(encoder, ["CCO"], "mean")
    pooled = stored_embeddings(encoder, ["CCO"], "pooled")
    assert not np.array_equal(mean.embeddings, pooled.embeddings)
