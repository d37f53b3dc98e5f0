"""A run's folder: begun, gone on with, finished, read again. Any kind of run is kept this way.

A run is made of parts (a dataset's split, an experiment's seed). Each finished part is written at
once, so that a killed run goes on where it stopped; at the end the parts become the run's tables.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from w2s_mol import files
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.manifest import environment, versions_note
from w2s_mol.progress import Progress
from w2s_mol.run_difference import difference
from w2s_mol.run_record import (
    CONFIG,
    CSV,
    MANIFEST,
    RESULTS,
    damaged,
    is_whole,
    mend,
    read_manifest,
    read_table,
    write_config,
    write_csv,
    write_parquet,
)

_PARTS = "parts"
_THIS_RUN = "this run"

Tables = dict[str, pd.DataFrame]


class Run(Protocol):
    """What a folder keeps.

    Attributes
    ----------
    kind
        ``study`` or ``synthetic``.
    run_id
        A hash of everything the results depend on.
    format
        A number that changes when the same settings no longer give the same results. A version
        of the program that keeps it reads and goes on with what an older one began.
    tables
        The names of its tables; ``results`` is one of them.
    """

    kind: str
    run_id: str
    format: int
    tables: tuple[str, ...]

    def config(self) -> dict[str, Any]:
        """Return the settings as TOML holds them."""

    def chosen(self) -> dict[str, Any]:
        """Return those of the settings that are not the defaults."""

    def part_names(self) -> list[str]:
        """Return a file name for each part, in order."""

    def parts(self, progress: Progress, done: frozenset[str]) -> Iterator[tuple[str, Tables]]:
        """Yield name and tables of each part that is not done."""

    def manifest(self) -> dict[str, Any]:
        """Return what identifies the run's inputs, and ``notes``: what a reader should know."""

    def measured(self) -> dict[str, Any]:
        """Return what is known of the work done so far: seconds of each piece, the device."""


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes
    ----------
    tables
        By name.
    manifest
        As in ``manifest.json``.
    folder
        Where it is written, if anywhere.
    computed
        False if it was found finished and nothing was computed.
    mended
        Names of files that were found damaged or lost and are written again.
    """

    tables: Tables
    manifest: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    computed: bool = True
    mended: tuple[str, ...] = ()


def carry_out(run: Run, folder: Path | None, progress: Progress) -> Finished:
    """Carry out a run in a folder, or in memory for None.

    Raises
    ------
    InputError
        If the folder holds another run or a damaged table, or cannot be written.
    W2SMolError
        If the folder is removed or altered while the run is at work.
    """
    if folder is None:
        return _in_memory(run, progress)
    if found := _whole_and_finished(folder, run):  # perhaps where nothing can be written
        return found
    with files.locked(folder / ".lock", folder, progress):
        manifest = _own_manifest(folder, run)
        if manifest and manifest["finished"]:
            mended = mend(folder, manifest, lost_too=True)
            _Journal(run, folder, manifest).tidy()
            return _read(folder, run, manifest, tuple(mended))
        journal = _Journal(run, folder, manifest)
        for name, tables in run.parts(progress, journal.begin()):
            journal.add(name, tables)
        return journal.finish()


def _in_memory(run: Run, progress: Progress) -> Finished:
    session = _Session({})
    parts = [tables for _, tables in run.parts(progress, frozenset())]
    tables = {
        name: pd.concat([part[name] for part in parts], ignore_index=True) for name in run.tables
    }
    return Finished(tables, session.manifest(run))


class _Session:
    """The time that a process spends on a run, after the sessions of others before it."""

    def __init__(self, earlier: dict[str, Any]) -> None:
        self._sessions: list[dict[str, Any]] = earlier.get("sessions", [])
        self._seconds: dict[str, float] = earlier.get("seconds", {})
        self._began = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._start = time.monotonic()

    def manifest(self, run: Run) -> dict[str, Any]:
        """Return what a manifest says of a run as far as it has come, all sessions together."""
        seconds = round(time.monotonic() - self._start, 3)
        measured, made_by = run.measured(), environment()
        sessions = [*self._sessions, {"started": self._began, "seconds": seconds, **made_by}]
        spent = {"total": seconds, **measured["seconds"]}
        inputs = run.manifest()
        if note := versions_note(sessions):
            notes = inputs.get("notes", {})
            inputs["notes"] = {**notes, _THIS_RUN: [*notes.get(_THIS_RUN, []), note]}
        return {
            "kind": run.kind,
            "study": run.run_id,
            "format": run.format,
            "finished": True,
            "config": run.config(),
            **inputs,
            **made_by,
            **measured,
            "seconds": {
                what: round(self._seconds.get(what, 0) + spent.get(what, 0), 3)
                for what in {**spent, **self._seconds}
            },
            "sessions": sessions,
        }


class _Journal:
    """A run at work in its folder; the manifest says at any moment which parts are done."""

    def __init__(self, run: Run, folder: Path, manifest: dict[str, Any] | None) -> None:
        earlier = manifest or {}
        self._run, self._folder = run, folder
        self._session = _Session(earlier)
        self._parts: dict[str, dict[str, str]] = {
            name: hashes
            for name, hashes in earlier.get("parts", {}).items()
            if name in run.part_names()  # a name is part of a path, and the file is only a file
            and set(hashes) == set(run.tables)
            and all(is_whole(self._part(name, table), sha256) for table, sha256 in hashes.items())
        }
        self._written = b""

    def _part(self, name: str, table: str) -> Path:
        return self._folder / _PARTS / f"{name}.{table}.parquet"

    def begin(self) -> frozenset[str]:
        """Mark the folder as this run's, and return the parts that are done and whole."""
        files.sweep(self._folder / _PARTS)
        # The manifest comes first: it marks the folder, whenever the run is killed.
        self._note()
        write_config(self._folder, self._run.config())
        return frozenset(self._parts)

    def add(self, name: str, tables: Tables) -> None:
        """Keep a part."""
        for table in self._run.tables:
            self._check()
            write_parquet(self._part(name, table), tables[table])
        self._check()
        self._parts[name] = {
            table: files.sha256_file(self._part(name, table)) for table in self._run.tables
        }
        self._note()

    def finish(self) -> Finished:
        """Put the parts together."""
        tables = {}
        for table in sorted(self._run.tables, key=lambda t: t == RESULTS):
            parts = [self._read(name, table) for name in self._run.part_names()]
            tables[table] = pd.concat(parts, ignore_index=True)
            self._check()
            write_parquet(self._folder / f"{table}.parquet", tables[table])
        write_csv(self._folder, tables[RESULTS])
        self._check()
        names = [CSV, *(f"{table}.parquet" for table in self._run.tables), CONFIG]
        manifest = {
            **self._session.manifest(self._run),
            "files": {name: self._hash(name) for name in names},
        }
        files.write_json(self._folder / MANIFEST, manifest)
        self.tidy()
        if lost := damaged(self._folder, manifest["files"]):
            raise _altered(self._folder / lost[0])
        return Finished(tables, manifest, self._folder)

    def _note(self) -> None:
        """Write the manifest of a run that is not finished."""
        manifest = {**self._session.manifest(self._run), "finished": False, "parts": self._parts}
        self._written = files.as_json(manifest)
        files.write_bytes(self._folder / MANIFEST, self._written)

    def _check(self) -> None:
        """Raise W2SMolError if the folder is no longer this process's."""
        path = self._folder / MANIFEST
        try:
            ours = path.read_bytes() == self._written
        except OSError:
            ours = False
        if not ours:
            raise _altered(path)

    def _hash(self, name: str) -> str:
        try:
            return files.sha256_file(self._folder / name)
        except OSError as error:
            raise _altered(self._folder / name) from error

    def _read(self, name: str, table: str) -> pd.DataFrame:
        path = self._part(name, table)
        if not is_whole(path, self._parts[name][table]):
            raise _altered(path)
        return pd.read_parquet(path)

    def tidy(self) -> None:
        """Remove a finished run's parts, which a kill may have kept its last session from."""
        for name in self._run.part_names():
            for table in self._run.tables:
                self._part(name, table).unlink(missing_ok=True)
        folder = self._folder / _PARTS
        with suppress(OSError):  # what is not ours stays
            for path in folder.glob(".*.tmp"):  # the lock is ours, so these are of killed ones
                path.unlink()
            folder.rmdir()


