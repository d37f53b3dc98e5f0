"""Reading a corpus file: one SMILES a line, plain or compressed."""

from __future__ import annotations

import gzip
import io
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from w2s_mol.errors import InputError

SUFFIXES = (".gz", ".xz", ".zst")
_COLUMN_ENDS = re.compile(r"[\s,]")


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a corpus, without their ends.

    Parameters
    ----------
    path
        UTF-8 text, plain or compressed as its suffix says: .gz, .xz or .zst.

    Raises
    ------
    InputError
        If the file does not exist or cannot be read as text.
    """
    try:
        with _open_text(path) as file:
            for line in file:
                yield line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
        raise InputError(
            f"cannot read corpus {path}: {error}. It should be UTF-8 text with one SMILES a line, "
            f"plain or compressed as {', '.join(SUFFIXES)}."
        ) from error


def first_column(line: str) -> str:
    """Return what stands before the first blank or comma, which no SMILES holds."""
    return _COLUMN_ENDS.split(line.strip(), maxsplit=1)[0]


def _open_text(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig")
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8-sig")
    if path.suffix == ".zst":
        import pyarrow as pa

        compressed = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
        return io.TextIOWrapper(io.BufferedReader(compressed), encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")
