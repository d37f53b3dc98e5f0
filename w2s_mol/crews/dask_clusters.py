"""Clusters of Dask that are started for a command, and ended with it."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from w2s_mol.errors import InputError, first_line
from w2s_mol.processes import deaf_to_interrupts

_LONGEST = 200
_UNWATCHED = {
    # A worker's stack is else looked at a hundred times a second, for a page of the dashboard, and
    # every server notes fifty times a second that it is awake: a twentieth of a busy machine.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
}


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
        be_silent()
        with deaf_to_interrupts():
            cluster = _cluster(kind, options, jobs)
        if kind != "local":
            cluster.sync(_submitted, cluster, jobs)
            cluster.adapt(
                minimum_jobs=jobs, maximum_jobs=jobs
            )  # in place of those whose time is up
    except ImportError as error:
        raise missing(error) from error
    except InputError:
        raise
    except Exception as error:  # of the queue's own programs, whatever they say
        _closed(cluster)
        said = " ".join(str(error).split()).rstrip(".:")[:_LONGEST]
        raise InputError(
            f"cannot start a {kind} cluster: {said}. docs/cluster.md has a file that says what a "
            "queue needs."
        ) from error
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
        import dask
        from distributed import LocalCluster

        # Tasks bound their own memory; a worker that is paused for it would never go on.
        own = {"n_workers": jobs, "threads_per_worker": 1, "memory_limit": 0}
        with dask.config.set(_UNWATCHED):
            return LocalCluster(**{**own, "silence_logs": logging.CRITICAL, **options})
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue
    from dask_jobqueue.local import LocalCluster as JobsHere

    signal.signal(signal.SIGINT, before)  # imported, it ends who gets Ctrl-C as if all were done
    kinds = {
        name.removesuffix("Cluster").lower(): getattr(dask_jobqueue, name)
        for name in dir(dask_jobqueue)
        if name.endswith("Cluster") and name != "JobQueueCluster"
    }
    kinds["jobs-here"] = JobsHere  # to try a file out without a queue
    if kind not in kinds:
        raise InputError(f"unknown engine {kind!r}. It should be one of: {', '.join(kinds)}.")
    return kinds[kind](**options)


def be_silent() -> None:
    """Keep what Dask says of itself off the screen: what matters is raised."""
    import distributed  # noqa: F401 -- it sets levels of its own

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio", "bokeh"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Sending large graph")
    warnings.filterwarnings("ignore", module="distributed|dask_jobqueue")


def missing(error: ImportError) -> InputError:
    """Return the error for an engine that is not installed."""
    return InputError(
        f"--cluster needs Dask ({first_line(error)}). Install it: pip install 'w2s-mol[cluster]'."
    )
