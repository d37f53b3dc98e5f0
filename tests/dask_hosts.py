"""Real schedulers and workers of Dask, as processes that can be killed and started again."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ready_program import SEEN_LATE, Begun, do_nothing


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


def enter(host: str, hidden: Path | None = None) -> None:
    """Take this process to a network namespace, where a folder may be empty and its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/run/netns/{host}").open() as namespace:
        assert libc.setns(namespace.fileno(), 0) == 0, os.strerror(ctypes.get_errno())
    if hidden is not None:
        assert libc.unshare(_OWN_MOUNTS) == 0, os.strerror(ctypes.get_errno())
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", hidden], check=True)


_OWN_MOUNTS = 0x00020000  # CLONE_NEWNS
_Process = Begun | subprocess.Popen[bytes]


@dataclass
class Hosts:
    """A scheduler and workers; each may be on a host of its own.

    ``first`` takes a process to another host.
    """

    folder: Path
    address: str = ""
    first: Callable[[], None] = do_nothing
    scheduler: _Process | None = None
    workers: list[_Process] = field(default_factory=list)

    def start_scheduler(self) -> None:
        self.address = self.address or f"tcp://127.0.0.1:{free_port()}"
        host, port = self.address.removeprefix("tcp://").split(":")
        words = ["--host", host, "--port", port, "--no-dashboard"]
        self.scheduler = self._started("dask_scheduler", words, self.folder, self.first, {})
        until(lambda: self._says("Scheduler at"))

    def _says(self, text: str) -> bool:
        return any(text in log.read_text(errors="replace") for log in self.folder.glob("*.err"))

    def start_worker(
        self, name: str, first: Callable[[], None] | None = None, **environment: str
    ) -> _Process:
        """Start one with a home, and a working folder, of its own."""
        home = self.folder / f"home-{name}"
        home.mkdir(exist_ok=True)
        words = [self.address, "--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        words += ["--death-timeout", "60", "--local-directory", str(home)]
        ours = {"W2S_MOL_HOME": str(home / "store"), **environment}
        worker = self._started("dask_worker", words, home, first or self.first, ours)
        self.workers.append(worker)
        return worker

    def _started(
        self,
        program: str,
        words: Sequence[str],
        folder: Path,
        first: Callable[[], None],
        environment: dict[str, str],
    ) -> _Process:
        module, log = f"distributed.cli.{program}", self.folder / program
        ours = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        if environment.keys() <= SEEN_LATE:
            return Begun(module, words, folder, ours, log, first)
        with log.with_suffix(".err").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", module, *words],
                cwd=folder, env=ours, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip

    def kill(self, process: _Process | None) -> None:
        """Kill one at once, with whatever it started."""
        assert process is not None
        with suppress(ProcessLookupError):  # a worker may end with its scheduler
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
