"""Where what is made of a table goes: a folder of shards, or one file in the order of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from w2s_mol import files
from w2s_mol.crews.named import Asked
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent
from w2s_mol.shards.carrying import carry_out
from w2s_mol.shards.contract import Work
from w2s_mol.shards.folder import OtherWorkError, ShardFolder, Told, parquet_writer
from w2s_mol.shards.share import SIZE, Share
from w2s_mol.shards.source import Source

PARQUET, CSV = ".parquet", ".csv"


@dataclass(frozen=True)
class How:
    """How a table is worked on.

    Attributes
    ----------
    asked
        Who makes shards: this process, several of this machine, a cluster.
    size
        Rows of a shard.
    share
        Make these shards alone; of a folder.
    merged
        Beside a folder, one file to put all of its shards into.
    """

    asked: Asked = field(default_factory=Asked)
    size: int = SIZE
    share: Share | None = None
    merged: Path | None = None


IN_THIS_PROCESS = How()


def is_file(output: Path) -> bool:
    """Say whether a name is that of one file; any other is a folder's."""
    return output.suffix.lower() in (PARQUET, CSV)


def check_output(
    output: Path, table: Path, merged: Path | None, kinds: Sequence[str] = (PARQUET,)
) -> None:
    """Raise InputError if nothing can be written there, before anything is computed.

    Parameters
    ----------
    output, merged
        As in ``written``.
    table
        What must not be written over.
    kinds
        Suffixes of one file.
    """
    for path in (output, merged):
        if path is None:
            continue
        folder = path is output and (not path.suffix or path.is_dir())
        if not folder and path.suffix.lower() not in kinds:
            raise InputError(
                f"{path} should end in {' or '.join(kinds)}, which says what is written"
                f"{', or be a folder' if path is output else ''}."
            )
        if path.exists() and table.exists() and path.samefile(table):
            raise InputError(f"{path} is the table itself. Choose another output.")


def written(
    work: Work,
    source: Source,
    output: Path,
    how: How = IN_THIS_PROCESS,
    progress: Progress = silent,
) -> Told:
    """Make something of a table, and write it to a file or to a folder of shards.

    A file is put together of a folder beside it, hidden, that goes when all is done: stopped or
    killed, the same call goes on.

    Parameters
    ----------
    work, source
        What is made, of what.
    output
        A name in ``.parquet`` or ``.csv``, or a folder.
    how
        By whom, and which shards.
    progress
        Told the rows that are done.

    Returns
    -------
    Told
        Of all shards that are there, whoever made them.

    Raises
    ------
    InputError
        If the source cannot be read, or a folder holds something else or shards of another source
        or other settings.
    W2SMolError
        If something cannot be written.
    """
    share, merged = how.share, how.merged
    if share and merged:
        raise InputError(
            f"{share} of the shards is asked for, and --merge puts all of them together. Leave out "
            "one of the two: --merge belongs to the last command."
        )
    if not is_file(output):
        folder = ShardFolder.begin(output, work, source, how.size)
        numbers = None if share is None else share.of(folder.n)
        carry_out(folder, work, source, how.asked, progress, numbers)
        if merged:
            merge(folder, merged, work.schema)
        return folder.told()
    if share or merged:
        raise InputError(
            f"{output} is one file, and --shard and --merge are for a folder of shards. Give a "
            "folder."
        )
    beside = output.with_name(f".{output.name}.shards")
    with files.locked(output.with_name(f".{output.name}.lock"), output, progress):
        folder = _begun_anew(beside, work, source, how.size)
        carry_out(folder, work, source, how.asked, progress)
        merge(folder, output, work.schema)
        told = folder.told()
        files.discard(beside)
    return told


def _begun_anew(path: Path, work: Work, source: Source, size: int) -> ShardFolder:
    try:
        return ShardFolder.begin(path, work, source, size)
    except OtherWorkError:  # of another command, which was never ended
        files.discard(path)
        return ShardFolder.begin(path, work, source, size)


def merge(folder: ShardFolder, output: Path, schema: pa.Schema) -> None:
    """Put all shards together into one file, in the order of the table.

    Raises
    ------
    InputError
        If a shard is missing or damaged, or the file cannot be written there.
    """
    if missing := folder.missing():
        raise InputError(
            f"{folder.path} lacks {len(missing):,} of {folder.n:,} shards, the first number "
            f"{missing[0]}. Make them first: run the command that made the others."
        )
    with files.atomic_path(output) as temporary, _writer(output, temporary, schema) as writer:
        for batch in folder.batches():
            writer.write_batch(batch.cast(schema))


@contextmanager
def _writer(output: Path, temporary: Path, schema: pa.Schema) -> Iterator[Any]:
    is_csv = output.suffix.lower() == CSV
    with (
        pa_csv.CSVWriter(temporary, schema)
        if is_csv
        else parquet_writer(temporary, schema) as writer
    ):
        yield writer
