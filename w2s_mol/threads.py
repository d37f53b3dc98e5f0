"""Work in one thread: the same inputs give the same bytes, however many cores a machine has."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_SETTING = threading.RLock()


@contextmanager
def one_thread(*, torch_too: bool = False) -> Iterator[None]:
    """Let linear algebra use one thread: several add up in an order of their own.

    How many there are is one setting of the whole process, so only one caller holds it at a time.

    Parameters
    ----------
    torch_too
        Load torch for this if it is not loaded yet; one that is loaded is always held to it.
    """
    if torch_too:
        import torch  # noqa: F401
    loaded = sys.modules.get("torch")
    with _SETTING:
        before = loaded.get_num_threads() if loaded else 0
        with threadpool_limits(limits=1):
            if loaded:
                loaded.set_num_threads(1)
            try:
                yield
            finally:
                if loaded:
                    loaded.set_num_threads(before)
