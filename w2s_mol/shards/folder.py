"""A folder of shards: each a Parquet file written at once, whole or not at all; what they are of.

``_manifest.json`` says what the shards are made of, so that the same command goes on and another
one is refused; the rest of the folder reads as one dataset in whatever reads Parquet.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from w2s_mol import files
from w2s_mol.errors import InputError
from w2s_mol.shards.contract import Made, Shard, Work
from w2s_mol.shards.source import Piece, Source

MANIFEST = "_manifest.json"
_PATTERN = "part-{:06d}.parquet"
_OURS, _COUNTS, _REASONS, _RANGE = b"made_by_sha256", b"counts", b"reasons", b"rows_of_input"
_ROWS = "rows a shard"
_FORMAT = 1


@dataclass(frozen=True)
class Told:
    """What is known of shards that are done, together, and how many are missing."""

    missing: int
    rows: int
    counts: Counter[str]
    reasons: Counter[str]


class OtherWorkError(InputError):
    """A folder was begun with another input, or other settings."""


class ShardFolder:
    """The shards of some work on a source, in a folder.

    Attributes
    ----------
    path
        Of the folder.
    pieces
        The files of the source.
    size
        Rows of a shard.
    rows, n
        Of the source, and how many shards that makes.
    """

    def __init__(
        self, path: Path, work: Work, settings: dict[str, Any], pieces: Sequence[Piece], size: int
    ) -> None:
        self.path, self.pieces, self.size = path, tuple(pieces), size
        self.rows = sum(piece.rows for piece in pieces)
        self.n = ceil(self.rows / size)
        self._schema, self._settings = work.schema, settings
        self._made_by = files.sha256_json(self._manifest())

    @classmethod
    def begin(cls, path: Path, work: Work, source: Source, size: int) -> ShardFolder:
        """Begin a folder, or go on with one.

        Raises
        ------
        OtherWorkError
            If it was begun with another input or other settings.
        InputError
            If it holds something else, or the source cannot be read.
        """
        if path.is_file():
            raise InputError(f"{path} is a file. Give a folder, or a name in .parquet.")
        settings = {**work.made_by, **source.reading, _ROWS: size}
        begun = _read(path) is not None
        pieces = [] if begun else source.pieces(work.columns)  # before anything is written
        with files.locked(path / ".lock", path):
            before = _read(path)
            if before is None:
                pieces = pieces or source.pieces(work.columns)
                folder = cls(path, work, settings, pieces, size)
                files.write_json(path / MANIFEST, folder._manifest())
                return folder
            _refuse_other_work(path, before["made_by"], settings)
            pieces = [Piece(**piece) for piece in before["input"]]
            _refuse_other_input(path, pieces, source)
            return cls(path, work, settings, pieces, size)

    def _manifest(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "made_by": self._settings,
            "input": [asdict(piece) for piece in self.pieces],
            "rows": self.rows,
            "shards": self.n,
        }

    def file(self, number: int) -> Path:
        """Return where a shard is, or will be."""
        return self.path / _PATTERN.format(number)

    def has(self, number: int) -> bool:
        """Say whether a shard is there, whole and of this work."""
        return self._metadata(number) is not None

    def claim(self, number: int) -> AbstractContextManager[bool]:
        """Hold a shard for this process, as ``files.claimed`` does."""
        return files.claimed(self.path / f".{_PATTERN.format(number)}.lock", self.path)

    def write(self, shard: Shard, made: Made) -> None:
        """Write what is made of a shard.

        Raises
        ------
        W2SMolError
            If it cannot be written.
        """
        last = shard.first + made.rows.num_rows
        told = {
            _OURS: self._made_by,
            _RANGE: f"{shard.first}-{last}",
            _COUNTS: json.dumps(made.counts, sort_keys=True),
            _REASONS: json.dumps(made.reasons, sort_keys=True),
        }
        schema = self._schema
        schema = schema.with_metadata({**(schema.metadata or {}), **told})
        with (
            files.atomic_path(self.file(shard.number)) as temporary,
            parquet_writer(temporary, schema) as writer,
        ):
            writer.write_batch(made.rows.cast(schema))

    def told(self) -> Told:
        """Return what is told of all shards that are there."""
        missing, rows, counts, reasons = 0, 0, Counter[str](), Counter[str]()
        for number in range(self.n):
            metadata = self._metadata(number)
            if metadata is None:
                missing += 1
            else:
                rows += metadata.num_rows
                counts.update(json.loads(metadata.metadata[_COUNTS]))
                reasons.update(json.loads(metadata.metadata[_REASONS]))
        return Told(missing, rows, counts, reasons)

    def missing(self) -> list[int]:
        """Return the numbers of shards that are not there."""
        return [number for number in range(self.n) if not self.has(number)]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows of all shards in order.

        Raises
        ------
        InputError
            If a shard is missing or damaged.
        """
        for number in range(self.n):
            path = self.file(number)
            try:
                with pq.ParquetFile(path, page_checksum_verification=True) as file:
                    yield from file.iter_batches()
            except (OSError, pa.ArrowInvalid) as error:
                raise InputError(
                    f"{path} is missing or damaged ({error}). Remove it and run the same command "
                    "again: it alone is made anew."
                ) from error

    def _metadata(self, number: int) -> pq.FileMetaData | None:
        try:
            metadata = pq.read_metadata(self.file(number))
        except (OSError, pa.ArrowInvalid):
            return None  # missing, or cut off: its end is written last
        told = metadata.metadata or {}
        return metadata if told.get(_OURS) == self._made_by.encode() else None


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return what writes rows; its pages carry checksums: a flipped bit must not be a number."""
    return pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True)


def _read(path: Path) -> dict[str, Any] | None:
    """Return the manifest of a folder; None if it is empty or not there.

    Raises
    ------
    InputError
        If it holds something else, or a manifest that cannot be read.
    """
    manifest = path / MANIFEST
    if not path.exists():
        return None
    if not manifest.is_file():
        others = [file.name for file in path.iterdir() if not file.name.startswith(".")]
        if others:
            raise InputError(f"{path} holds other files ({others[0]}). Choose another folder.")
        return None
    try:
        found = files.read_json(manifest)
    except (OSError, ValueError) as error:
        raise InputError(f"{manifest} cannot be read: {error}. Remove {path}.") from error
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise InputError(f"{manifest} is none of this version's. Remove {path}.")
    return found


def _refuse_other_work(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            raise OtherWorkError(
                f"{path} was begun with {name} {before.get(name)}, not {now.get(name)}. Use the "
                "same settings, choose another folder, or remove it."
            )


def _refuse_other_input(path: Path, pieces: Sequence[Piece], source: Source) -> None:
    before = [piece.name for piece in pieces]
    now = [library.path.name for library in source.libraries]
    if before != now:
        raise OtherWorkError(
            f"{path} was begun with other files ({_first_unlike(before, now)}). Choose another "
            "folder, or remove it."
        )
    for piece, sha256 in zip(pieces, source.hashes(), strict=True):
        if piece.sha256 != sha256:
            raise OtherWorkError(
                f"{piece.name} was changed since {path} was begun: its shards are of what it was. "
                "Choose another folder, or remove it."
            )


def _first_unlike(before: Sequence[str], now: Sequence[str]) -> str:
    gone, new = (sorted({*a} - {*b}) for a, b in ((before, now), (now, before)))
    return f"{new[0]} is new" if new else f"{gone[0]} is gone"
