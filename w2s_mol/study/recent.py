"""Datasets that this process loaded lately: the next study of a sweep often has the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from w2s_mol import file_hashes
from w2s_mol.datasets.dataset import Dataset

_MOST_ROWS = 200_000
_loaded: dict[tuple[Any, ...], Dataset] = {}


def dataset(
    name: str, settings: Mapping[str, Any], files: Sequence[Path], load: Callable[[], Dataset]
) -> Dataset:
    """Return a dataset, loaded unless it was lately with the same settings from the same files.

    Parameters
    ----------
    name, settings
        What ``load`` is told.
    files
        All that it reads.
    load
        Loads it.
    """
    key = None
    with suppress(OSError):  # whoever loads it says what is wrong
        hashes = file_hashes.known(files)
        key = (name, repr(sorted(settings.items())), *(hashes[path] for path in files))
    if key is None or key not in _loaded:
        found = load()
        if key is None:
            return found
        _loaded[key] = found
        _let_go()
        return found
    return _loaded[key]


def _let_go() -> None:
    """Let go of the oldest, until those left have few rows."""
    while len(_loaded) > 1 and sum(map(len, _loaded.values())) > _MOST_ROWS:
        del _loaded[next(iter(_loaded))]
