"""A crew on Dask: all that is known of that engine is known here."""

from __future__ import annotations

import logging
import pickle
import secrets
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Generic

from w2s_mol.crews.at_work import Errand, packages
from w2s_mol.crews.contract import Crew, Job, Kept, Result, Task
from w2s_mol.crews.goods import Goods
from w2s_mol.errors import InputError, W2SMolError, first_line
from w2s_mol.progress import Progress, silent

_SECONDS = 0.5
_PATIENCE = 600.0
"""Seconds that a scheduler may be away."""
_OPEN = 8
"""Sets of files that are known without asking again."""
_MOST_MADE = 512
"""Things that were made for tasks and stay with the engine, for those that come to need them."""
_AHEAD = 2
"""Tasks a worker that are with the engine, so that nobody waits for the next."""


@contextmanager
def running(kind: str, options: Mapping[str, Any], jobs: int) -> Iterator[str]:
    """Start a cluster; yield the address of its scheduler.

    Parameters
    ----------
    kind
        ``local``, or any of dask-jobqueue's: ``slurm``, ``pbs``, ``sge``, ``lsf``, ...
    options
        Of the cluster's class.
    jobs
        How many jobs, each with one worker or more; of ``local``, how many workers.

    Raises
    ------
    InputError
        If there is no such kind, or an option is none of its.
    """
    cluster = None
    try:
        _be_silent()
        cluster = _cluster(kind, options, jobs)
        if kind != "local":
            cluster.sync(_submitted, cluster, jobs)
    except ImportError as error:
        raise _missing(error) from error
    except InputError:
        raise
    except Exception as error:  # of the queue's own programs, whatever they say
        _closed(cluster)
        raise InputError(f"cannot start a {kind} cluster: {first_line(error)}.") from error
    try:
        yield str(cluster.scheduler_address)
    finally:
        _closed(cluster)


async def _submitted(cluster: Any, jobs: int) -> None:
    """Submit jobs, and raise what is wrong with that: by itself a cluster only logs it."""
    cluster.scale(jobs=jobs)
    await cluster._correct_state()  # noqa: SLF001


def _closed(cluster: Any) -> None:
    with suppress(Exception):  # there is none, or its workers died meanwhile
        cluster.close()


def _cluster(kind: str, options: Mapping[str, Any], jobs: int) -> Any:
    if kind == "local":
        from distributed import LocalCluster

        # Tasks bound their own memory; a worker that is paused for it would never go on.
        return LocalCluster(
            **{"n_workers": jobs, "threads_per_worker": 1, "memory_limit": 0, **options}
        )
    import dask_jobqueue
    from dask_jobqueue.local import LocalCluster as JobsHere

    kinds = {
        name.removesuffix("Cluster").lower(): getattr(dask_jobqueue, name)
        for name in dir(dask_jobqueue)
        if name.endswith("Cluster") and name != "JobQueueCluster"
    }
    kinds["jobs-here"] = JobsHere  # to try a file out without a queue
    if kind not in kinds:
        raise InputError(f"unknown engine {kind!r}. It should be one of: {', '.join(kinds)}.")
    return kinds[kind](**options)


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
        try:
            _be_silent()
            self._client = _connected(address)
        except ImportError as error:
            raise _missing(error) from error
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"there is no Dask scheduler at {address} ({first_line(error)}). Give the address "
                "that 'dask scheduler' printed, local:N, or a TOML file."
            ) from error
        note(f"Dask at {address}; its dashboard: {self._client.dashboard_link}")

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
        try:
            while True:
                try:
                    flight = flight or self._begin(errands)
                    flight.fill(take)
                    if not flight.tasks:
                        return
                    yield from flight.landed()
                except _LostError:
                    if flight:
                        again.extend(flight.tasks)
                    flight = None
                    self._connect_anew()
        finally:
            if flight:
                flight.end()

    def _begin(self, errands: _Errands[Task, Result]) -> _Flight[Task, Result]:
        """Begin when there is a worker."""
        started = time.monotonic()
        with _lost_if_broken():
            while not self._client.nthreads():
                waited = int(time.monotonic() - started)
                self._progress(f"waiting for a worker of {self._address}, seconds", waited, None)
                time.sleep(_SECONDS)
        return _Flight(self._client, errands)

    def _connect_anew(self) -> None:
        started = time.monotonic()
        while (waited := time.monotonic() - started) < _PATIENCE:
            self._progress(f"waiting for the scheduler {self._address}, seconds", int(waited), None)
            self.close()
            try:
                self._client = _connected(self._address)
            except (OSError, TimeoutError):
                time.sleep(_SECONDS)
            else:
                return
        raise W2SMolError(
            f"the Dask scheduler {self._address} is gone for {_PATIENCE:.0f} seconds. Start it "
            "and its workers, and run the same command again: it goes on where it stopped."
        )


