"""Embedding Lipop with a BERT-base-sized encoder, against MolBERT's own way and exact lengths.

The encoder has random weights (speed does not depend on them). MolBERT's way: batches of 256 in
file order, padded to the longest, float32, eager attention. The exact-length way: all molecules
of one length in batches of 32, the best of several sizes tried on this machine. Both run on the
first molecules of the file; ours goes through the store, as studies do, with an empty cache.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from common import Claim, mirror_or_none, report
from transformers import AutoModel

from w2s_mol import load_dataset
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.encoders.smiles_bert import bert_config, new_bert, save_encoder
from w2s_mol.heads.matrix import gathered
from w2s_mol.molecules.smiles import standardize
from w2s_mol.molecules.vocabulary import PAD_ID, token_ids

EXACT_BATCH = 32


def molbert_way(folder: Path, smiles: list[str]) -> np.ndarray:
    """Embed in batches of 256 in file order, padded, with eager attention."""
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    pooled = []
    for start in range(0, len(smiles), 256):
        rows = [token_ids(standardize(text)) for text in smiles[start : start + 256]]
        longest = max(map(len, rows))
        tokens = torch.tensor([row + [PAD_ID] * (longest - len(row)) for row in rows])
        with torch.no_grad():
            output = model(input_ids=tokens, attention_mask=(tokens != PAD_ID).long())
        pooled.append(output.pooler_output)
    return torch.cat(pooled).numpy()


def exact_length_way(folder: Path, smiles: list[str]) -> np.ndarray:
    """Embed the molecules of one length together, with the library's default attention."""
    model = AutoModel.from_pretrained(folder).eval()
    rows = [token_ids(standardize(text)) for text in smiles]
    groups = defaultdict(list)
    for index, row in enumerate(rows):
        groups[len(row)].append(index)
    pooled = np.empty((len(rows), model.config.hidden_size), dtype=np.float32)
    for indices in groups.values():
        for start in range(0, len(indices), EXACT_BATCH):
            batch = indices[start : start + EXACT_BATCH]
            with torch.inference_mode():
                output = model(input_ids=torch.tensor([rows[i] for i in batch]))
            pooled[batch] = output.pooler_output.numpy()
    return pooled


def our_way(folder: Path, smiles: list[str]) -> np.ndarray:
    """Embed as a study does."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["W2S_MOL_HOME"] = home
        encoded = Encoded(find_encoder(str(folder), device="cpu"), "pooled")
        encoded.prepare(smiles)
        return gathered(encoded.features(smiles), np.arange(len(smiles)))


def rate(way: Callable[[Path, list[str]], np.ndarray], folder: Path, smiles: list[str]):
    """Return molecules a second, loading included, and the embeddings."""
    started = time.perf_counter()
    embeddings = way(folder, smiles)
    return len(smiles) / (time.perf_counter() - started), embeddings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--molecules", type=int, default=4200, help="for the two fast ways")
    parser.add_argument("--slow-molecules", type=int, default=512, help="for MolBERT's way")
    arguments = parser.parse_args()
    smiles = load_dataset("lipop", mirror=mirror_or_none()).smiles[: arguments.molecules]
    slow_smiles = smiles[: arguments.slow_molecules]
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        save_encoder(new_bert(bert_config(768, 12, 12)), folder, "random weights")
        slow, slow_embeddings = rate(molbert_way, folder, slow_smiles)
        ours, embeddings = rate(our_way, folder, smiles)
        exact, exact_embeddings = rate(exact_length_way, folder, smiles)
    apart = float(np.abs(embeddings - exact_embeddings).max())
    apart_slow = float(np.abs(embeddings[: len(slow_smiles)] - slow_embeddings).max())
    report(
        f"Embedding Lipop ({len(smiles)} molecules), BERT 768 x 12, float32, CPU",
        [
            f"MolBERT's way: {slow:.1f} molecules/s (on the first {len(slow_smiles)})",
            f"grouped by exact length: {exact:.1f} molecules/s",
            f"w2s-mol: {ours:.1f} molecules/s",
            f"largest difference: {apart:.1e} (exact), {apart_slow:.1e} (MolBERT's way)",
        ],
        [
            Claim("w2s-mol / MolBERT's way", ours / slow, 2.5),
            Claim("w2s-mol / exact length", ours / exact, 0.9),
        ],
    )


if __name__ == "__main__":
    main()
