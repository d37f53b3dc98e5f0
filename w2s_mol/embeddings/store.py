"""Embeddings that were computed once are not computed again; entries are keyed by content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import safe_open

from w2s_mol import files, kept
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.kept import Entry
from w2s_mol.progress import Progress, silent

BLOCK = 2048
"""Molecules an entry: what a killed run may have to compute again at most."""
_FORMAT = 2
_DTYPE = "float32"
_FILE = "block.safetensors"


def stored_embeddings(
    encoder: Encoder,
    smiles: Sequence[str],
    pooling: str | None = None,
    progress: Progress = silent,
) -> Embeddings:
    """Embed SMILES as ``Encoder.embed`` does, taking from the store what is there.

    An entry is a block of molecules in order, keyed by the encoder's content, the versions and
    the device that it is computed with, the limit of atoms, the pooling, the dtype and the SMILES
    themselves. One that is truncated or altered is computed again. Two processes that want the
    same entry compute it once.
    """
    pooling = encoder.resolve_pooling(pooling)
    work = f"embedding with {encoder.name}"
    parts = []
    for start in range(0, max(1, len(smiles)), BLOCK):
        block = list(smiles[start : start + BLOCK])
        embedding = _offset(progress, work, start, len(smiles))
        parts.append(_block(encoder, block, pooling, embedding, waiting=progress))
        progress(work, start + len(block), len(smiles))
    return Embeddings(
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.valid for part in parts]),
        tuple(reason for part in parts for reason in part.reasons),
    )


def _offset(progress: Progress, work: str, start: int, total: int) -> Progress:
    def report(_work: str, done: int, _total: int | None) -> None:
        progress(work, start + done, total)

    return report


def _block(
    encoder: Encoder, smiles: list[str], pooling: str, embedding: Progress, waiting: Progress
) -> Embeddings:
    entry = block_entry(encoder, smiles, pooling)
    found = read_block(entry)
    if found is not None:
        return found
    with kept.held(entry, waiting):
        found = read_block(entry)
        return make_block(entry, encoder, smiles, pooling, embedding) if found is None else found


def block_entry(encoder: Encoder, smiles: Sequence[str], pooling: str) -> Entry:
    """Return where the embeddings of a block of molecules are kept."""
    made_by = [encoder.fingerprint, dict(encoder.arithmetic), encoder.max_atoms, pooling, _DTYPE]
    return Entry("embeddings", files.sha256_json([_FORMAT, made_by, list(smiles)]))


def read_block(entry: Entry) -> Embeddings | None:
    """Return the embeddings of a block, or None if they are not kept, or not whole."""
    folder = kept.whole(entry)
    if folder is None:
        return None
    with safe_open(folder / _FILE, framework="numpy") as block:
        return Embeddings(
            block.get_tensor("embeddings"),
            block.get_tensor("valid").astype(bool),
            tuple(json.loads(block.metadata()["reasons"])),
        )


def make_block(
    entry: Entry, encoder: Encoder, smiles: Sequence[str], pooling: str, progress: Progress
) -> Embeddings:
    """Embed a block whose entry is held, and keep what would come out again."""
    made = encoder.embed(smiles, pooling, progress)
    if made.lasting:
        kept.write(entry, partial(_save, made))
    return made


def _save(embeddings: Embeddings, folder: Path) -> None:
    tensors = {"embeddings": embeddings.embeddings, "valid": embeddings.valid.astype(np.uint8)}
    metadata = {"reasons": json.dumps(embeddings.reasons)}
    (folder / _FILE).write_bytes(safetensors.numpy.save(tensors, metadata))
