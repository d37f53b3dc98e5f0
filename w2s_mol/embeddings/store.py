"""Embeddings that were computed once are not computed again; entries are keyed by content."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from w2s_mol import files, paths
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.progress import Progress, silent

BLOCK = 2048
"""Molecules an entry: what a killed run may have to compute again at most."""
_FORMAT = 2
_DTYPE = "float32"


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
    made_by = [encoder.fingerprint, dict(encoder.arithmetic), encoder.max_atoms, pooling, _DTYPE]
    key = files.sha256_json([_FORMAT, made_by, smiles])
    path = paths.home() / "embeddings" / key[:2] / f"{key}.safetensors"
    found = _read(path, len(smiles))
    if found is not None:
        return found
    with files.locked(path.with_suffix(".lock"), path, waiting):
        found = _read(path, len(smiles))
        if found is None:
            found = encoder.embed(smiles, pooling, embedding)
            if found.lasting:
                _write(path, found)
    return found


def _digest(path: Path, embeddings: Embeddings) -> str:
    """Hash an entry with its key: an entry under another's name is as wrong as an altered one."""
    content = path.stem.encode() + embeddings.embeddings.tobytes() + embeddings.valid.tobytes()
    return files.sha256_bytes(content + json.dumps(embeddings.reasons).encode())


def _write(path: Path, embeddings: Embeddings) -> None:
    tensors = {"embeddings": embeddings.embeddings, "valid": embeddings.valid.astype(np.uint8)}
    metadata = {"reasons": json.dumps(embeddings.reasons), "sha256": _digest(path, embeddings)}
    files.write_bytes(path, safetensors.numpy.save(tensors, metadata))


def _read(path: Path, n: int) -> Embeddings | None:
    """Return a whole, unaltered entry, or None."""
    try:
        with safe_open(path, framework="numpy") as entry:
            metadata = entry.metadata()
            found = Embeddings(
                entry.get_tensor("embeddings"),
                entry.get_tensor("valid").astype(bool),
                tuple(json.loads(metadata["reasons"])),
            )
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None
    whole = len(found.valid) == n and _digest(path, found) == metadata.get("sha256")
    return found if whole else None
