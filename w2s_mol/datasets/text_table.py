"""Tables of delimited text, with a header or (``.smi``) without one."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from w2s_mol import compressed
from w2s_mol.datasets import formats
from w2s_mol.datasets.delimiters import BLANK, delimiter_word, found_delimiter, given_delimiter
from w2s_mol.datasets.faults import Fault
from w2s_mol.datasets.table import Row, Table
from w2s_mol.errors import InputError

_FIELD_LIMIT = 10_000_000
_LOOKED_AT = 1 << 16  # bytes in which the delimiter is looked for
_TABULAR = {".tsv", ".tab"}
_Rows = Iterator[tuple[int, list[str]]]


@contextmanager
def open_text_table(path: Path, delimiter: str | None) -> Iterator[Table]:
    """Open a table of delimited text with a header.

    UTF-8 with or without a byte-order mark, UTF-16 with one, any line ends, quoted fields with
    newlines.
    """
    with _text(path) as (text, start):
        usual = "\t" if compressed.plain(path).suffix.lower() in _TABULAR else ","
        sign = given_delimiter(delimiter) if delimiter else found_delimiter(start, usual)
        rows = _rows(path.name, text, sign)
        _, header = next(rows, (0, []))
        header = [name.strip() for name in header]
        if not header:
            raise InputError(f"{path.name} is empty. It should have a header line and rows.")
        # Blanks part as many columns as the header has; the last takes the rest.
        rows = _joined(rows, len(header)) if sign == BLANK else rows
        hint = f"(Columns were parted at each {delimiter_word(sign)}; --delimiter gives another.)"
        odd = len(header) == 1 or any(set(name) & set(",;\t|") for name in header)
        yield Table(path.name, header, _checked(header, rows), hint=hint if odd else "")


@contextmanager
def open_smi(path: Path, delimiter: str | None) -> Iterator[Table]:
    """Open a list of SMILES without a header: columns ``smiles``, ``name``, ``column 3``, ...

    Parted by tabs if the first line holds one, else by blanks. A first line that begins with the
    word SMILES, as RDKit writes it, is a header all the same.
    """
    with _text(path) as (text, start):
        tabbed = "\t" if any("\t" in line for line in start[:1]) else BLANK
        sign = given_delimiter(delimiter) if delimiter else tabbed
        rows = _rows(path.name, text, sign, quoted=False)
        first = next(rows, None)
        if first is None:
            raise InputError(f"{path.name} is empty. It should have one SMILES a line.")
        _, fields = first
        header = ["smiles", "name", *(f"column {n}" for n in range(3, len(fields) + 1))]
        if fields[0].lower() == "smiles":
            header[: len(fields)] = [name.strip() for name in fields]
        else:
            rows = itertools.chain([first], rows)
        if sign == BLANK:
            rows = _joined(rows, len(header))
        yield Table(path.name, header, _checked(header, _filled(rows, len(header))))


@contextmanager
def _text(path: Path) -> Iterator[tuple[IO[str], list[str]]]:
    """Open a file as text; yield it with its first lines."""
    with compressed.open_bytes(path) as binary:
        start = binary.read(_LOOKED_AT)
    formats.refuse_binary(path.name, start)
    wide = start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding = "utf-16" if wide else "utf-8-sig"
    lines = start.decode(encoding, errors="replace").splitlines(keepends=True)
    # The last line may be cut off.
    first_lines = lines[:-1] if len(start) == _LOOKED_AT and len(lines) > 1 else lines
    try:
        with io.TextIOWrapper(compressed.open_bytes(path), encoding, newline="") as text:
            yield text, first_lines
    except UnicodeDecodeError as error:
        if not wide and formats.is_binary(start):
            raise InputError(
                f"{path.name} is not text. Save the table as CSV or Parquet."
            ) from error
        raise InputError(
            f"{path.name} is not UTF-8: byte 0x{error.object[error.start]:02x} cannot be read. "
            "Save it as UTF-8 (for example: iconv -f latin1 -t utf-8)."
        ) from error


def _rows(name: str, text: IO[str], delimiter: str, quoted: bool = True) -> _Rows:
    """Yield the line each row begins on and its fields; a blank line is no row."""
    csv.field_size_limit(_FIELD_LIMIT)
    by_blanks = delimiter == BLANK
    if quoted and not by_blanks:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(text, delimiter=delimiter, strict=True, quoting=csv.QUOTE_NONE)
    line = 1
    try:
        for fields in reader:
            if "\0" in "".join(fields):
                raise InputError(
                    f"{name} line {line} holds a NUL: the file is damaged, or UTF-16 without a "
                    "byte-order mark. Save it as UTF-8."
                )
            parted = _parted(" ".join(fields)) if by_blanks else fields
            if parted:
                yield line, parted
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{name} line {line}: {error}. Quote fields that hold the delimiter, a quote or a "
            "newline."
        ) from error


def _parted(line: str) -> list[str]:
    """Part a line at blanks; a CXSMILES extension stays with its SMILES, which it belongs to."""
    fields = line.strip(" \t").replace("\t", " ").split(" ")
    fields = [field for field in fields if field]
    if len(fields) > 1 and fields[1].startswith("|"):
        fields[:2] = [f"{fields[0]} {fields[1]}"]
    return fields


def _joined(rows: _Rows, width: int) -> _Rows:
    for line, fields in rows:
        yield line, [*fields[: width - 1], *filter(None, [" ".join(fields[width - 1 :])])]


def _filled(rows: _Rows, width: int) -> _Rows:
    """Yield rows with empty fields for those that are not there: a name need not be given."""
    for line, fields in rows:
        yield line, [*fields, *[""] * (width - len(fields))]


def _checked(header: list[str], rows: _Rows) -> Iterator[Row]:
    expected = f"expected {len(header)} as in the header"
    for line, fields in rows:
        fault = None
        if len(fields) != len(header):
            fault = Fault(line, f"another number of fields, {expected}", f"{len(fields)} fields")
        yield Row(line, fields, fault)
