"""Reading a user's CSV row by row, with the line of every row at hand for messages."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from w2s_mol.errors import InputError, unknown_name

_FIELD_LIMIT = 10_000_000


@dataclass(frozen=True)
class Table:
    """An open table.

    Attributes
    ----------
    name
        The file's name, for messages.
    header
        Names of the columns.
    rows
        Yields the line a row begins on (the header's is 1) and its fields.
    """

    name: str
    header: list[str]
    rows: Iterator[tuple[int, list[str]]]

    def column(self, name: str) -> int:
        """Return the place of a column; a sole match that differs in case will do.

        Raises
        ------
        InputError
            If there is none, naming those there are.
        """
        if self.header.count(name) > 1:
            raise InputError(f"{self.name} has several columns {name!r}. Rename all but one.")
        if name in self.header:
            return self.header.index(name)
        alike = [i for i, other in enumerate(self.header) if other.lower() == name.lower()]
        if len(alike) == 1:
            return alike[0]
        raise unknown_name(f"column in {self.name}:", name, self.header)


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Open a comma-separated (``.csv``) or tab-separated (``.tsv``) table, plain or ``.gz``.

    UTF-8 with or without a byte-order mark, UTF-16 with one, any line ends, quoted fields with
    newlines.

    Raises
    ------
    InputError
        If the file is missing, empty, in another encoding, damaged, or has a row with another
        number of fields than the header.
    """
    if not path.is_file():
        raise InputError(f"table {path} is not a file. Give a CSV with a header line.")
    delimiter = "\t" if ".tsv" in path.suffixes else ","
    try:
        with _open_text(path) as text:
            rows = _rows(path.name, text, delimiter)
            _, header = next(rows, (0, []))
            header = [name.strip() for name in header]
            if not header:
                raise InputError(f"{path.name} is empty. It should have a header line and rows.")
            yield Table(path.name, header, _checked(path.name, header, rows))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not UTF-8: byte 0x{error.object[error.start]:02x} cannot be read. "
            "Save it as UTF-8 (for example: iconv -f latin1 -t utf-8)."
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def _open_text(path: Path) -> IO[str]:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    binary = opener(path, "rb")
    start = binary.read(2)
    binary.seek(0)
    wide = start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return io.TextIOWrapper(binary, encoding="utf-16" if wide else "utf-8-sig", newline="")


def _rows(name: str, text: IO[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            if any("\0" in field for field in fields):
                raise InputError(
                    f"{name} line {line} holds a NUL: the file is damaged, or UTF-16 without a "
                    "byte-order mark. Save it as UTF-8."
                )
            if fields:  # a blank line is no row
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{name} line {line}: {error}. Quote fields that hold the delimiter, a quote or a "
            "newline."
        ) from error


def _checked(
    name: str, header: list[str], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    for line, fields in rows:
        if len(fields) != len(header):
            raise InputError(
                f"{name} line {line}: {len(fields)} fields, expected {len(header)} as in the "
                "header. Fix the row."
            )
        yield line, fields
