from pathlib import Path

import numpy as np
import pytest

from w2s_mol import files
from w2s_mol.embeddings.store import (
    block_entry,
    make_block,
    read_block,
    read_features,
    whole_block,
)
from w2s_mol.encoders.fixed import MorganEncoder
from w2s_mol.items.molecules import Molecules
from w2s_mol.progress import silent

SMILES = ["CCO", "broken", "CCN"]


@pytest.fixture
def encoder(fresh_home: Path) -> MorganEncoder:
    return MorganEncoder()


def test_a_block_is_read_as_it_was_made(encoder: MorganEncoder) -> None:
    entry = block_entry(encoder, SMILES, "fixed")
    assert whole_block(entry) is None
    made = make_block(entry, encoder, SMILES, "fixed", silent)
    [path] = entry.path.glob("*.safetensors")
    assert whole_block(entry) == files.sha256_file(path)
    found = read_block(entry)
    np.testing.assert_array_equal(found.embeddings, encoder.embed(SMILES).embeddings)
    np.testing.assert_array_equal(found.embeddings, made.embeddings)
    assert found.valid.tolist() == [True, False, True]
    assert found.reasons == made.reasons
    np.testing.assert_array_equal(read_features(entry), made.embeddings)
    assert read_features(entry).dtype == np.float32
    path.write_bytes(path.read_bytes()[:-1])
    assert whole_block(entry) is None


def test_the_key_is_as_it_was(encoder: MorganEncoder) -> None:
    """What versions before have kept is found."""
    made_by = [encoder.fingerprint, dict(encoder.arithmetic), encoder.items.kept_as]
    expected = files.sha256_json([2, [*made_by, "fixed", "float32"], SMILES])
    assert block_entry(encoder, SMILES, "fixed").key == expected


def test_the_key_is_all_that_a_block_depends_on(
    encoder: MorganEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {
        block_entry(encoder, SMILES, "fixed").key,
        block_entry(encoder, SMILES[::-1], "fixed").key,
        block_entry(encoder, SMILES[:2], "fixed").key,
        block_entry(encoder, SMILES, "mean").key,
    }
    monkeypatch.setattr(encoder, "items", Molecules(3))
    keys.add(block_entry(encoder, SMILES, "fixed").key)
    monkeypatch.setattr(encoder, "fingerprint", "another")
    keys.add(block_entry(encoder, SMILES, "fixed").key)
    monkeypatch.setattr(MorganEncoder, "arithmetic", {"rdkit": "2099.1", "device": "cpu"})
    keys.add(block_entry(encoder, SMILES, "fixed").key)
    monkeypatch.setattr(MorganEncoder, "arithmetic", {"rdkit": "2099.1", "device": "cuda"})
    keys.add(block_entry(encoder, SMILES, "fixed").key)
    assert len(keys) == 8
