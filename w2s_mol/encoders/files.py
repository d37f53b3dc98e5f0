"""The files that an encoder is read from, and its name, for machines that lack them."""

from __future__ import annotations

import os
from pathlib import Path

from w2s_mol.datasets.sources import get_source, local_path
from w2s_mol.encoders import random_bert
from w2s_mol.encoders.names import FILE_PREFIX, HUB_PREFIX, MOLBERT
from w2s_mol.encoders.ref import EncoderRef, FolderRef


def encoder_files(encoder: EncoderRef) -> list[Path]:
    """Return the files here that an encoder's name stands for; none where it needs none.

    Code, and models of the Hugging Face hub, are to be had on each machine by their names.
    """
    name = encoder.asked
    if name == MOLBERT:
        return [local_path(file) for file in get_source(MOLBERT).files[:1]]
    if name.startswith(FILE_PREFIX):
        return [Path(name.removeprefix(FILE_PREFIX)).expanduser()]
    if not isinstance(encoder, FolderRef):
        return []
    elsewhere = name.startswith(HUB_PREFIX) and not _is_folder(name.removeprefix(HUB_PREFIX))
    if elsewhere or (random_bert.is_random(name) and not _is_folder(name)):
        return []
    return [
        path
        for path in sorted(encoder.folder.iterdir())
        if path.is_file() and not path.name.startswith(".")
    ]


def seen_from_here(name: str) -> str:
    """Return an encoder's or a table's name, a whole path in it as seen from the working folder.

    Examples
    --------
    >>> seen_from_here(f"file:{Path.cwd()}/made/vectors.parquet")
    'file:made/vectors.parquet'
    """
    prefix = next((one for one in (FILE_PREFIX, HUB_PREFIX) if name.startswith(one)), "")
    path = name.removeprefix(prefix)
    if not Path(path).is_absolute():
        return name
    found = os.path.relpath(path)
    return f"{prefix}{found if '/' in found or '.' in found else f'./{found}'}"


def _is_folder(name: str) -> bool:
    return (Path(name) / "config.json").is_file()
