"""Writing files whole or not at all, and naming content by its hash."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.progress import Progress, silent

_LEAST_ROOM = 1 << 16
_PLACES_TO_CHANGE = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.ENAMETOOLONG,
}


def sha256_bytes(data: bytes) -> str:
    """Return the sha256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Return the sha256 of a value's canonical JSON form, in hex."""
    return sha256_bytes(json.dumps(value, sort_keys=True, ensure_ascii=False).encode())


def write_error(path: Path, error: OSError) -> W2SMolError:
    """Return this package's error for a failed write."""
    reason = error.strerror or str(error)
    if blocking := file_in_the_way(path):
        reason = f"{blocking} is a file, not a folder"
    message = f"cannot write {path}: {reason}. Nothing was left half-written."
    if error.errno in _PLACES_TO_CHANGE:
        return InputError(f"{message} Choose a place you can write to.")
    return W2SMolError(f"{message} Free some space or choose another place, and run it again.")


def file_in_the_way(path: Path) -> Path | None:
    """Return the one of a path's folders that is a file, if there is one."""
    for folder in path.parents:
        with suppress(OSError):  # its own folder may be closed to us, its name too long
            if folder.is_file():
                return folder
    return None


def disk_is_full(folder: Path) -> bool:
    """Say whether there is no room left where a folder lies."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free < _LEAST_ROOM


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that takes its name when the block ends well.

    Raises
    ------
    InputError
        If the folder cannot be made or written to.
    W2SMolError
        If the write fails for another reason (a full disk).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise write_error(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path`` that takes its name when the block ends well.

    ``path`` must not be there yet.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
    except OSError as error:
        raise write_error(path, error) from error
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def locked(
    lock: Path, what: Path, progress: Progress = silent, patience: float = math.inf
) -> Iterator[None]:
    """Hold a lock file; ``what`` it is for is said to whoever waits for it, and in errors.

    Raises
    ------
    filelock.Timeout
        If it is not free after ``patience`` seconds.
    InputError
        If its folder cannot be written to.
    """
    file, waited = FileLock(lock), 0
    while not file.is_locked:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            file.acquire(timeout=min(1, patience))
        except Timeout:
            waited += 1
            if waited >= patience:
                raise
            progress(f"waiting for another process at work on {what}, seconds", waited, None)
        except OSError as error:
            raise write_error(what, error) from error
    try:
        yield
    finally:
        file.release()


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes to a file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text to a file atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON to a file atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
