"""The files that an encoder is read from, and its name, for machines that lack them."""

from __future__ import annotations

import os
from pathlib import Path

from w2s_mol.crews.goods import Reads
from w2s_mol.datasets.sources import get_source, local_path
from w2s_mol.encoders import adapted
from w2s_mol.encoders.names import FILE_PREFIX, HUB_PREFIX, MOLBERT
from w2s_mol.encoders.ref import EncoderRef, FolderRef

_PREFIXES = (FILE_PREFIX, HUB_PREFIX)


def encoder_files(encoder: EncoderRef) -> Reads:
    """Return the files here that an encoder's name stands for; none where it needs none.

    Shipped encoders are where the program is, untrained ones are made anywhere; code, and models of
    the Hugging Face hub, are to be had on each machine by their names.
    """
    name = encoder.asked
    if name == MOLBERT:
        return Reads(own=tuple(local_path(file) for file in get_source(MOLBERT).files))
    if name.startswith(FILE_PREFIX):
        return Reads(named=(Path(name.removeprefix(FILE_PREFIX)).expanduser(),))
    if not isinstance(encoder, FolderRef):
        return Reads()
    if name.startswith(adapted.PREFIX):
        return Reads(own=_inside(encoder.folder))
    path = Path(name.removeprefix(HUB_PREFIX))
    return Reads(named=_inside(path)) if encoder.folder == path else Reads()


def seen_from(name: str, folder: str) -> str:
    """Return an encoder's or a table's name, a whole path in it as seen from a folder.

    Examples
    --------
    >>> seen_from("file:/home/me/made/vectors.parquet", "/home/me")
    'file:made/vectors.parquet'
    """
    prefix = next((one for one in _PREFIXES if name.startswith(one)), "")
    path = name.removeprefix(prefix)
    if not Path(path).is_absolute():
        return name
    found = os.path.relpath(path, folder)
    return f"{prefix}{found if '/' in found else f'./{found}'}"


def _inside(folder: Path) -> tuple[Path, ...]:
    found = [path for path in sorted(folder.iterdir()) if path.is_file()]
    return tuple(path for path in found if not path.name.startswith("."))
