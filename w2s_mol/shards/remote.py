"""Tables that lie elsewhere, copied here while they are read: whatever fsspec reaches."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from w2s_mol.datasets.formats import looks_like_a_table
from w2s_mol.errors import DownloadError, InputError, first_line
from w2s_mol.progress import Progress, silent

_ADDRESS = "://"


@contextmanager
def here(table: str, progress: Progress = silent) -> Iterator[Path]:
    """Yield the path of a table, or of a folder of them, that can be read on this machine.

    Parameters
    ----------
    table
        A path, or an address such as ``s3://bucket/library.csv``; the tables of a folder there
        are copied to a temporary folder, which goes when the block ends.
    progress
        Told how many files are copied.

    Raises
    ------
    InputError
        If there is nothing, or what reads such addresses is not installed.
    DownloadError
        If it cannot be copied.
    """
    if _ADDRESS not in table:
        yield Path(table)
        return
    system, path = _opened(table)
    with tempfile.TemporaryDirectory(prefix="w2s-mol-") as folder:
        try:
            yield _copied(system, path, Path(folder), table, progress)
        except OSError as error:
            raise DownloadError(f"cannot read {table}: {first_line(error)}") from error


def _opened(table: str) -> tuple[Any, str]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(table)
    except ImportError as error:
        raise InputError(f"{table} cannot be read: {first_line(error)}.") from error
    except ValueError as error:
        raise InputError(
            f"{table} cannot be read: {first_line(error)}. Give a path, or an address that fsspec "
            "knows, such as s3://."
        ) from error
    return system, path


def _copied(system: Any, path: str, folder: Path, table: str, progress: Progress) -> Path:
    if not system.exists(path):
        raise InputError(f"there is no table {table}.")
    whole = system.isdir(path)
    inside = [str(one) for one in system.ls(path, detail=False)] if whole else [path]
    tables = [one for one in inside if not whole or looks_like_a_table(Path(one))]
    for number, one in enumerate(tables):
        progress(f"copying {table}", number, len(tables))
        # A name alone: nothing is written outside the folder.
        system.get_file(one, str(folder / PurePosixPath(one).name))
    return folder if whole else folder / PurePosixPath(path).name
