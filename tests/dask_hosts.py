"""Real schedulers and workers of Dask, as processes that can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_DASK = [sys.executable, "-m"]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(there: object, seconds: float = 60) -> None:
    """Wait until a function gives something true."""
    end = time.monotonic() + seconds
    while not there():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


@dataclass
class Hosts:
    """A scheduler and workers; each may be on a host of its own.

    ``before`` begins a command that is run on another host.
    """

    folder: Path
    address: str = ""
    before: Sequence[str] = ()
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_scheduler(self) -> None:
        self.address = self.address or f"tcp://127.0.0.1:{free_port()}"
        host, port = self.address.removeprefix("tcp://").split(":")
        command = ["distributed.cli.dask_scheduler", "--host", host, "--port", port]
        self.scheduler = self._started([*self.before, *_DASK, *command, "--no-dashboard"])
        until(lambda: self._says("Scheduler at"))

    def _says(self, text: str) -> bool:
        log = self.folder / "dask.log"
        return log.exists() and text in log.read_text(errors="replace")

    def start_worker(
        self, name: str, before: Sequence[str] | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start one with a home, and a working folder, of its own."""
        home = self.folder / f"home-{name}"
        home.mkdir(exist_ok=True)
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60"]
        command = ["distributed.cli.dask_worker", self.address, "--name", name, *options]
        command += ["--local-directory", str(home)]
        worker = self._started(
            [*(self.before if before is None else before), *_DASK, *command],
            cwd=home,
            **{"W2S_MOL_HOME": str(home / "store"), **environment},
        )
        self.workers.append(worker)
        return worker

    def _started(
        self, command: Sequence[str], cwd: Path | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        ours = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        with (self.folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=cwd, env=ours, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, process: subprocess.Popen[bytes] | None) -> None:
        """Kill one at once, with whatever it started."""
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            if process is not None and process.poll() is None:
                self.kill(process)


def another_installation(folder: Path, root: Path) -> Path:
    """Copy the package and what it ships, to be changed and named in PYTHONPATH."""
    for name in ("w2s_mol", "checkpoints", "data"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder
