from pathlib import Path

import numpy as np
import pytest

from w2s_mol.embeddings.store import block_entry, make_block, read_block, read_features
from w2s_mol.encoders.fixed import MorganEncoder
from w2s_mol.items.molecules import Molecules
from w2s_mol.progress import silent

SMILES = ["CCO", "broken", "CCN"]


@pytest.fixture
def encoder(fresh_home: Path) -> MorganEncoder:
    return MorganEncoder()


def test_a_block_is_read_as_it_was_made(encoder: MorganEncoder) -> None:
    entry = block_entry(encoder, SMILES, "fixed")
    assert read_block(entry) is None
    made = make_block(entry, encoder, SMILES, "fixed", silent)
    found = read_block(entry)
    assert found is not None
    np.testing.assert_array_equal(found.embeddings, encoder.embed(SMILES).embeddings)
    np.testing.assert_array_equal(found.embeddings, made.embeddings)
    assert found.valid.tolist() == [True, False, True]
    assert found.reasons == made.reasons
    np.testing.assert_array_equal(read_features(entry), made.embeddings)
    assert read_features(entry).dtype == np.float32


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
