"""Work that several processes share: each takes what no other is at, then waits for the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from typing import Generic, TypeVar

from w2s_mol.errors import W2SMolError
from w2s_mol.progress import Progress, silent

Item = TypeVar("Item")
Result = TypeVar("Result")
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
    waiting = _Waiting(what, progress)
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
            waiting.a_moment()
        left = others


def hand_out(
    items: Iterable[Item],
    claim: Callable[[Item], AbstractContextManager[bool]],
    done: Callable[[Item], bool],
    work: Callable[[Iterator[Item]], Generator[tuple[Item, Result], None, None]],
    keep: Callable[[Item, Result], None],
    what: str = "the rest",
    progress: Progress = silent,
) -> None:
    """Let others do some work, several items at a time, beside whoever else shares it.

    Parameters
    ----------
    items, claim, done, what, progress
        As in ``share``; an item is held from when it is taken until its result is kept.
    work
        Takes items when there is someone to do them, and yields each with what came of it.
    keep
        Keeps that.

    Raises
    ------
    W2SMolError
        If nothing came of an item that was taken.
    """
    left: Iterable[Item] = items
    waiting = _Waiting(what, progress)
    while True:
        held = _Held(claim, done)
        kept = 0
        # Whoever is at work is ended before the claims are given back.
        with closing(held), closing(work(held.of(left))) as results:
            for item, result in results:
                keep(item, result)
                held.give_back(item)
                kept += 1
            if lost := held.in_hand:
                raise W2SMolError(
                    f"{len(lost)} of those at work on {what} came to nothing. Run the same command "
                    "again: it goes on where it stopped."
                )
        if not held.of_others:
            return
        if not kept:
            waiting.a_moment()
        left = held.of_others


class _Waiting:
    """The time spent waiting for others."""

    def __init__(self, what: str, progress: Progress) -> None:
        self._what, self._progress = what, progress
        self._seconds = 0.0

    def a_moment(self) -> None:
        """Wait a moment, and tell for how long that is by now."""
        time.sleep(_SECONDS)
        self._seconds += _SECONDS
        words = f"waiting for another process at work on {self._what}, seconds"
        self._progress(words, int(self._seconds), None)


class _Held(Generic[Item]):
    """The items that this process holds, so that no other takes them."""

    def __init__(
        self,
        claim: Callable[[Item], AbstractContextManager[bool]],
        done: Callable[[Item], bool],
    ) -> None:
        self._claim, self._done = claim, done
        self._held: dict[Item, ExitStack] = {}
        self.of_others: list[Item] = []

    def of(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield those that are not done and no other process is at, each held from then on."""
        for item in items:
            if self._done(item):
                continue
            with ExitStack() as stack:
                if not stack.enter_context(self._claim(item)):
                    self.of_others.append(item)
                elif not self._done(item):
                    self._held[item] = stack.pop_all()
                    yield item

    @property
    def in_hand(self) -> list[Item]:
        """Return those that are held."""
        return list(self._held)

    def give_back(self, item: Item) -> None:
        """Let one go."""
        self._held.pop(item).close()

    def close(self) -> None:
        """Let all go."""
        for item in self.in_hand:
            self.give_back(item)
