"""Work that several processes share: each takes what no other is at, then waits for the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TypeVar

from w2s_mol.progress import Progress, silent

Item = TypeVar("Item")
_SECONDS = 0.2


def share(
    items: Iterable[Item],
    claim: Callable[[Item], AbstractContextManager[bool]],
    done: Callable[[Item], bool],
    do: Callable[[Item], None],
    what: str = "the rest",
    progress: Progress = silent,
    *,
    wait: bool = True,
) -> None:
    """Do all of some work, together with whoever else does the same at the same time.

    Parameters
    ----------
    items
        What is to be done, in order.
    claim
        Holds an item for this process and gives True, or False while another process holds it.
        What a killed process held is free again.
    done
        Says whether an item is done, by whom ever; asked again once it is held.
    do
        Does an item that is held.
    what, progress
        Told that others are waited for, and for how many seconds.
    wait
        Whether to stay until all is done; else what others are at is left to them.
    """
    left = list(items)
    waited = 0.0
    while left:
        others = []
        for item in left:
            if done(item):
                continue
            with claim(item) as mine:
                if not mine:
                    others.append(item)
                elif not done(item):
                    do(item)
        if not wait:
            return
        if len(others) == len(left):
            time.sleep(_SECONDS)
            waited += _SECONDS
            progress(f"waiting for another process at work on {what}, seconds", int(waited), None)
        left = others
