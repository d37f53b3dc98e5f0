"""Reading a Parquet file of embeddings: what ``w2s-mol embed`` or any other program wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from w2s_mol.errors import InputError, first_line, unknown_name

EMBEDDING, VALID = "embedding", "valid"
_ROWS = 8_192
"""Rows decoded at a time: beside the vectors themselves, reading takes little memory."""

_EXPECTED = (
    "It should be a Parquet file with the columns 'smiles' (or 'text', where the items are texts) "
    "and 'embedding' (a list of as many numbers in each row), as 'w2s-mol embed' writes it."
)


@dataclass(frozen=True)
class EmbeddingsFile:
    """The rows of a file of embeddings.

    Attributes
    ----------
    cells
        What stands in the column of items, ``n`` texts; empty where missing.
    vectors
        Shape (n, d), float32; NaN where a row has no vector.
    marked
        Shape (n,): False where the column ``valid`` says so.
    made_by
        What the file says of the encoder it comes from, where ``w2s-mol embed`` wrote it.
    """

    cells: list[str]
    vectors: NDArray[np.float32]
    marked: NDArray[np.bool_]
    made_by: dict[str, str]


def read_embeddings(path: Path, items: str) -> EmbeddingsFile:
    """Read a file of embeddings, whose items are in a column that is called so.

    Raises
    ------
    InputError
        If it is not there, is not Parquet, lacks a column, or its vectors are not of one length.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"the file of embeddings {path} {what}. {_EXPECTED}")
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            _check_columns(path, file.schema_arrow, items)
            return _read(path, file, items)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"cannot read {path}: {first_line(error)} {_EXPECTED}") from error


def _check_columns(path: Path, schema: pa.Schema, items: str) -> None:
    for name in (items, EMBEDDING):
        if name not in schema.names:
            raise unknown_name(f"columns of {path.name}: there is no", name, schema.names)
    for name in (items, EMBEDDING, VALID):
        if schema.names.count(name) > 1:
            raise InputError(f"{path} has several columns {name!r}. {_EXPECTED}")
    _check_kind(path, items, schema, "text", _is_text)
    _check_kind(path, EMBEDDING, schema, "lists of numbers", _is_vector)
    if VALID in schema.names:
        _check_kind(path, VALID, schema, "true or false", pa.types.is_boolean)


def _check_kind(path: Path, name: str, schema: pa.Schema, wanted: str, is_right: Any) -> None:
    kind = schema.field(name).type
    if not is_right(kind):
        raise InputError(f"{path}: the column {name!r} holds {kind}, not {wanted}. {_EXPECTED}")


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def _is_vector(kind: pa.DataType) -> bool:
    types = pa.types
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    number = kind.value_type
    return bool(types.is_floating(number) or types.is_integer(number) or types.is_boolean(number))


def _read(path: Path, file: pq.ParquetFile, items: str) -> EmbeddingsFile:
    has_marks = VALID in file.schema_arrow.names
    cells: list[str] = []
    marked = np.ones(file.metadata.num_rows, dtype=bool)
    vectors: NDArray[np.float32] | None = None
    for batch in _batches(file, items, has_marks):
        start, end = len(cells), len(cells) + batch.num_rows
        cells += [cell or "" for cell in batch.column(items).to_pylist()]
        if has_marks:
            marked[start:end] = pc.fill_null(batch.column(VALID), False).to_numpy(False)
        rows, found = _vectors(path, start, batch.column(EMBEDDING))
        if not len(rows):
            continue
        if vectors is None:
            shape = (file.metadata.num_rows, found.shape[1])
            vectors = np.full(shape, np.nan, dtype=np.float32)
        if found.shape[1] != vectors.shape[1]:
            raise _ragged(path, start + int(rows[0]), found.shape[1], vectors.shape[1])
        vectors[start + rows] = found
    if vectors is None:
        raise InputError(f"{path} holds no vector in its {len(cells):,} rows. {_EXPECTED}")
    made_by = {
        key.decode(): value.decode(errors="replace")
        for key, value in (file.schema_arrow.metadata or {}).items()
        if key in (b"encoder", b"encoder_fingerprint", b"pooling", b"w2s_mol")
    }
    return EmbeddingsFile(cells, vectors, marked, made_by)


def _batches(file: pq.ParquetFile, items: str, has_marks: bool) -> Iterator[pa.RecordBatch]:
    columns = [items, EMBEDDING, *([VALID] if has_marks else [])]
    yield from file.iter_batches(batch_size=_ROWS, columns=columns)


def _vectors(
    path: Path, start: int, column: pa.Array
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return which rows of a batch have a vector, and the vectors; an empty list is none."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(lengths)
    if not len(rows):
        return rows, np.empty((0, 0), dtype=np.float32)
    length = int(lengths[rows[0]])
    if (other := rows[lengths[rows] != length]).size:
        raise _ragged(path, start + int(other[0]), int(lengths[other[0]]), length)
    numbers = column.flatten().to_numpy(zero_copy_only=False)
    if numbers.dtype == object:  # truth values of which some are missing
        numbers = np.array([np.nan if n is None else n for n in numbers])
    with np.errstate(over="ignore"):  # what float32 cannot hold is not finite, and said to be
        return rows, numbers.astype(np.float32).reshape(len(rows), length)


def _ragged(path: Path, row: int, got: int, expected: int) -> InputError:
    return InputError(
        f"{path}: the embedding in row {row + 1:,} has {got:,} numbers, those before it "
        f"{expected:,}. {_EXPECTED} A row without a vector may be empty."
    )
