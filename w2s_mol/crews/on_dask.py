"""A crew on Dask. All that is known of that engine is known here and in ``dask_clusters``."""

from __future__ import annotations

import pickle
import secrets
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Generic

from w2s_mol.crews.at_work import Errand, packages
from w2s_mol.crews.contract import PREPARING, Crew, Job, Kept, Result, Task
from w2s_mol.crews.dask_clusters import be_silent, missing
from w2s_mol.crews.goods import Goods
from w2s_mol.errors import InputError, W2SMolError, first_line
from w2s_mol.progress import Progress, silent

_SECONDS = 0.5
_GREETINGS = 3
_MOST_LOST = 10
_PATIENCE = 600.0
"""Seconds that a scheduler may be away."""
_OPEN = 8
"""Sets of files that are known without asking again."""
_MOST_MADE = 512
"""Things that were made for tasks and stay with the engine, for those that come to need them."""
_AHEAD = 2
"""Tasks a worker that are with the engine, so that nobody waits for the next."""


class DaskCrew(Crew):
    """The workers of a scheduler.

    Parameters
    ----------
    address
        Of the scheduler.
    progress
        Told what is waited for.
    note
        Told the dashboard's address.

    Raises
    ------
    InputError
        If there is no scheduler, or Dask is not installed.
    """

    def __init__(self, address: str, progress: Progress, note: Callable[[str], None]) -> None:
        self._address, self._progress = address, progress
        _open_many_files()
        try:
            be_silent()
            self._client = _connected(address)
        except ImportError as error:
            raise missing(error) from error
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"there is no Dask scheduler at {address} ({first_line(error)}). Give the address "
                "that 'dask scheduler' printed, local:N, or a TOML file."
            ) from error
        note(f"Dask at {address}; its dashboard: {self._client.dashboard_link}")
        if not self._client.nthreads():
            note(f"there is no worker yet; 'dask worker {address}' starts one. Waiting for it.")

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        with suppress(Exception):
            self._client.close(timeout=5)

    def do(
        self,
        job: Job[Task, Result],
        tasks: Iterable[Task],
        tell: Callable[[int], None] = lambda _: None,
        progress: Progress = silent,
    ) -> Generator[tuple[Task, Result], None, None]:
        """Do them; a scheduler that is away for a while costs what was in flight."""
        errands = _Errands(job)
        waiting, again = iter(tasks), deque[Task]()

        def take() -> Task | None:
            return again.popleft() if again else next(waiting, None)

        flight: _Flight[Task, Result] | None = None
        started, lost = time.monotonic(), 0
        try:
            while True:
                flight = flight or _Flight(self._client, errands)
                try:
                    if flight.fill(take):
                        started = time.monotonic()
                    elif (waited := int(time.monotonic() - started)) > 0:
                        words = f"waiting for a worker of {self._address}, seconds"
                        self._progress(words, waited, None)
                    if not flight.tasks:
                        if (task := take()) is None:
                            return
                        again.appendleft(task)  # there is no worker for it yet
                    for done in flight.landed(progress):
                        lost = 0
                        yield done
                except _LostError:
                    lost += 1
                    again.extend(flight.tasks)
                    flight.end()
                    flight = None
                    self._connect_anew(lost)
        finally:
            if flight:
                flight.end()

    def _connect_anew(self, lost: int) -> None:
        started = time.monotonic()
        while lost < _MOST_LOST and (waited := time.monotonic() - started) < _PATIENCE:
            self._progress(f"waiting for the scheduler {self._address}, seconds", int(waited), None)
            self.close()
            try:
                self._client = _connected(self._address)
            except (OSError, TimeoutError):
                time.sleep(_SECONDS)
            else:
                return
        raise W2SMolError(
            f"the Dask scheduler {self._address} cannot be worked with: it was gone for "
            f"{_PATIENCE:.0f} seconds, or {_MOST_LOST} times without a result. Start it and its "
            "workers, and run the same command again: it goes on where it stopped."
        )


class _LostError(Exception):
    """The scheduler is away, and knows nothing of what was in flight."""


@contextmanager
def _lost_if_broken() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if _is_of_connection(error):
            raise _LostError from error
        raise


def _is_of_connection(error: BaseException) -> bool:
    """Say whether an error is of a connection that is closed, not of a file."""
    if isinstance(error, CancelledError | TimeoutError | ConnectionError):
        return True
    return isinstance(error, OSError) and error.errno is None


def _told_by(where: str, error: BaseException) -> W2SMolError:
    """Return the error for what a worker raised when it was given files."""
    if isinstance(error, ModuleNotFoundError):
        return _other_environment(error)
    kind = InputError if isinstance(error, InputError) else W2SMolError
    return kind(f"worker {where}: {first_line(error) if isinstance(error, Exception) else error}")


def _other_environment(error: ModuleNotFoundError) -> InputError:
    return InputError(
        f"a worker cannot do it: {first_line(error)}. All machines need the same versions: "
        "install the same environment there."
    )


class _Errands(Generic[Task, Result]):
    """What is to be done, in the form in which it travels."""

    def __init__(self, job: Job[Task, Result]) -> None:
        self.job = job
        self._do, self._make = pickle.dumps(job.do), pickle.dumps(job.make)
        self._versions = packages()
        self.goods_of = lru_cache(maxsize=_OPEN)(Goods.of)

    def goods(self, task: Task) -> Goods:
        """Return what a task reads."""
        return self.goods_of(self.job.files(task))

    def do(self, goods: Goods) -> Errand:
        """Return what is to be done with tasks that read some files."""
        return Errand(self._do, self._versions, goods)

    def make(self, goods: Goods) -> Errand:
        """Return what is to be done with what such tasks need."""
        return Errand(self._make, self._versions, goods)


