"""From what a user says of a crew to one that is ready: processes here, or a cluster's workers.

Imports no engine before one is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from w2s_mol import files
from w2s_mol.crews.contract import Crew
from w2s_mol.crews.local import LocalCrew
from w2s_mol.errors import InputError
from w2s_mol.processes import refuse_a_script_without_guard
from w2s_mol.progress import Progress, silent

_LOCAL = re.compile(r"local:(\d+)")
_ADDRESS = re.compile(r"(tcp|tls|wss?|ucx)://\S+:\d+")
_ENGINE, _JOBS = "engine", "jobs"


@dataclass(frozen=True)
class Asked:
    """Which crew is asked for.

    Attributes
    ----------
    workers
        Processes of this machine; 1 for this one.
    readers
        Processes that read for this one, which computes: it has a GPU.
    cluster
        The address of a Dask scheduler, ``local:N``, or a TOML file that says what to start.
    note
        Told where a cluster can be watched.
    """

    workers: int = 1
    cluster: str | None = None
    note: Callable[[str], None] = lambda _: None
    readers: int = 0

    @property
    def several(self) -> bool:
        """Say whether it is other processes that work."""
        return self.workers > 1 or self.cluster is not None

    def for_tasks(self, n: int) -> Asked:
        """Return who works on so many tasks: of this machine no more processes than that."""
        return self if self.cluster else replace(self, workers=max(1, min(self.workers, n)))

    @contextmanager
    def ready(self, what: str, progress: Progress = silent) -> Iterator[Crew]:
        """Yield the crew, and let it go.

        Parameters
        ----------
        what
            What a script does with it, for the error if it has no guard.
        progress
            Told what is waited for.

        Raises
        ------
        InputError
            If there is no such cluster, or its engine is not installed.
        """
        refuse_a_script_without_guard(what)
        if self.cluster is None:
            yield LocalCrew(self.workers)
            return
        from w2s_mol.crews import dask_clusters, on_dask

        if _ADDRESS.fullmatch(self.cluster):
            with closing(on_dask.DaskCrew(self.cluster, progress, self.note)) as crew:
                yield crew
            return
        kind, options, jobs = _to_start(self.cluster)
        with (
            dask_clusters.running(kind, options, jobs) as address,
            closing(on_dask.DaskCrew(address, progress, self.note)) as crew,
        ):
            yield crew


def _to_start(cluster: str) -> tuple[str, dict[str, Any], int]:
    """Return the kind of a cluster that is to be started, its options, and how many jobs."""
    if found := _LOCAL.fullmatch(cluster):
        if not int(found[1]):
            raise InputError(f"--cluster {cluster} has no worker. Give local:1 or more.")
        return "local", {}, int(found[1])
    path = Path(cluster)
    if path.suffix != ".toml":
        meant = f"tcp://{cluster}" if _ADDRESS.fullmatch(f"tcp://{cluster}") else ""
        raise InputError(
            f"--cluster {cluster!r} is no cluster.{f' Did you mean {meant}?' if meant else ''} It "
            "should be the address of a Dask scheduler (tcp://10.0.0.1:8786), local:N for N "
            "workers here, or a TOML file."
        )
    said = files.read_toml(path, "cluster")
    kind, jobs = said.pop(_ENGINE, "slurm"), said.pop(_JOBS, None)
    if not isinstance(kind, str) or type(jobs) is not int or jobs < 1:
        raise InputError(
            f"cluster {path} should say how many jobs to start, {_JOBS} = 10, and where: "
            f'{_ENGINE} = "slurm", "pbs", "sge", ... All else is handed to dask-jobqueue.'
        )
    return kind, said, jobs
