"""The contract of a crew: who does tasks for this process, and what they are told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from w2s_mol.crews.goods import Reads
from w2s_mol.progress import Progress, silent

Task = TypeVar("Task")
Result = TypeVar("Result")


class Kept(Protocol):
    """Something that was made once for several tasks, as it travels."""

    def put(self) -> None:
        """Keep it where a task looks for it, if it is not there."""


PREPARING = "embedding: blocks"
"""What progress calls what is made before tasks."""


def nothing(_what: Any) -> tuple[Any, ...]:
    """Return nothing: what most tasks need."""
    return ()


@dataclass(frozen=True)
class Job(Generic[Task, Result]):
    """What is to be done with each of some tasks.

    Attributes
    ----------
    do
        Does one, in any process: of a module, with what it needs bound by ``functools.partial``.
    called
        What a task is called in messages.
    needs
        What is to be made before a task is done: hashable, and made once if several tasks need it.
    make
        Makes that, in any process.
    files
        What a task and its needs read: a machine which lacks them is given them.
    """

    do: Callable[[Task], Result]
    called: Callable[[Task], str] = str
    needs: Callable[[Task], Sequence[Any]] = nothing
    make: Callable[[Any], Sequence[Kept]] = nothing
    files: Callable[[Task], Reads] = lambda _: Reads()


class Crew(ABC):
    """Those who do tasks, in any order; one that dies costs the task that it was at."""

    @abstractmethod
    def do(
        self,
        job: Job[Task, Result],
        tasks: Iterable[Task],
        tell: Callable[[int], None] = lambda _: None,
        progress: Progress = silent,
    ) -> Generator[tuple[Task, Result], None, None]:
        """Do tasks; yield each with its result as it is done.

        Parameters
        ----------
        job
            What is done with each.
        tasks
            Taken when there is someone to do one, so that a long iterator fills no memory.
        tell
            Told now and then how much of the tasks in hand is done, where that is known.
        progress
            Told what is made before tasks.

        Raises
        ------
        W2SMolError
            What a task raises, or that one ends its process again and again.
        """
