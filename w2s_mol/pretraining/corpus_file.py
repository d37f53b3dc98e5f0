"""Reading a corpus file: one SMILES a line, plain or compressed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from w2s_mol import compressed, files
from w2s_mol.errors import InputError


@dataclass(frozen=True)
class CorpusFile:
    """A corpus as it was when it was first looked at."""

    path: Path
    sha256: str
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> CorpusFile:
        """Look at a corpus.

        Raises
        ------
        InputError
            If it is not a file.
        """
        check_is_file(path)
        state = path.stat()
        return cls(path, files.sha256_file(path), state.st_size, state.st_mtime_ns)

    def check_unchanged(self) -> None:
        """Raise InputError if the file is not what it was."""
        state = self.path.stat() if self.path.exists() else None
        if state is None or (state.st_size, state.st_mtime_ns) != (self.size, self.modified):
            raise InputError(
                f"corpus {self.path} changed while it was read. Run the same command again when "
                "it is whole."
            )


def check_is_file(path: Path) -> None:
    """Raise InputError if a corpus is not a file."""
    if not path.is_file():
        raise InputError(f"corpus {path} is not a file. Give one with one SMILES a line.")


# A comma or blanks, but not those before a CXSMILES extension, which belongs to its SMILES.
_COLUMN_ENDS = re.compile(r",|[ \t\r\n]+(?![ \t\r\n|])")
_BROKEN_BYTES = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of them


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a corpus, without their ends.

    Parameters
    ----------
    path
        UTF-8 text, plain or compressed as its suffix says: .gz, .bz2, .xz or .zst.

    Raises
    ------
    InputError
        If the file does not exist or cannot be read as text.
    """
    try:
        with _open_text(path) as file:
            for number, line in enumerate(file, start=1):
                if not line.isascii() and _BROKEN_BYTES.search(line):
                    raise _unreadable(path, f"line {number:,} is not UTF-8")
                yield line.rstrip("\r\n")
    except compressed.READ_ERRORS as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        f"cannot read corpus {path}: {why}. It should be UTF-8 text with one SMILES a line, "
        f"plain or compressed as {', '.join(compressed.SUFFIXES)}."
    )


def first_column(line: str) -> str:
    """Return what stands before the first blank or comma, which no SMILES holds.

    Examples
    --------
    >>> first_column("CCO ethanol, pure"), first_column("C[C@H](O)F |&1:1| a name")
    ('CCO', 'C[C@H](O)F |&1:1|')
    """
    return _COLUMN_ENDS.split(line.strip(" \t\r\n"), maxsplit=1)[0]


def _open_text(path: Path) -> IO[str]:
    binary = compressed.open_bytes(path)
    return io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape")
