"""One store for all that is kept by content: one lock, one check, one way to write.

An entry is a folder, written whole or not at all, with the digests of its files beside them. Its
key is a hash of all that it depends on, so an entry is never updated: it is there or it is made.
A process reads a file again, to see that it is whole, when its size or times have changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TypeVar

from w2s_mol import file_hashes, files, paths
from w2s_mol.progress import Progress, silent

SEAL = ".sha256.json"
"""The file of an entry that holds its key and its files' hashes; touched when it is used."""

T = TypeVar("T")


KINDS = {
    "embeddings": "embeddings of molecules, each entry a block of them",
    "properties": "computed properties, each entry one of a table's molecules",
    "facts": "what encoders are, known without their weights",
    "random": "encoders with random weights",
    "encoders": "MolBERT's weights, converted",
    "corpora": "corpora prepared for pretraining",
    "representations": "pretrained representations of the synthetic experiments",
}
"""What is kept by content: each kind in words; its name is that of its folder."""


@dataclass(frozen=True)
class Entry:
    """A place in the store.

    Attributes
    ----------
    kind
        One of ``KINDS``.
    key
        A hash, in hex, of all that the content depends on.
    """

    kind: str
    key: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise KeyError(self.kind)

    @property
    def path(self) -> Path:
        """Its folder, which is there when it is kept."""
        return paths.home() / self.kind / self.key[:2] / self.key


@dataclass(frozen=True)
class Copy:
    """An entry as it travels to the store of another machine: its files, by name."""

    entry: Entry
    contents: Mapping[str, bytes]

    def put(self) -> None:
        """Keep it here, unless it is kept or another process is at it."""
        with claimed(self.entry) as mine:
            if mine and not whole(self.entry):
                write(self.entry, self._save)

    def _save(self, folder: Path) -> None:
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)


def copied(entry: Entry) -> list[Copy]:
    """Return a copy of an entry that is kept whole; none of any other."""
    folder = whole(entry)
    if folder is None:
        return []
    return [Copy(entry, {name: (folder / name).read_bytes() for name in _hashes(entry)})]


def kept(
    entry: Entry,
    make: Callable[[], T],
    save: Callable[[T, Path], None],
    progress: Progress = silent,
) -> Path:
    """Return the folder of an entry, made if need be; of several processes one makes it.

    Parameters
    ----------
    entry
        Which.
    make
        Computes the content.
    save
        Writes it into a folder.
    progress
        Told that another process is waited for.

    Raises
    ------
    InputError
        If there is no writing to its place.
    W2SMolError
        If the disk is full.
    """
    if found := whole(entry):
        return found
    with held(entry, progress):
        if found := whole(entry):
            return found
        made = make()
        return write(entry, lambda folder: save(made, folder))


def whole(entry: Entry) -> Path | None:
    """Return an entry's folder if it holds what was written, and note that it is used."""
    hashes = _hashes(entry)
    return entry.path if hashes and sound_files(entry) == hashes else None


def sound_files(entry: Entry) -> dict[str, str]:
    """Return the names and hashes of an entry's files that are there as they were written."""
    with suppress(OSError):  # there is none, or it is not ours to write to
        os.utime(entry.path / SEAL)
    return {
        name: sha256 for name, sha256 in _hashes(entry).items() if _is(entry.path / name, sha256)
    }


def write(entry: Entry, save: Callable[[Path], None]) -> Path:
    """Write an entry that is held, in place of a damaged one; return its folder."""
    rmtree(entry.path, ignore_errors=True)
    with files.atomic_folder(entry.path) as temporary:
        save(temporary)
        written = sorted(path for path in temporary.rglob("*") if path.is_file())
        hashes = {p.relative_to(temporary).as_posix(): files.sha256_file(p) for p in written}
        (temporary / SEAL).write_bytes(_seal(entry, hashes))
    return entry.path


def seal(entry: Entry, hashes: Mapping[str, str]) -> None:
    """Note which files a held entry has that grows file by file (a corpus, shard by shard)."""
    files.write_bytes(entry.path / SEAL, _seal(entry, hashes))


@contextmanager
def held(entry: Entry, progress: Progress = silent) -> Iterator[None]:
    """Hold an entry, when no other process does: it is this one's to make."""
    with files.locked(lock_of(entry.path), entry.path, progress):
        yield


@contextmanager
def claimed(entry: Entry) -> Iterator[bool]:
    """Hold an entry if no other process does, and say so; it does not wait."""
    with files.claimed(lock_of(entry.path), entry.path) as mine:
        yield mine


def lock_of(path: Path) -> Path:
    """Return the lock file of what is kept at a path; it is there only while it is held."""
    return path.with_name(f".{path.name}.lock")


def _seal(entry: Entry, hashes: Mapping[str, str]) -> bytes:
    # With its key: an entry under another's name is as wrong as an altered one.
    return files.as_json({"key": entry.key, "files": dict(hashes)})


def _hashes(entry: Entry) -> dict[str, str]:
    try:
        found = files.read_json(entry.path / SEAL)
        return dict(found["files"]) if found["key"] == entry.key else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _is(path: Path, sha256: str) -> bool:
    try:
        return file_hashes.holds(path, sha256)
    except (OSError, ValueError):
        return False
