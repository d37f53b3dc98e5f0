"""The parts of a run under way: each is written at once, by whichever process did it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from w2s_mol import files
from w2s_mol.engine.run import Part, Run
from w2s_mol.manifest import environment
from w2s_mol.run_record import is_whole
from w2s_mol.run_tables import arrow_table

FOLDER = "parts"
_TABLE = ".arrow"
_TABLES = (_TABLE, ".parquet")
"""What parts are written as, and were by versions before."""


class Parts:
    """What is done of a run in its folder, by this process and others.

    A part is a file a table, and then one with their hashes: a part without that is not done.
    """

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder / FOLDER
        self._run = run

    def claim(self, part: str) -> AbstractContextManager[bool]:
        """Hold a part, if no other process does."""
        return files.claimed(self._folder / f".{part}.lock", self._folder / part)

    def write(self, part: str, done: Part) -> None:
        """Keep a part that was done."""
        for table, rows in done.tables.items():
            _write(self._table(part, table), arrow_table(rows))
        hashes = {table: files.sha256_file(self._table(part, table)) for table in done.tables}
        record = {
            "run": self._run.run_id,
            "tables": hashes,
            "notes": done.notes,
            "seconds": done.seconds,
            "made_of": done.made_of,
            "measured": done.measured,
        }
        files.write_json(self._record(part), record)

    def read(self, part: str) -> dict[str, Any] | None:
        """Return the record of a part that is done and whole, else None."""
        try:
            record = files.read_json(self._record(part))
            ours = record["run"] == self._run.run_id
            shaped = all(isinstance(record[name], dict) for name in ("notes", "seconds"))
            hashes: dict[str, str] = record["tables"]
            whole = all(is_whole(self._table(part, t), sha256) for t, sha256 in hashes.items())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return (
            record if ours and shaped and whole and set(hashes) <= set(self._run.tables) else None
        )

    def tables(self, name: str, of: list[str]) -> Iterator[pa.Table]:
        """Yield a table of some parts, one by one, all with the same columns."""
        paths = [path for part in of if (path := self._table(part, name)).is_file()]
        schemas = [_schema(path) for path in paths]
        schema = pa.unify_schemas(schemas, promote_options="permissive")
        schema = schema.with_metadata(schemas[0].metadata)
        for path in paths:
            found = _read(path)
            for field in schema:
                if field.name not in found.column_names:
                    found = found.append_column(field, pa.nulls(len(found), field.type))
            yield found.select(schema.names).cast(schema)

    def remove(self) -> None:
        """Remove the files of a finished run, also what a killed process left of one."""
        if not self._folder.is_dir():
            return
        for part in self._run.part_names():
            for table in self._run.tables:
                for suffix in _TABLES:
                    self._table(part, table).with_suffix(suffix).unlink(missing_ok=True)
            self._record(part).unlink(missing_ok=True)
        with suppress(OSError):  # what is not ours stays
            for pattern in (".*.tmp", ".*.lock", "session-*.json"):
                for left in self._folder.glob(pattern):
                    left.unlink()
            self._folder.rmdir()

    def sessions(self) -> list[dict[str, Any]]:
        """Return what processes spent on this run so far, in the order of their beginnings."""
        found = []
        for path in self._folder.glob("session-*.json"):
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                session = files.read_json(path)
                if session.pop("run") == self._run.run_id:
                    times = {
                        "started": str(session["started"]),
                        "seconds": float(session["seconds"]),
                    }
                    found.append({**session, **times})
        return sorted(found, key=lambda session: str(session["started"]))

    def _table(self, part: str, table: str) -> Path:
        return self._folder / f"{part}.{table}{_TABLE}"

    def _record(self, part: str) -> Path:
        return self._folder / f"{part}.json"


def _write(path: Path, table: pa.Table) -> None:
    """Write a table as it lies in memory: it is soon read again, and then written to last."""
    with (
        files.atomic_path(path) as temporary,
        pa.ipc.new_file(str(temporary), table.schema) as writer,
    ):
        writer.write_table(table)


def _schema(path: Path) -> pa.Schema:
    """Return the columns of a table that was written so, of which no more is read."""
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        return _widened(reader.schema)


def _read(path: Path) -> pa.Table:
    """Return a table that was written so."""
    with pa.ipc.open_file(path.read_bytes()) as reader:
        table = reader.read_all()
    return table.cast(_widened(table.schema))


def _widened(schema: pa.Schema) -> pa.Schema:
    """Return the columns with numbers of repeated texts of one width: a part has fewer of these."""
    wide = pa.dictionary(pa.int32(), pa.string())
    fields = [f.with_type(wide) if pa.types.is_dictionary(f.type) else f for f in schema]
    return pa.schema(fields, schema.metadata)


class Session:
    """The time that a process spends on a run; on disk, so that a killed one's is known."""

    def __init__(self, run_id: str, folder: Path | None) -> None:
        self._run_id = run_id
        self._path = folder / FOLDER / f"session-{secrets.token_hex(4)}.json" if folder else None
        self._began = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._start = time.monotonic()

    def now(self) -> dict[str, Any]:
        """Return when it began, how long it took until now, and on what."""
        seconds = round(time.monotonic() - self._start, 3)
        return {"started": self._began, "seconds": seconds, **environment()}

    def note(self) -> None:
        """Write it down."""
        if self._path:
            files.write_json(self._path, {"run": self._run_id, **self.now()})


def holds_any(folder: Path) -> bool:
    """Say whether anyone's parts are in a run's folder, of whatever kind of run."""
    inside = (folder / FOLDER).glob("*")
    return any(path.suffix in _TABLES and not path.name.startswith(".") for path in inside)


def is_at_work(folder: Path) -> bool:
    """Say whether a process holds a part in a run's folder, of whatever kind of run."""
    for lock in (folder / FOLDER).glob(".*.lock"):
        with files.claimed(lock, folder) as mine:
            if not mine:
                return True
    return False
