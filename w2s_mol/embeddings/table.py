"""A table of items to a Parquet file of embeddings, in memory that does not grow with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.datasets.faults import reason_and_detail
from w2s_mol.embeddings.library import Library
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent


@dataclass(frozen=True)
class EmbeddedTable:
    """How many rows were written, how many of them are valid, and why the others are not."""

    rows: int
    valid: int
    reasons: dict[str, int] = field(default_factory=dict)


def embed_table(
    table: Path,
    encoder: Encoder,
    output: Path,
    pooling: str | None = None,
    item_column: str = "smiles",
    progress: Progress = silent,
    delimiter: str | None = None,
) -> EmbeddedTable:
    """Embed every item of a table.

    Parameters
    ----------
    table
        Any that ``open_table`` reads. A record of an SD file that RDKit cannot read is an invalid
        row; rows with another number of fields than the header are refused.
    encoder, pooling
        What to embed with.
    output
        A Parquet file with the columns ``smiles`` (or ``text``), ``valid``, ``embedding`` (a
        fixed-size list of float32, NaN where invalid) and ``reason`` (why a row is invalid, else
        empty), in the order of the table. Its pages carry checksums. Written atomically.
    item_column
        The column of the SMILES, or of the texts where the encoder reads these.
    delimiter
        As in ``open_table``.

    Raises
    ------
    InputError
        If the table cannot be read or has no rows, or the output cannot be written.
    """
    pooling = encoder.resolve_pooling(pooling)
    if output.exists() and table.exists() and output.samefile(table):
        raise InputError(f"{output} is the table itself. Choose another output.")
    library = Library(table, item_column, delimiter, encoder.items.max_atoms)
    total = library.checked_total()
    schema = _schema(encoder, pooling)
    rows, valid, reasons = 0, 0, Counter[str]()
    checked = {"write_page_checksum": True}  # a flipped bit must not become a number
    with (
        files.atomic_path(output) as temporary,
        pq.ParquetWriter(temporary, schema, **checked) as writer,
    ):
        for chunk in library.blocks():
            base = rows

            def report(work: str, done: int, _: int | None, base: int = base) -> None:
                progress(work, base + done, total)

            embedded = encoder.embed(chunk.smiles, pooling, report)
            writer.write_batch(_batch(chunk.smiles, embedded, schema))
            reasons.update(reason_and_detail(why)[0] for why in embedded.reasons if why)
            rows += len(chunk)
            valid += int(embedded.valid.sum())
            progress(f"embedding with {encoder.name}", rows, total)
    return EmbeddedTable(rows, valid, dict(reasons.most_common()))


def _schema(encoder: Encoder, pooling: str) -> pa.Schema:
    fields = [
        pa.field(encoder.items.column, pa.string()),
        pa.field("valid", pa.bool_()),
        pa.field("embedding", pa.list_(pa.float32(), encoder.dimension(pooling))),
        pa.field("reason", pa.string()),
    ]
    made_by = {
        "w2s_mol": __version__,
        "encoder": encoder.name,
        "encoder_fingerprint": encoder.fingerprint,
        "pooling": pooling,
    }
    return pa.schema(fields, metadata=made_by)


def _batch(smiles: Sequence[str], embedded: Embeddings, schema: pa.Schema) -> pa.RecordBatch:
    vectors = embedded.embeddings
    values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    columns = [pa.array(smiles), pa.array(embedded.valid), values, pa.array(embedded.reasons)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
