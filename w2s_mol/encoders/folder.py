"""An encoder's folder: what is in it, and its content as a hash; nothing is loaded for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from w2s_mol import file_hashes, files
from w2s_mol.errors import InputError

METADATA = "w2s_mol.json"
"""The file in an encoder's folder that says how it was made; it marks the folder as finished."""

UNFINISHED = ".training"
"""How the name of a folder ends that holds the checkpoints of encoders not yet finished."""

COMPUTED_WITH = ("torch", "transformers", "tokenizers", "rdkit", "selfies")
"""The packages on whose versions the vectors of an encoder in a folder depend."""

_NOT_CONTENT = ("README.md", METADATA)
_READING = 3
"""Raised when a folder of the same files is read in another way than before."""


def folder_fingerprint(folder: Path, max_tokens: int | None, precision: str) -> str:
    """Return a hash of what an encoder is: every file of its folder, and how it is asked to read.

    How a model's files are read (its tokenizer's rule, its limits) follows from them.
    """
    content = [p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]
    hashes = file_hashes.known(path for path in content if path.name not in _NOT_CONTENT)
    kind = [_READING, max_tokens, precision]
    return files.sha256_json([kind, {path.name: sha256 for path, sha256 in hashes.items()}])


def folder_metadata(folder: Path) -> dict[str, Any]:
    """Return how an encoder was made, as far as its folder says it.

    Raises
    ------
    InputError
        If it says it in a way that cannot be read.
    """
    path = folder / METADATA
    if not path.is_file():
        return {}
    try:
        found = files.read_json(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not JSON: {error}. Remove it or restore it.") from error
    if not isinstance(found, dict):
        raise InputError(
            f"{path} holds a {type(found).__name__}, expected an object that says how the encoder "
            "was made. Remove it or restore it."
        )
    return found


def folder_revision(folder: Path) -> str | None:
    """Return the commit of a model from a hub, whose client keeps it under that; else None."""
    return folder.name if folder.parent.name == "snapshots" else None
