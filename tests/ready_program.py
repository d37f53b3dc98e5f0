"""The real program in a process of its own, forked from one that has its imports behind it.

An interpreter needs two to five seconds to import PyTorch, RDKit and pandas; the hundreds of calls
that the tests make need them once. Whatever else there is to a process is each call's own: its
folder, environment, streams and exit.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

from w2s_mol import processes

_ONE_OF_THREADS = "OMP_NUM_THREADS"
SEEN_LATE = {"COLUMNS", "W2S_MOL_HOME", "W2S_MOL_MIRROR", _ONE_OF_THREADS}
"""Variables that the program reads when it needs them; others may be read by an import."""

processes.IMPORTED[:] = [  # for there is one server, of programs and of their workers
    *("scipy.optimize", "scipy.stats", "pandas", "pyarrow.parquet", "jinja2", "matplotlib.figure"),
    *("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "torch", "accelerate"),
    *("rdkit.Chem.Descriptors", "rdkit.Chem.rdMolDescriptors", "rdkit.Chem.Draw", "httpx"),
    *("transformers.models.bert.modeling_bert", "transformers.models.auto.modeling_auto"),
    *("transformers.models.auto.tokenization_auto", "w2s_mol.cli.program", "w2s_mol.cli.run"),
    *("w2s_mol.study.run", "w2s_mol.report.content", "w2s_mol.encoders.loading"),
    *("distributed", "dask_jobqueue", "openpyxl"),
]
SECONDS = 280
"""The most that one call of the program may take."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(processes.IMPORTED)


@dataclass(frozen=True)
class Finished:
    """What a run of the real program left."""

    code: int
    out: str
    err: str


def do_nothing() -> None:
    """Do nothing before the program is run."""


class Begun:
    """A module that runs as a program, in a process that leads a group of its own.

    What is to be done ``first`` there, by a function of a module, may take it to another host.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        first: Callable[[], None] = do_nothing,
    ) -> None:
        self._out, self._err = log.with_suffix(".out"), log.with_suffix(".err")
        self._words = (module, *arguments)
        for path in (self._out, self._err):
            path.touch()
        given = (first, module, tuple(arguments), folder, dict(environment), self._out, self._err)
        self._process = _PROCESSES.Process(target=_be_the_program, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        """Of the process and of its group."""
        return self._process.pid or 0

    def send_signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal to the process, or to all of its group."""
        (os.killpg if group else os.kill)(self.pid, number)

    @property
    def said(self) -> str:
        """What it has said so far on its error stream."""
        return self._err.read_text("utf-8")

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""
        return self._process.exitcode

    def wait(self, seconds: float = SECONDS) -> Finished:
        """Return what it left once it has ended; kill it if that takes more than some seconds."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
            raise TimeoutError(f"{' '.join(self._words)} took more than {seconds} s")
        return Finished(
            self._process.exitcode, self._out.read_text("utf-8"), self._err.read_text("utf-8")
        )


def _be_the_program(
    first: Callable[[], None],
    module: str,
    arguments: tuple[str, ...],
    folder: Path,
    environment: dict[str, str],
    out: Path,
    err: Path,
) -> None:
    first()
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    forkserver._forkserver.ensure_running = lambda: None  # who forked this one forks its workers
    os.environ.clear()
    os.environ.update(environment)
    if _ONE_OF_THREADS in environment:
        processes.use_threads(int(environment[_ONE_OF_THREADS]))
    os.chdir(folder)
    for number, path in ((0, Path(os.devnull)), (1, out), (2, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = [module.replace("_", "-"), *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
