"""Processes that share the work of one run: each carries out the same run in the same folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.processes import THREADS, threads_each
from w2s_mol.progress import Progress


def work_together(module: str, task: Mapping[str, Any], workers: int, progress: Progress) -> None:
    """Let several processes do a task, and wait until none is left.

    Parameters
    ----------
    module
        Whose ``main`` each process runs: it does its task by ``serve``.
    task
        What JSON can hold; all get the same.
    workers
        How many processes; the cores are shared among them.
    progress
        Told what the first of them tells.

    Raises
    ------
    InputError, W2SMolError
        What one of them raised. A process that is killed is no error: what it was at is taken over
        by another, or is left undone where there is none.
    """
    environment = {**dict.fromkeys(THREADS, str(threads_each(workers))), **os.environ}
    running = [
        subprocess.Popen(  # noqa: S603 -- this program
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(workers)
    ]
    try:
        followers = [_Follower(process, task) for process in running]
        followers[0].told = progress
        for follower in followers:
            follower.start()
        for follower in followers:
            follower.join()
        for follower in followers:
            if follower.failed:
                raise follower.failed
    finally:
        for process in running:
            process.kill()
            process.wait()


class _Follower(threading.Thread):
    """Gives a process its task, and hears what it says."""

    def __init__(self, process: subprocess.Popen[str], task: Mapping[str, Any]) -> None:
        super().__init__(daemon=True)
        self._process, self._task = process, task
        self.told: Progress | None = None
        self.failed: W2SMolError | None = None

    def run(self) -> None:
        assert self._process.stdin  # noqa: S101 -- both are pipes
        assert self._process.stdout  # noqa: S101
        try:
            self._process.stdin.write(json.dumps(self._task) + "\n")
            self._process.stdin.flush()  # and left open: its end is ours
        except BrokenPipeError:
            return
        for line in self._process.stdout:
            kind, *said = json.loads(line)
            if kind == "failed":
                code, message = said
                self.failed = (InputError if code == InputError.exit_code else W2SMolError)(message)
            elif self.told:
                self.told(*said)


def serve(do: Any) -> None:
    """Do the task that stands on the first line of the input, as a process of ``work_together``.

    When the input ends, whoever gave the task is gone, and so is this process: what it has done is
    kept, and what it was at is free.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    # What else is printed here must not be taken for what is said there.
    said = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_input, daemon=True).start()

    def tell(work: str, done: int, total: int | None) -> None:
        print(json.dumps(["progress", work, done, total]), file=said, flush=True)

    try:
        do(task, tell)
    except W2SMolError as error:
        print(json.dumps(["failed", error.exit_code, str(error)]), file=said, flush=True)


def _end_with_the_input() -> None:
    sys.stdin.read()
    os._exit(1)
