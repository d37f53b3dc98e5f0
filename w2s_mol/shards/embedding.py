"""Embeddings of a table, in memory that does not grow with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s_mol._version import __version__
from w2s_mol.crews.goods import Reads, pictured
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.faults import reason_and_detail
from w2s_mol.datasets.fetch import mirror_here
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.encoders.devices import Precision
from w2s_mol.encoders.files import encoder_files, seen_from
from w2s_mol.encoders.loading import find_encoder, load_encoder
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.errors import InputError
from w2s_mol.items.contract import Items
from w2s_mol.progress import Progress, silent
from w2s_mol.shards.contract import Ahead, Made, Maker, Recipe, Work
from w2s_mol.shards.output import IN_THIS_PROCESS, How, check_output, written
from w2s_mol.shards.source import Source

_VALID = "valid"


@dataclass(frozen=True)
class EmbeddedTable:
    """How many rows are written, how many of them are valid, and why the others are not.

    ``missing`` is how many shards of a folder are not there yet.
    """

    rows: int
    valid: int
    reasons: dict[str, int] = field(default_factory=dict)
    missing: int = 0


@dataclass(frozen=True)
class Loading:
    """How any process loads an encoder; as in ``load_encoder``."""

    name: str
    device: str
    precision: Precision
    mirror: str | None
    offline: bool
    items: Items

    def load(self, progress: Progress = silent) -> Encoder:
        """Load it."""
        return load_encoder(self.name, self.device, progress=progress, **self._how)

    def find(self, progress: Progress = silent) -> EncoderRef:
        """Find it, without its weights."""
        return find_encoder(self.name, self.device, progress=progress, **self._how)

    def files(self) -> Reads:
        """Return the files that it is loaded from, but for those that the program ships."""
        return encoder_files(self.find())

    @property
    def _how(self) -> dict[str, Any]:
        return {
            "mirror": mirror_here(self.mirror),
            "offline": self.offline,
            "precision": self.precision,
            "items": self.items,
        }


@dataclass(frozen=True)
class _Loaded(Recipe):
    """An encoder that each process loads."""

    loading: Loading
    fingerprint: str
    pooling: str

    def open(self) -> Maker:
        folder = pictured()
        name = self.loading.name if folder is None else seen_from(self.loading.name, folder)
        encoder = replace(self.loading, name=name).load()
        # On another machine a name may stand for something else.
        if encoder.fingerprint != self.fingerprint:
            raise InputError(
                f"encoder {self.loading.name} has another content in another process: it was "
                "changed while it was used, or is another one on that machine. Use the same on all "
                "machines, and run the same command again."
            )
        return _maker(encoder, self.pooling)

    def files(self) -> Reads:
        return self.loading.files()


@dataclass(frozen=True)
class _ReadBy(Recipe):
    """What an encoder reads of items; it computes nothing, and needs no GPU."""

    loading: Loading

    def open(self) -> Callable[[Examples, Progress], Any]:
        encoder = replace(self.loading, device="cpu").load()
        return lambda examples, _progress: encoder.read(examples.smiles)


def embed_table(
    table: Path,
    encoder: Encoder | EncoderRef,
    output: Path,
    pooling: str | None = None,
    item_column: str = "smiles",
    progress: Progress = silent,
    delimiter: str | None = None,
    *,
    how: How = IN_THIS_PROCESS,
    loading: Loading | None = None,
) -> EmbeddedTable:
    """Embed every item of a table.

    Parameters
    ----------
    table
        Any that ``open_table`` reads, or a folder of them. A record of an SD file that RDKit
        cannot read is an invalid row; rows with another number of fields than the header are
        refused.
    encoder, pooling
        What to embed with; the weights of one that is only found are loaded by who needs them.
    output
        A Parquet file, or a folder for a file a shard, with the columns ``smiles`` (or ``text``),
        ``valid``, ``embedding`` (a fixed-size list of float32, NaN where invalid) and ``reason``
        (why a row is invalid, else empty), in the order of the table. Pages carry checksums. Each
        file is written atomically; stopped, the same call goes on.
    item_column
        The column of the SMILES, or of the texts where the encoder reads these.
    delimiter
        As in ``open_table``.
    how, loading
        By whom and which shards, and how other processes load the encoder; without that
        it is this one.

    Raises
    ------
    InputError
        If the table cannot be read or has no rows, or the output cannot be written.
    """
    pooling = encoder.resolve_pooling(pooling)
    check_output(output, table, how.merged)
    source = Source.at(
        table, item_column=item_column, delimiter=delimiter, max_atoms=encoder.items.max_atoms
    )
    recipe = _Loaded(loading, encoder.fingerprint, pooling) if loading else None
    made_by = {
        "encoder": encoder.name,
        "encoder_fingerprint": encoder.fingerprint,
        "pooling": pooling,
        "precision": encoder.precision,
        "items": encoder.items.kept_as,
    }
    work = Work(
        _maker(encoder, pooling),
        recipe,
        f"embedding with {encoder.name}",
        _schema(encoder, pooling),
        made_by,
        ahead=_ahead(encoder, pooling, loading) if loading else None,
    )
    told = written(work, source, output, how, progress)
    return EmbeddedTable(
        told.rows, told.counts[_VALID], dict(told.reasons.most_common()), told.missing
    )


def _maker(encoder: Encoder | EncoderRef, pooling: str) -> Maker:
    schema, opened = _schema(encoder, pooling), _opener(encoder)
    return lambda examples, progress: _made(
        examples, opened().embed(examples.smiles, pooling, progress), schema
    )


def _ahead(encoder: Encoder | EncoderRef, pooling: str, loading: Loading) -> Ahead:
    schema, opened = _schema(encoder, pooling), _opener(encoder)
    return Ahead(
        _ReadBy(loading),
        lambda examples, read, progress: _made(
            examples, opened().embed_read(read, pooling, progress), schema
        ),
    )


def _opener(encoder: Encoder | EncoderRef) -> Callable[[], Encoder]:
    """Return what opens an encoder, once."""
    return cache(encoder.open if isinstance(encoder, EncoderRef) else lambda: encoder)


def _made(examples: Examples, embedded: Embeddings, schema: pa.Schema) -> Made:
    reasons = Counter(reason_and_detail(why)[0] for why in embedded.reasons if why)
    counts = Counter({_VALID: int(embedded.valid.sum())})
    return Made(_batch(examples.smiles, embedded, schema), counts, reasons)


def _schema(encoder: Encoder | EncoderRef, pooling: str) -> pa.Schema:
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
