"""Writing files whole or not at all, and naming content by its hash."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.progress import Progress, silent

_LEAST_ROOM = 1 << 16
_MOST_CAUSES = 20
_FULL = re.compile(
    "No space left on device|os error 28|Disk quota exceeded|os error 122"
    "|PytorchStreamWriter failed|unexpected pos|file write failed"
)
_LEFT_OVER = re.compile(r"\..+\.w2s-[0-9a-f]{8}\.tmp")
_A_DAY = 24 * 3600.0
_swept: set[Path] = set()
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
    return sha256_bytes(canonical_json(value).encode())


def canonical_json(value: Any) -> str:
    """Return the one JSON form of a value that hashes are of."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


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


def means_full_disk(error: BaseException, folder: Path) -> bool:
    """Say whether a write failed for want of room where a folder lies.

    An error of the system says so by its number. Those of torch and safetensors carry text alone,
    and torch's says only that less was written than it wanted.
    """
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and len(causes) < _MOST_CAUSES:
        causes.append(cause)
    return any(_says_full(cause) for cause in causes) or _has_no_room(folder)


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return isinstance(error, Exception) and _FULL.search(str(error)) is not None


def _has_no_room(folder: Path) -> bool:
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
    temporary = _beside(path)
    try:
        # Made with all rights, less those that the system takes away by the process's umask.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise write_error(path, error) from error
    try:
        yield temporary
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
    with scratch_folder(path) as temporary:
        try:
            yield temporary
            temporary.replace(path)
        except OSError as error:
            raise write_error(path, error) from error


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``, which is removed when the block ends."""
    temporary = _beside(path)
    try:
        temporary.mkdir()
    except OSError as error:
        raise write_error(path, error) from error
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _beside(path: Path) -> Path:
    """Return a name of its own beside a path, whose folder is made if need be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    sweep(path.parent)
    return path.parent / f".{path.name}.w2s-{secrets.token_hex(4)}.tmp"


def discard(path: Path) -> None:
    """Remove a file or a folder: its name is free at once, and a kill leaves what is swept."""
    temporary = _beside(path)
    try:
        path.replace(temporary)
        is_folder = temporary.is_dir() and not temporary.is_symlink()
        shutil.rmtree(temporary) if is_folder else temporary.unlink()
    except OSError as error:
        raise write_error(path, error) from error


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder more than a day ago, once."""
    if folder in _swept:
        return
    _swept.add(folder)
    with suppress(OSError):  # another process may be as tidy
        for path in list(folder.iterdir()):
            old = _LEFT_OVER.fullmatch(path.name)
            if old and time.time() - path.lstat().st_mtime > _A_DAY:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def locked(
    lock: Path, what: Path, progress: Progress = silent, patience: float = math.inf
) -> Iterator[None]:
    """Hold a lock file; ``what`` it is for is said to whoever waits for it, and in errors.

    It is the system's lock, free when its holder is killed. The file is removed while it is still
    held: who waited on the file removed then takes a new one, as filelock sees to.

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
        with suppress(OSError):  # Windows removes no open file
            lock.unlink()
        file.release()


@contextmanager
def claimed(lock: Path, what: Path) -> Iterator[bool]:
    """Hold a lock file if it is free, and say whether this process holds it; do not wait.

    Raises
    ------
    InputError
        If its folder cannot be written to.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, what, patience=0))
            mine = True
        except Timeout:
            mine = False
        yield mine


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes to a file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text to a file atomically."""
    write_bytes(path, text.encode())


def as_json(value: Any) -> bytes:
    """Return a value as indented JSON in UTF-8."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON to a file atomically."""
    write_bytes(path, as_json(value))


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not JSON in UTF-8, or nested deeper than Python reads.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises
    ------
    InputError
        If it cannot be read; ``what`` it is begins the message.
    """
    import tomllib

    if not path.is_file():
        raise InputError(f"{what}: there is no file {path}.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{what} {path}: {error}. It should be TOML.") from error
    except RecursionError as error:
        raise InputError(f"{what} {path} is nested too deep. It should be name = value.") from error
