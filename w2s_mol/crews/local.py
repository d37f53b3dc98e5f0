"""A crew of this machine's own processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from w2s_mol.crews.contract import PREPARING, Crew, Job, Result, Task
from w2s_mol.processes import in_processes
from w2s_mol.progress import Progress, silent


@dataclass(frozen=True)
class _Step:
    """A task, or what one needs."""

    what: Any
    is_task: bool


class LocalCrew(Crew):
    """Some processes, each with an equal share of the cores; they share this machine's store."""

    def __init__(self, size: int) -> None:
        self._size = size

    def do(
        self,
        job: Job[Task, Result],
        tasks: Iterable[Task],
        tell: Callable[[int], None] = lambda _: None,
        progress: Progress = silent,
    ) -> Generator[tuple[Task, Result], None, None]:
        """Do them; whoever comes to a task before what it needs waits for that, or makes it."""
        do, made = partial(_step, job.do, job.make), 0

        def called(step: _Step) -> str:
            return job.called(step.what) if step.is_task else str(step.what)

        for step, result in in_processes(do, _steps(job, tasks), self._size, called, tell):
            if step.is_task:
                yield step.what, result
            else:
                made += 1
                progress(PREPARING, made, None)


def _steps(job: Job[Task, Any], tasks: Iterable[Task]) -> Iterator[_Step]:
    made: set[Any] = set()
    for task in tasks:
        for need in job.needs(task):
            if need not in made:
                made.add(need)
                yield _Step(need, is_task=False)
        yield _Step(task, is_task=True)


def _step(do: Callable[[Any], Any], make: Callable[[Any], Any], step: _Step) -> Any:
    if step.is_task:
        return do(step.what)
    make(step.what)
    return None