def _altered(path: Path) -> W2SMolError:
    return W2SMolError(
        f"{path} was removed or altered while the run was at work. Run the same command again; "
        "what was embedded is kept."
    )


def _own_manifest(folder: Path, run: Run) -> dict[str, Any] | None:
    """Return the manifest of a folder that may be used, None if it holds nothing to keep.

    Raises
    ------
    InputError
        If it is not this run's, and not empty.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        foreign = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
        if foreign:
            raise InputError(
                f"{folder} holds other files ({foreign[0]}). Choose another --output-dir."
            )
        return None
    if manifest["study"] == run.run_id:
        return manifest
    if not manifest["finished"] and not _holds_parts(folder):
        return None  # begun and refused for its input: nothing there is worth keeping
    raise InputError(
        f"{folder} holds another {manifest['kind']} ({_other(manifest, run)}). Choose "
        "another --output-dir, or remove it."
    )


def _holds_parts(folder: Path) -> bool:
    """Say whether anyone's parts are there, of whatever kind of run."""
    return any(not path.name.startswith(".") for path in (folder / _PARTS).glob("*"))


def _other(manifest: dict[str, Any], run: Run) -> str:
    ours = {"kind": run.kind, "format": run.format, "config": run.config(), **run.manifest()}
    return difference(manifest, ours, run.chosen())


def _whole_and_finished(folder: Path, run: Run) -> Finished | None:
    manifest = read_manifest(folder)
    if not manifest or not manifest["finished"]:
        return None
    _own_manifest(folder, run)
    if "files" not in manifest or damaged(folder, manifest["files"]):
        return None
    return _read(folder, run, manifest)


def _read(
    folder: Path, run: Run, manifest: dict[str, Any], mended: tuple[str, ...] = ()
) -> Finished:
    tables = {table: read_table(folder, table, manifest) for table in run.tables}
    return Finished(tables, manifest, folder, computed=False, mended=mended)
