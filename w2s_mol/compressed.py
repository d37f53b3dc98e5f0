"""Files that may be compressed, as their suffix says: one way in for tables and corpora."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

READ_ERRORS = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What reading a damaged or unreadable file raises."""


def _open_zst(path: Path) -> IO[bytes]:
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))


_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _open_zst,
}
SUFFIXES = tuple(_OPENERS)


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading what was in it before it was compressed."""
    opener = _OPENERS.get(path.suffix.lower())
    opened: IO[bytes] = opener(path) if opener else path.open("rb")
    return opened


def plain(path: Path) -> Path:
    """Return what a file was called before it was compressed.

    Examples
    --------
    >>> plain(Path("own.csv.zst")).name
    'own.csv'
    """
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
