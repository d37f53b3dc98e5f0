"""A process at work on a run in its folder: it begins it, keeps parts of it, and finishes it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from w2s_mol import files
from w2s_mol.claims import share
from w2s_mol.engine.finished import Finished, if_whole
from w2s_mol.engine.parts import Parts, Session, holds_any, is_at_work
from w2s_mol.engine.run import Part, Run
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.manifest import environment, versions_note
from w2s_mol.progress import Progress
from w2s_mol.run_difference import difference
from w2s_mol.run_record import CONFIG, CSV, MANIFEST, RESULTS, damaged, read_manifest
from w2s_mol.run_tables import mend, parquet_options, write_config, write_csv

_THIS_RUN = "this run"


def run_manifest(
    run: Run, sessions: list[dict[str, Any]], records: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what a manifest says of a run, all sessions and parts together."""
    inputs = run.manifest()
    notes = {name: [*texts] for name, texts in inputs.get("notes", {}).items()}
    seconds = {"total": sum(session["seconds"] for session in sessions)}
    for record in records:
        for name, texts in record["notes"].items():
            known = notes.setdefault(name, [])
            known += [text for text in texts if text not in known]
        for what, spent in record["seconds"].items():
            seconds[what] = seconds.get(what, 0.0) + spent
    if note := versions_note(sessions):
        notes[_THIS_RUN] = [*notes.get(_THIS_RUN, []), note]
    return {
        "kind": run.kind,
        "study": run.run_id,
        "format": run.format,
        "finished": True,
        "config": run.config(),
        **inputs,
        "notes": notes,
        **environment(),
        **_measured(run, records),
        "seconds": {what: round(spent, 3) for what, spent in seconds.items()},
        "sessions": sessions,
    }