class _Flight(Generic[Task, Result]):
    """Tasks that a scheduler has, and what was made for them."""

    def __init__(self, client: Any, errands: _Errands[Task, Result]) -> None:
        self._client, self._errands = client, errands
        self._made: dict[Any, Any] = {}  # the one that was used last is last
        self._futures: dict[Any, Task] = {}
        self._at_hand: list[Task] = []
        self._asked: dict[Goods, set[str]] = {}
        self._plugins: list[str] = []

    @property
    def tasks(self) -> list[Task]:
        """Those that are not done."""
        return [*self._futures.values(), *self._at_hand]

    def fill(self, take: Callable[[], Task | None]) -> bool:
        """Give the scheduler as many tasks as its workers need; say whether there is a worker."""
        with _lost_if_broken():
            workers = set(self._client.nthreads())
        while len(self._futures) < _AHEAD * len(workers) and (task := take()) is not None:
            self._at_hand.append(task)
            goods = self._errands.goods(task)
            with _lost_if_broken():
                self._give_goods(goods, workers)
                self._give(task, goods)
            self._at_hand.clear()
        return bool(workers)

    def _give(self, task: Task, goods: Goods) -> None:
        made = [self._of_need(need, goods) for need in self._errands.job.needs(task)]
        self._futures[self._submit(self._errands.do(goods), task, made)] = task
        while len(self._made) > max(_MOST_MADE, len(made)):  # the cluster forgets it, stores do not
            del self._made[next(iter(self._made))]

    def _give_goods(self, goods: Goods, workers: AbstractSet[str]) -> None:
        """Put files on the workers that lack them; a plugin does so on those that come later."""
        asked = self._asked.setdefault(goods, set())
        new = sorted(workers - asked)
        if not new:
            return
        found = self._client.run(goods.lacking, workers=new, on_error="return")
        lacking: set[str] = set()
        for where, said in found.items():
            if not isinstance(said, BaseException):
                lacking.update(said)
                asked.add(where)
            elif not _is_of_connection(said):  # that of a worker that has just died
                raise _told_by(where, said)
        if lacking:
            self._send(goods, goods.contents(lacking))

    def _send(self, goods: Goods, contents: Mapping[str, bytes]) -> None:
        from distributed import WorkerPlugin

        class Carrier(WorkerPlugin):
            def setup(self, worker: Any) -> None:
                goods.put(contents)

        name = f"w2s-mol-{secrets.token_hex(8)}"
        self._plugins.append(name)
        try:
            self._client.register_plugin(Carrier(), name=name)
        except Exception as error:
            if _is_of_connection(error):
                raise
            raise _told_by("that lacks files", error) from error

    def _of_need(self, need: Any, goods: Goods) -> Any:
        made = self._made.pop(need, None)
        if made is None:
            made = self._submit(self._errands.make(goods), need, [])
        self._made[need] = made
        return made

    def _submit(self, errand: Errand, what: Any, made: Sequence[Any]) -> Any:
        return self._client.submit(_on_worker, errand, pickle.dumps(what), made, pure=False)

    def landed(self, progress: Progress) -> Iterator[tuple[Task, Result]]:
        """Wait a moment; yield what is done."""
        from distributed import wait

        futures = list(self._futures)
        if not futures:
            time.sleep(_SECONDS)
            return
        if self._made:
            made = sum(future.status == "finished" for future in self._made.values())
            if made < len(self._made):
                progress(PREPARING, made, len(self._made))
        with _lost_if_broken(), suppress(TimeoutError), self._client.as_current():
            wait(futures, timeout=_SECONDS, return_when="FIRST_COMPLETED")
        for future in futures:
            if future.status in ("cancelled", "lost"):
                raise _LostError
            if future.status in ("finished", "error"):
                task = self._futures[future]
                result = self._result(future, task)
                del self._futures[future]
                yield task, result

    def _result(self, future: Any, task: Task) -> Result:
        from distributed import KilledWorker

        failed = future.status == "error"
        try:
            result: Result = future.result()
        except KilledWorker as error:
            called = self._errands.job.called(task)
            raise W2SMolError(
                f"workers at {called} were killed again and again, perhaps for memory. Give each "
                "more, and run the same command again; it goes on where it stopped."
            ) from error
        except W2SMolError:
            raise
        except ModuleNotFoundError as error:
            raise _other_environment(error) from error
        except Exception as error:
            if not failed:  # it was done, and cannot be had
                raise _LostError from error
            raise W2SMolError(f"a worker failed: {type(error).__name__}: {error}") from error
        return result

    def end(self) -> None:
        """Take back what is not done."""
        with suppress(Exception):
            self._client.cancel([*self._futures, *self._made.values()], force=True)
            for plugin in self._plugins:
                self._client.unregister_worker_plugin(plugin)


def _on_worker(errand: Errand, task: bytes, made: Sequence[Sequence[Kept]]) -> Any:
    from distributed import get_worker

    worker = get_worker()
    return errand(task, made, worker.address, worker.state.nthreads)


def _connected(address: str) -> Any:
    """Connect; a scheduler that is busy may greet with more than the one message Dask expects."""
    from distributed import Client

    for _ in range(_GREETINGS - 1):
        with suppress(AssertionError):
            return Client(address, set_as_default=False, timeout=10)
    return Client(address, set_as_default=False, timeout=10)


def _open_many_files() -> None:
    """Let this process have as many files open as it may: each task in hand has a lock."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
