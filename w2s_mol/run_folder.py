"""A run's folder: begun, gone on with, finished, read again. Any kind of run is kept this way.

A run is made of parts (a dataset's split, an experiment's seed). Each finished part is written at
once, so that a killed run goes on where it stopped; at the end the parts become the run's tables.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from w2s_mol import __version__, files
from w2s_mol.errors import InputError
from w2s_mol.manifest import environment
from w2s_mol.progress import Progress

RESULTS = "results"
"""The table that every run has, as ``results.parquet`` and ``results.csv``."""

MANIFEST = "manifest.json"
_CONFIG = "config.toml"
_PARTS = "parts"

Tables = dict[str, pd.DataFrame]


class Run(Protocol):
    """What a folder keeps.

    Attributes
    ----------
    kind
        ``study`` or ``synthetic``.
    run_id
        A hash of everything the results depend on.
    tables
        The names of its tables; ``results`` is one of them.
    """

    kind: str
    run_id: str
    tables: tuple[str, ...]

    def config(self) -> dict[str, Any]:
        """Return the settings as TOML holds them."""

    def part_names(self) -> list[str]:
        """Return a file name for each part, in order."""

    def parts(self, progress: Progress, done: frozenset[str]) -> Iterator[tuple[str, Tables]]:
        """Yield name and tables of each part that is not done."""

    def manifest(self) -> dict[str, Any]:
        """Return what identifies the run's inputs, and what a reader should know of them."""

    def measured(self) -> dict[str, Any]:
        """Return what is known at the end: seconds of each piece of work, the device."""


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
    """

    tables: Tables
    manifest: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    computed: bool = True


def carry_out(run: Run, folder: Path | None, progress: Progress) -> Finished:
    """Carry out a run in a folder, or in memory for None.

    Raises
    ------
    InputError
        If the folder holds another run, or cannot be written.
    """
    started = time.monotonic()
    if folder is None:
        parts = [tables for _, tables in run.parts(progress, frozenset())]
        tables = {
            name: pd.concat([part[name] for part in parts], ignore_index=True)
            for name in run.tables
        }
        return Finished(tables, _manifest_of(run, started))
    with files.locked(folder / ".lock", folder, progress):
        if _is_finished(folder, run):
            return _read(folder, run)
        _begin(folder, run)
        for name, tables in run.parts(progress, _done(folder, run)):
            # Results come last: they mark the part as whole.
            for table in sorted(run.tables, key=lambda t: t == RESULTS):
                write_parquet(folder / _PARTS / f"{name}.{table}.parquet", tables[table])
        return _finish(folder, run, started)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a run's folder, None if it has none.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if {"study", "finished", "config", "w2s_mol"} <= manifest.keys():
            return {"kind": "study", **manifest}  # 0.1.0 had one kind and did not say so
        fault = "it lacks what a manifest has"
    except (OSError, ValueError, AttributeError) as error:
        fault = str(error)
    raise InputError(f"{path} cannot be read: {fault}. Remove the folder and run it again.")


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a table to a Parquet file atomically."""
    with files.atomic_path(path) as temporary:
        frame.to_parquet(temporary, index=False)


def _is_finished(folder: Path, run: Run) -> bool:
    manifest = read_manifest(folder)
    if manifest is None:
        foreign = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
        if foreign:
            raise InputError(
                f"{folder} holds other files ({foreign[0]}). Choose another --output-dir."
            )
        return False
    if manifest["study"] != run.run_id:
        if not manifest["finished"] and not _done(folder, run):
            return False  # begun and refused for its input: nothing there is worth keeping
        raise InputError(
            f"{folder} holds another {manifest['kind']} ({_difference(manifest, run)}). Choose "
            "another --output-dir, or remove it."
        )
    return bool(manifest["finished"])


def _difference(manifest: dict[str, Any], run: Run) -> str:
    if manifest["kind"] != run.kind:
        return f"this is a {run.kind} run"
    if manifest["w2s_mol"] != __version__:
        return f"made by w2s-mol {manifest['w2s_mol']}, this is {__version__}"
    for name, value in run.config().items():
        if manifest["config"].get(name) != value:
            return f"its {name} is {manifest['config'].get(name)}, not {value}"
    return "what it was made from has another content"


def _begin(folder: Path, run: Run) -> None:
    # The manifest comes first: it marks the folder as this run's, whenever the run is killed.
    files.write_json(folder / MANIFEST, _manifest_of(run, None))
    files.write_text(folder / _CONFIG, tomli_w.dumps(run.config()))


def _manifest_of(run: Run, started: float | None) -> dict[str, Any]:
    """Return a run's manifest, unfinished where no start is given."""
    manifest = {
        "kind": run.kind,
        "study": run.run_id,
        "finished": started is not None,
        "config": run.config(),
        **run.manifest(),
        **environment(),
    }
    if started is not None:
        measured = run.measured()
        total = round(time.monotonic() - started, 3)
        manifest |= {**measured, "seconds": {"total": total, **measured["seconds"]}}
    return manifest


def _done(folder: Path, run: Run) -> frozenset[str]:
    """Return the names of the parts whose files are all whole; others are computed again."""
    names = (path.name.split(".")[0] for path in (folder / _PARTS).glob(f"*.{RESULTS}.parquet"))
    return frozenset(
        name
        for name in names
        if all(_is_parquet(folder / _PARTS / f"{name}.{table}.parquet") for table in run.tables)
    )


def _is_parquet(path: Path) -> bool:
    try:
        pq.read_table(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _finish(folder: Path, run: Run, started: float) -> Finished:
    tables = {}
    for table in sorted(run.tables, key=lambda t: t == RESULTS):
        paths = [folder / _PARTS / f"{name}.{table}.parquet" for name in run.part_names()]
        tables[table] = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
        write_parquet(folder / f"{table}.parquet", tables[table])
    _write_csv(folder, tables[RESULTS])
    manifest = _manifest_of(run, started)
    files.write_json(folder / MANIFEST, manifest)
    shutil.rmtree(folder / _PARTS, ignore_errors=True)
    return Finished(tables, manifest, folder)


def _write_csv(folder: Path, results: pd.DataFrame) -> None:
    files.write_text(folder / f"{RESULTS}.csv", results.to_csv(index=False, lineterminator="\n"))


def _read(folder: Path, run: Run) -> Finished:
    for table in run.tables:
        path = folder / f"{table}.parquet"
        if not _is_parquet(path):
            raise InputError(
                f"{path} is missing or damaged. Remove {folder} and run it again; what was "
                "embedded is kept."
            )
    tables = {table: pd.read_parquet(folder / f"{table}.parquet") for table in run.tables}
    if not (folder / f"{RESULTS}.csv").exists():
        _write_csv(folder, tables[RESULTS])
    return Finished(tables, read_manifest(folder) or {}, folder, computed=False)
