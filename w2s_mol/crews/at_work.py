"""A task done in a process that is not of this machine, or not started by this program."""

from __future__ import annotations

import ctypes
import pickle
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from w2s_mol.crews.contract import Kept
from w2s_mol.crews.goods import Goods
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.manifest import environment
from w2s_mol.processes import use_threads

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 32 << 20

_ONE_AT_A_TIME = threading.Lock()
"""A task uses all threads that its process has; what is opened for one is kept for the next."""


@dataclass(frozen=True)
class Errand:
    """What is to be done with some tasks, as it travels.

    Attributes
    ----------
    payload
        A function of one task, pickled: only whoever does it needs to know what it is.
    versions
        Of the packages on which results depend, where it was made.
    goods
        The files that it reads.
    """

    payload: bytes
    versions: tuple[tuple[str, str | None], ...]
    goods: Goods

    def __call__(
        self, task: bytes, kept: Iterable[Sequence[Kept]], where: str, threads: int
    ) -> Any:
        """Do it with a task, pickled.

        Parameters
        ----------
        task, kept
            The task, and what was made for it before.
        where
            What this process is called in messages.
        threads
            How many it has.

        Raises
        ------
        InputError
            If versions differ from where it was made, or files are lacking.
        """
        with _ONE_AT_A_TIME:
            try:
                _refuse_other_versions(self.versions)
                _keep_memory()
                use_threads(threads)
                for copies in kept:
                    for copy in copies:
                        copy.put()
                with self.goods.at_hand():
                    return pickle.loads(self.payload)(pickle.loads(task))
            except W2SMolError as error:
                kind = InputError if isinstance(error, InputError) else W2SMolError
                raise kind(f"worker {where}: {error}") from None


def packages() -> tuple[tuple[str, str | None], ...]:
    """Return the versions on which results depend."""
    found = environment()
    return (("w2s_mol", found["w2s_mol"]), *found["packages"].items())


def _refuse_other_versions(wanted: Iterable[tuple[str, str | None]]) -> None:
    here = dict(packages())
    others = [
        f"{name} {here.get(name)}, not {version}"
        for name, version in wanted
        if here.get(name) != version
    ]
    if others:
        raise InputError(
            f"it has {'; '.join(others)}. All machines need the same versions: install the "
            "same environment there."
        )


@cache
def _keep_memory() -> None:
    """Let the C library keep freed memory for the next batch.

    Dask starts its workers so that they give all back at once, which doubled the time of embedding
    (benchmarks/shards.py): every batch asked the system for its pages again.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt  # glibc's; others have none
        for what in (_MMAP_THRESHOLD, _TRIM_THRESHOLD):
            mallopt(what, _KEPT_BYTES)
