"""Tables whose cells have types, read as the text that they would be in a CSV."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from w2s_mol.datasets.table import Row, Table
from w2s_mol.errors import InputError, first_line

_BATCH = 4096


@contextmanager
def open_parquet(path: Path) -> Iterator[Table]:
    """Open a Parquet file; columns of lists and other nested values are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            header = [f.name for f in file.schema_arrow if not pa.types.is_nested(f.type)]
            if not header:
                raise InputError(f"{path.name} has no column of text or numbers.")
            yield Table(path.name, header, _parquet_rows(file, header), word="row")
    except pa.ArrowException as error:
        raise InputError(f"cannot read {path} as Parquet: {first_line(error)}") from error


def _parquet_rows(file: Any, columns: list[str]) -> Iterator[Row]:
    number = 0
    for batch in file.iter_batches(_BATCH, columns=columns):
        values = [column.to_pylist() for column in batch.columns]
        for cells in zip(*values, strict=True):
            number += 1
            yield Row(number, _as_texts(cells))


@contextmanager
def open_xlsx(path: Path) -> Iterator[Table]:
    """Open the first sheet of an Excel workbook; its first row with anything in it is the header.

    Raises
    ------
    InputError
        If what reads workbooks is not installed, or the file is none.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise InputError(
            f"{path.name} is an Excel workbook, and what reads them is not installed. Run "
            "pip install 'w2s-mol[excel]', or save the sheet as CSV."
        ) from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:
        raise InputError(f"cannot read {path} as a workbook: {first_line(error)}") from error
    try:
        rows = _sheet_rows(book.worksheets[0] if book.worksheets else [])
        header = next(rows, Row(0, [])).fields
        while header and not header[-1]:  # formatted cells beside the table
            header.pop()
        if not header:
            raise InputError(f"{path.name}: the first sheet is empty. It should hold the table.")
        yield Table(path.name, [name.strip() for name in header], _fitted(rows, header), word="row")
    except (zipfile.BadZipFile, ParseError) as error:  # sheets are read as their rows are
        raise InputError(f"cannot read {path} as a workbook: {first_line(error)}") from error
    finally:
        book.close()


def _sheet_rows(sheet: Any) -> Iterator[Row]:
    for number, cells in enumerate(getattr(sheet, "values", ()), start=1):
        fields = _as_texts(cells)
        if any(fields):
            yield Row(number, fields)


def _fitted(rows: Iterator[Row], header: list[str]) -> Iterator[Row]:
    """Yield rows as wide as the header: what stands beside the table is not of it."""
    for row in rows:
        fields = row.fields[: len(header)]
        if any(fields):
            yield Row(row.place, [*fields, *[""] * (len(header) - len(fields))])


def _as_texts(cells: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in cells]
