"""Hashes of files that do not change, kept: a file of the same size and time is not read again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from w2s_mol import files, paths

_FOLDER = "hashes"
_YOUNG = 2e9
"""Nanoseconds in which a file may change again without another time: it is not trusted yet."""


def known(wanted: Iterable[Path]) -> dict[Path, str]:
    """Return the sha256 of each file, reading only those that are not known by size and time.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    by_folder: dict[Path, list[Path]] = {}
    for path in wanted:
        by_folder.setdefault(path.parent, []).append(path)
    return {
        path: sha256
        for folder, inside in by_folder.items()
        for path, sha256 in _of_folder(folder, inside).items()
    }


def holds(path: Path, sha256: str) -> bool:
    """Say whether a file has a hash; this process reads it once while size and times are the same.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    status = path.stat()
    settled = _is_settled(status)
    return (_read_once(path, _stamp(status)) if settled else files.sha256_file(path)) == sha256


@lru_cache(maxsize=1 << 16)
def _read_once(path: Path, _as_it_was: tuple[int, ...]) -> str:
    return files.sha256_file(path)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _is_settled(status: os.stat_result) -> bool:
    return time.time_ns() - status.st_mtime_ns > _YOUNG


def _of_folder(folder: Path, inside: list[Path]) -> dict[Path, str]:
    index = paths.home() / _FOLDER / f"{files.sha256_bytes(str(folder.resolve()).encode())}.json"
    before = _read(index)
    found: dict[Path, str] = {}
    after: dict[str, list[object]] = {}
    for path in inside:
        status = path.stat()
        stamp = _stamp(status)
        entry = before.get(path.name, [])
        same = entry[:-1] == [*stamp] and isinstance(entry[-1], str)
        found[path] = str(entry[-1]) if same else files.sha256_file(path)
        if _is_settled(status):
            after[path.name] = [*stamp, found[path]]
    if after and any(before.get(name) != entry for name, entry in after.items()):
        with suppress(Exception):  # where nothing can be kept, it is only read again
            files.write_json(index, {**before, **after})
    return found


def _read(index: Path) -> dict[str, list[object]]:
    try:
        status = index.stat()
        found = _parsed(index, (status.st_size, status.st_mtime_ns, status.st_ino))
    except (OSError, ValueError):
        return {}
    whole = isinstance(found, dict) and all(isinstance(e, list) for e in found.values())
    return found if whole else {}


@lru_cache(maxsize=256)  # a sweep asks for the same encoders study by study
def _parsed(index: Path, _stamp: tuple[int, ...]) -> Any:
    return files.read_json(index)