def _measured(run: Run, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a run was computed with, if by other processes than as they say: all alike."""
    elsewhere = (record["measured"] for record in records if record.get("measured"))
    return next(elsewhere, None) or run.measured()


class Work:
    """A process at work on a run in its folder."""

    def __init__(self, run: Run, folder: Path, progress: Progress) -> None:
        self._run, self._folder, self._progress = run, folder, progress
        self._parts = Parts(folder, run)
        self._session = Session(run.run_id, folder)
        self._seen: tuple[object, Mapping[str, Any] | None] = None, None

    def begun(self) -> Finished | None:
        """Begin it, or return it if it is finished."""
        if found := _whole_and_finished(self._folder, self._run):  # perhaps where no one can write
            return found
        with self._locked():
            manifest = _own_manifest(self._folder, self._run)
            if manifest and manifest["finished"]:
                return self._mended(manifest)
            self._begin()
        return None

    def _locked(self) -> AbstractContextManager[None]:
        return files.locked(self._folder / ".lock", self._folder, self._progress)

    def _begin(self) -> None:
        """Mark the folder as this run's; the lock is held."""
        if read_manifest(self._folder) is None or not self._is_ours():
            # The manifest comes first: it marks the folder, whenever the run is killed.
            manifest = {**run_manifest(self._run, [self._session.now()], []), "finished": False}
            files.write_json(self._folder / MANIFEST, manifest)
        write_config(self._folder, self._run.config())
        self._session.note()

    def do_parts(self) -> None:
        """Do all parts that no one has done."""
        share(
            self._run.part_names(),
            self.claim,
            self.is_done,
            lambda part: self.keep(part, self._run.do(part, self._progress)),
            str(self._folder),
            self._progress,
        )

    def claim(self, part: str) -> AbstractContextManager[bool]:
        """Hold a part, if no other process does."""
        return self._parts.claim(part)

    def is_done(self, part: str) -> bool:
        """Say whether anyone did a part."""
        # A process that finishes the run takes its parts away.
        return self._parts.read(part) is not None or self._is_finished()

    def keep(self, part: str, done: Part) -> None:
        """Write down what came of a part that is held."""
        self._check()
        self._session.note()  # before the part: when the last one is there, another may finish
        self._parts.write(part, done)

    def finish(self) -> Finished:
        """Put the parts together, if no other process has."""
        with self._locked():
            return self._finish()

    def _finish(self) -> Finished:
        if self._is_finished():
            return _read_anew(self._folder, self._run)
        self._check()
        names = self._run.part_names()
        records = [self._record(name) for name in names]
        self._check_agreement(records)
        for table in sorted(self._run.tables, key=lambda t: t == RESULTS):
            self._put_together(table, names)
        write_csv(self._folder, pa.concat_tables(self._parts.tables(RESULTS, names)).to_pandas())
        self._check()
        self._session.note()
        written = [CSV, *(f"{table}.parquet" for table in self._run.tables), CONFIG]
        manifest = {
            **run_manifest(self._run, self._parts.sessions(), records),
            "files": {name: self._hash(name) for name in written},
        }
        files.write_json(self._folder / MANIFEST, manifest)
        self._parts.remove()
        if lost := damaged(self._folder, manifest["files"]):
            raise _altered(self._folder / lost[0])
        return Finished(manifest, self._folder)

    def _mended(self, manifest: dict[str, Any]) -> Finished:
        """Return a finished run whose lost files are written again; the lock is held."""
        again = mend(self._folder, manifest, lost_too=True)
        self._parts.remove()
        return Finished(manifest, self._folder, computed=False, mended=tuple(again))

    def _put_together(self, table: str, names: list[str]) -> None:
        parts = self._parts.tables(table, names)
        first = next(parts)
        with (
            files.atomic_path(self._folder / f"{table}.parquet") as temporary,
            pq.ParquetWriter(temporary, first.schema, **parquet_options(first.schema)) as writer,
        ):
            writer.write_table(first)
            for part in parts:
                writer.write_table(part)

    def _record(self, name: str) -> dict[str, Any]:
        record = self._parts.read(name)
        if record is None:
            raise _altered(self._folder / "parts" / name)
        return record

    def _check_agreement(self, records: list[dict[str, Any]]) -> None:
        """Raise W2SMolError if parts were made of other inputs than their neighbours."""
        seen: dict[str, str] = {}
        for record in records:
            for what, sha256 in record.get("made_of", {}).items():
                if seen.setdefault(what, sha256) != sha256:
                    raise W2SMolError(
                        f"the parts of {self._folder} were made of different {what}: something "
                        "that is computed does not come out alike twice. Remove the folder and "
                        "run it again in one go."
                    )

    def _is_ours(self) -> bool:
        manifest = self._manifest_now()
        return bool(manifest and manifest["study"] == self._run.run_id)

    def _is_finished(self) -> bool:
        manifest = self._manifest_now()
        return bool(manifest and manifest["finished"] and self._is_ours())

    def _manifest_now(self) -> Mapping[str, Any] | None:
        """Return the manifest as it is; one that did not change is not read again."""
        try:
            status = (self._folder / MANIFEST).stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if stamp != self._seen[0]:
                self._seen = stamp, read_manifest(self._folder)
            return self._seen[1]
        except (OSError, InputError):
            return None

    def _check(self) -> None:
        """Raise W2SMolError if the folder is no longer this run's, under way."""
        if not self._is_ours() or self._is_finished():
            raise _altered(self._folder / MANIFEST)

    def _hash(self, name: str) -> str:
        try:
            return files.sha256_file(self._folder / name)
        except OSError as error:
            raise _altered(self._folder / name) from error


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
    if not manifest["finished"] and not holds_any(folder) and not is_at_work(folder):
        return None  # begun and refused for its input: nothing there is worth keeping
    raise InputError(
        f"{folder} holds another {manifest['kind']} ({_other(manifest, run)}). Choose "
        "another --output-dir, or remove it."
    )


def _other(manifest: dict[str, Any], run: Run) -> str:
    ours = {"kind": run.kind, "format": run.format, "config": run.config(), **run.manifest()}
    return difference(manifest, ours, run.chosen())


def _whole_and_finished(folder: Path, run: Run) -> Finished | None:
    manifest = read_manifest(folder)
    if not manifest or not manifest["finished"]:
        return None
    _own_manifest(folder, run)
    found = if_whole(folder, manifest)
    if found:
        with suppress(W2SMolError, OSError):  # left by one that was killed just before its end
            Parts(folder, run).remove()
    return found


def _read_anew(folder: Path, run: Run) -> Finished:
    """Return a run that another process has just finished."""
    manifest = _own_manifest(folder, run)
    assert manifest  # noqa: S101 -- it was finished a moment ago, and the lock is held
    Parts(folder, run).remove()
    return Finished(manifest, folder)
