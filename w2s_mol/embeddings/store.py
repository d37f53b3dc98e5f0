"""Blocks of embeddings, kept by content.

An entry is a block of molecules in order, keyed by the encoder's content, the versions and the
device that it is computed with, what items it reads and the limit of their atoms, the pooling, the
dtype and the items themselves. One that is truncated or altered is computed again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from w2s_mol import files, kept
from w2s_mol.encoders.contract import Described, Embeddings, Encoder
from w2s_mol.errors import W2SMolError
from w2s_mol.kept import Entry
from w2s_mol.progress import Progress

BLOCK = 2048
"""Molecules an entry: what a killed run may have to compute again at most."""
_FORMAT = 2
_DTYPE = "float32"
_FILE = "block.safetensors"


def block_entry(encoder: Described, smiles: Sequence[str], pooling: str) -> Entry:
    """Return where the embeddings of a block of molecules are kept."""
    made_by = [
        encoder.fingerprint,
        dict(encoder.arithmetic),
        encoder.items.kept_as,
        pooling,
        _DTYPE,
    ]
    key = f"[{_FORMAT}, {files.canonical_json(made_by)}, {_canonical_json(tuple(smiles))}]"
    return Entry("embeddings", files.sha256_bytes(key.encode()))


@lru_cache(maxsize=8)  # one encoder after the other is asked for the same blocks
def _canonical_json(smiles: tuple[str, ...]) -> str:
    return files.canonical_json(smiles)


def whole_block(entry: Entry) -> str | None:
    """Return the hash of a block, or None if it is not kept, or not whole."""
    return kept.sound_files(entry).get(_FILE)


def read_block(entry: Entry) -> Embeddings:
    """Return the embeddings of a block that is kept whole."""
    with safe_open(entry.path / _FILE, framework="numpy") as block:
        return Embeddings(
            block.get_tensor("embeddings"),
            block.get_tensor("valid").astype(bool),
            tuple(json.loads(block.metadata()["reasons"])),
        )


def read_features(entry: Entry) -> NDArray[np.float32]:
    """Return the vectors of a block that was found whole before, shape (n, d).

    Raises
    ------
    W2SMolError
        If it was removed since.
    """
    try:
        with safe_open(entry.path / _FILE, framework="numpy") as block:
            found: NDArray[np.float32] = block.get_tensor("embeddings")
    except (OSError, SafetensorError) as error:
        raise W2SMolError(
            f"{entry.path} was removed or altered while it was in use. Run the same command again."
        ) from error
    return found


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