class _LostError(Exception):
    """The scheduler is away, and knows nothing of what was in flight."""


@contextmanager
def _lost_if_broken() -> Iterator[None]:
    try:
        yield
    except (CancelledError, OSError, TimeoutError) as error:  # of a connection that is closed
        raise _LostError from error


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
        self._plugins: dict[Goods, str] = {}

    @property
    def tasks(self) -> list[Task]:
        """Those that are not done."""
        return [*self._futures.values(), *self._at_hand]

    def _give_goods(self, goods: Goods) -> None:
        """Put files on the workers that lack them, and on those that come."""
        if goods in self._plugins:
            return
        self._plugins[goods] = ""
        if not any(self._client.run(goods.lacking).values()):
            return
        from distributed import WorkerPlugin

        class Carrier(WorkerPlugin):
            def __init__(self, contents: Mapping[str, bytes]) -> None:
                self.contents = contents

            def setup(self, worker: Any) -> None:
                goods.put(self.contents)

        name = f"w2s-mol-{secrets.token_hex(8)}"
        self._client.register_plugin(Carrier(goods.contents()), name=name)
        self._plugins[goods] = name

    def fill(self, take: Callable[[], Task | None]) -> None:
        """Give the scheduler as many tasks as its workers need."""
        with _lost_if_broken():
            room = _AHEAD * max(1, len(self._client.nthreads()))
        while len(self._futures) < room and (task := take()) is not None:
            self._at_hand.append(task)
            goods = self._errands.goods(task)
            with _lost_if_broken():
                self._give(task, goods)
            self._at_hand.clear()

    def _give(self, task: Task, goods: Goods) -> None:
        self._give_goods(goods)
        made = [self._of_need(need, goods) for need in self._errands.job.needs(task)]
        self._futures[self._submit(self._errands.do(goods), task, made)] = task
        while len(self._made) > max(_MOST_MADE, len(made)):  # the cluster forgets it, stores do not
            del self._made[next(iter(self._made))]

    def _of_need(self, need: Any, goods: Goods) -> Any:
        made = self._made.pop(need, None)
        if made is None:
            made = self._submit(self._errands.make(goods), need, [])
        self._made[need] = made
        return made

    def _submit(self, errand: Errand, what: Any, made: Sequence[Any]) -> Any:
        return self._client.submit(_on_worker, errand, pickle.dumps(what), made, pure=False)

    def landed(self) -> Iterator[tuple[Task, Result]]:
        """Wait a moment; yield what is done."""
        from distributed import wait

        futures = list(self._futures)
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
            raise InputError(
                f"a worker cannot do it: {first_line(error)}. All machines need the same "
                "versions: install the same environment there."
            ) from error
        except Exception as error:
            if not failed:  # it was done, and cannot be had
                raise _LostError from error
            raise W2SMolError(f"a worker failed: {type(error).__name__}: {error}") from error
        return result

    def end(self) -> None:
        """Take back what is not done."""
        with suppress(Exception):
            self._client.cancel([*self._futures, *self._made.values()], force=True)
            for plugin in filter(None, self._plugins.values()):
                self._client.unregister_worker_plugin(plugin)


def _on_worker(errand: Errand, task: bytes, made: Sequence[Sequence[Kept]]) -> Any:
    from distributed import get_worker

    worker = get_worker()
    return errand(task, made, worker.address, worker.state.nthreads)


def _connected(address: str) -> Any:
    from distributed import Client

    return Client(address, set_as_default=False, timeout=10)


def _be_silent() -> None:
    """Keep what Dask says of itself off the screen: what matters is raised."""
    import distributed  # noqa: F401 -- it sets levels of its own

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio", "bokeh"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Sending large graph")
    warnings.filterwarnings("ignore", module="distributed|dask_jobqueue")


def _missing(error: ImportError) -> InputError:
    return InputError(
        f"--cluster needs Dask ({first_line(error)}). Install it: pip install 'w2s-mol[cluster]'."
    )
