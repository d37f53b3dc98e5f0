"""Processes that work for this one, each on its own: one that is killed costs its task alone."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

from threadpoolctl import threadpool_limits

from w2s_mol.errors import InputError, W2SMolError

Task = TypeVar("Task")
Result = TypeVar("Result")

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What tells libraries of linear algebra, before they are loaded, how many threads they have."""

IMPORTED = ["pandas", "pyarrow.parquet", "rdkit.Chem", "scipy.linalg"]
"""What all work needs: processes are forked from one that has imported it, where they can be.

What some work needs, and takes as long as all these (PyTorch, Transformers), each imports itself.
"""

_NOT_BEGUN = -1
_MOST_DEATHS = 3
_SECONDS = 0.5


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_each(workers: int) -> int:
    """Return an equal share of the cores, one at least, for each of some processes."""
    return max(1, usable_cores() // workers)


def refuse_a_script_without_guard(what: str) -> None:
    """Raise InputError in a process that, on its start, runs the script that started it.

    It would wait for the lock that its parent holds, and the parent for it.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise InputError(
            f"this script {what} whenever it is imported, as the processes that do it import it. "
            "Put the call under 'if __name__ == \"__main__\":'."
        )


def in_processes(
    do: Callable[[Task], Result],
    tasks: Iterable[Task],
    workers: int,
    called: Callable[[Task], str] = str,
    tell: Callable[[int], None] = lambda _: None,
) -> Generator[tuple[Task, Result], None, None]:
    """Do tasks in several processes; yield each with its result as it is done.

    A process that is killed is replaced, and its task is done again; nobody else stops. A task is
    taken when there is someone to do it, so that a long iterator fills no memory.

    Parameters
    ----------
    do
        Of a module, with what it needs bound by ``functools.partial``: it is pickled.
    tasks
        Read by this process.
    workers
        Processes; each has an equal share of the cores for its threads.
    called
        What a task is called in messages.
    tell
        Told now and then how much tasks in hand say they have done, by ``said_done``.

    Raises
    ------
    W2SMolError
        If a task ends its process three times; what it raises itself is raised here.
    """
    start_resource_tracker()
    crew = _Crew(do, iter(tasks), workers, called)
    try:
        while crew.take_tasks():
            yield from crew.finished()
            tell(crew.done)
    finally:
        crew.end()


class _Crew(Generic[Task, Result]):
    """The processes, and the tasks that they have yet to take."""

    def __init__(
        self,
        do: Callable[[Task], Result],
        tasks: Iterator[Task],
        workers: int,
        called: Callable[[Task], str],
    ) -> None:
        threads = threads_each(workers)
        self._workers = [_Worker[Task, Result](do, threads) for _ in range(workers)]
        self._tasks, self._called = tasks, called
        self._again: list[Task] = []
        self._deaths = Counter[str]()

    def take_tasks(self) -> bool:
        """Let all who are free take a task, and say whether any has one."""
        free = [worker for worker in self._workers if not worker.at_work]
        again = [self._again.pop() for _ in free[: len(self._again)]]
        for worker, task in zip(free, itertools.chain(again, self._tasks), strict=False):
            worker.take(task)
        return any(worker.at_work for worker in self._workers)

    def finished(self) -> Iterator[tuple[Task, Result]]:
        """Wait a moment; yield what is done, and replace those that died."""
        running = {worker.at_work[1]: worker for worker in self._workers if worker.at_work}
        for future in wait(running, _SECONDS, FIRST_COMPLETED).done:
            worker = running[future]
            task = worker.put_down()
            try:
                result = future.result()
            except BrokenProcessPool:
                self._count_death(self._called(task), begun=worker.begun)
                worker.replace()
                self._again.append(task)
            else:
                yield task, result

    def _count_death(self, task: str, *, begun: bool) -> None:
        self._deaths[task] += 1
        if self._deaths[task] == _MOST_DEATHS:
            if not begun:
                raise W2SMolError(
                    f"no process that was to work on {task} could begin; why is said above. A "
                    "script of your own makes its calls under 'if __name__ == \"__main__\":'."
                )
            raise W2SMolError(
                f"a process at work on {task} was killed {_MOST_DEATHS} times, perhaps for memory. "
                "Run the same command again with fewer --workers; it goes on where it stopped."
            )

    @property
    def done(self) -> int:
        """Return how much they say that they have done of the tasks in hand."""
        return sum(worker.done for worker in self._workers)

    def end(self) -> None:
        """End all of them."""
        for worker in self._workers:
            worker.end()


@dataclass
class _Worker(Generic[Task, Result]):
    """One process, and the task that it is at."""

    do: Callable[[Task], Result]
    threads: int
    at_work: tuple[Task, Future[Result]] | None = None

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = _context()
        self._done = context.Value("q", _NOT_BEGUN)
        started = (self.threads, self._done, dict(os.environ))
        self._pool = ProcessPoolExecutor(1, context, _begin, started)

    @property
    def done(self) -> int:
        """Return how much of its task it said it has done."""
        return max(0, int(self._done.value))

    @property
    def begun(self) -> bool:
        """Say whether the process came so far as to take a task."""
        return int(self._done.value) != _NOT_BEGUN

    def take(self, task: Task) -> None:
        """Begin a task."""
        self.at_work = task, self._pool.submit(self.do, task)

    def put_down(self) -> Task:
        """Return the task, and be free."""
        assert self.at_work  # noqa: S101 -- who is free has nothing to put down
        task, self.at_work = self.at_work[0], None
        return task

    def replace(self) -> None:
        """Start another process in place of one that died."""
        self.end()
        self._start()

    def end(self) -> None:
        """End the process, at once, whatever it does."""
        abandon(self._pool)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _context() -> BaseContext:
    """Return how processes are started."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    with deaf_to_interrupts():  # which would end it with a traceback while it imports
        forkserver.ensure_running()
    return context


_said: Any = None
"""In a process of ours: how much it has done of its task, as its parent reads it."""


def said_done(done: int) -> None:
    """Say in a process of ours how much of the task in hand is done."""
    if _said is not None:
        _said.value = done


def _begin(threads: int, done: Any, environment: dict[str, str]) -> None:
    global _said  # noqa: PLW0603 -- of this process, once
    _said = done
    done.value = 0
    os.environ.clear()  # it is that of when the first process was started
    os.environ.update(environment)
    use_threads(threads)
    follow_parent()


def use_threads(threads: int) -> None:
    """Let linear algebra use some threads from now on, loaded already or not."""
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    threadpool_limits(threads)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)


def follow_parent() -> None:
    """Make a process leave Ctrl-C to its parent, and end when the parent does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def start_resource_tracker() -> None:
    """Start what a pool needs; early Pythons 3.11 then let Ctrl-C through to RDKit and workers.

    How that would end is told in ``cli.main``.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Let processes that are started meanwhile leave Ctrl-C to this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    start_resource_tracker()  # which, when others start it, unblocks them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def abandon(pool: ProcessPoolExecutor) -> None:
    """End a pool's processes, so that leaving it does not wait for tasks at work."""
    if pool._broken:  # noqa: SLF001 -- it ends by itself
        return
    for process in list((pool._processes or {}).values()):  # noqa: SLF001
        process.terminate()
    thread: Any = pool._executor_manager_thread  # noqa: SLF001
    if thread is not None:
        thread.join(_SECONDS)
        if not thread.is_alive():  # and whatever is open was closed by it
            return
    # In early Pythons 3.11 a pool waits for ever to hand work to processes that are dead.
    if queue := pool._call_queue:  # type: ignore[attr-defined]  # noqa: SLF001
        queue._reader.close()  # noqa: SLF001
