import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from w2s_mol.encoders.names import shipped_encoders, shipped_strong_encoders
from w2s_mol.encoders.smiles_bert import bert_config, fixed_positions, new_bert
from w2s_mol.encoders.transformer import uses_smiles_vocabulary
from w2s_mol.pretraining.settings import PAPER_HIDDEN_SIZES


def test_positions_are_all_sines_then_all_cosines() -> None:
    table = fixed_positions(4, 6)
    for p in range(4):
        for k in range(3):
            angle = p / 10000 ** (2 * k / 6)
            assert table[p, k] == pytest.approx(np.sin(angle), abs=1e-6)
            assert table[p, 3 + k] == pytest.approx(np.cos(angle), abs=1e-6)


def test_positions_are_not_trained() -> None:
    model = new_bert(bert_config(8, 1, 2))
    assert not model.embeddings.position_embeddings.weight.requires_grad


def test_the_papers_eight_encoders_are_shipped_with_three_seeds_each() -> None:
    shipped = []
    for folder in shipped_encoders().values():
        made = json.loads((folder / "w2s_mol.json").read_text())
        shipped.append((made["hidden"], made["seed"]))
        assert made["molecules"] >= 1_000_000
        assert made["epochs"] == 2
        assert uses_smiles_vocabulary(folder)
        assert "sha256" in (folder / "README.md").read_text()
    assert sorted(shipped) == list(product(PAPER_HIDDEN_SIZES, range(3)))


def test_one_strong_encoder_is_shipped_in_small_files() -> None:
    [folder] = shipped_strong_encoders().values()
    made = json.loads((folder / "w2s_mol.json").read_text())
    assert made["hidden"] >= 256
    assert made["layers"] >= 6
    assert made["objectives"]["mlm"] > 0
    assert made["objectives"]["descriptors"] > 0
    assert max(path.stat().st_size for path in folder.glob("*.safetensors")) < 16_000_000


@pytest.mark.parametrize("name", [*shipped_encoders(), *shipped_strong_encoders()])
def test_a_shipped_encoder_loads_with_transformers_alone(name: str) -> None:
    from transformers import AutoModel, AutoTokenizer

    folder: Path = {**shipped_encoders(), **shipped_strong_encoders()}[name]
    model = AutoModel.from_pretrained(folder, trust_remote_code=False)
    tokens = AutoTokenizer.from_pretrained(folder)("CCO", return_tensors="pt")
    assert torch.isfinite(model(**tokens).pooler_output).all()
    made = json.loads((folder / "w2s_mol.json").read_text())
    table = model.embeddings.position_embeddings.weight
    torch.testing.assert_close(table, fixed_positions(512, made["hidden"]))
