"""The real program in a process of its own, forked from one that has its imports behind it.

An interpreter needs two to five seconds to import PyTorch, RDKit and pandas; the hundreds of calls
that the tests make need them once. Whatever else there is to a process is each call's own: its
folder, environment, streams and exit.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SEEN_LATE = {"COLUMNS", "W2S_MOL_HOME", "W2S_MOL_MIRROR"}
"""Variables that the program reads when it needs them; others may be read by an import."""

_IMPORTED = [
    *("scipy.optimize", "scipy.stats", "pandas", "pyarrow.parquet", "jinja2", "matplotlib.figure"),
    *("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "torch", "accelerate"),
    *("rdkit.Chem.Descriptors", "rdkit.Chem.rdMolDescriptors", "rdkit.Chem.Draw", "httpx"),
    *("transformers.models.bert.modeling_bert", "transformers.models.auto.modeling_auto"),
    *("transformers.models.auto.tokenization_auto", "w2s_mol.cli.program", "w2s_mol.cli.run"),
    *("w2s_mol.study.run", "w2s_mol.report.content", "w2s_mol.encoders.loading"),
    *("distributed", "dask_jobqueue", "openpyxl"),
]
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(_IMPORTED)


@dataclass(frozen=True)
class Finished:
    """What a run of the real program left."""

    code: int
    out: str
    err: str


def call(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, seconds: int
) -> Finished:
    """Do what ``python -m w2s_mol`` does with these arguments, and wait for it."""
    out, err = log.with_suffix(".out"), log.with_suffix(".err")
    process = _PROCESSES.Process(
        target=_be_the_program, args=(tuple(arguments), folder, dict(environment), out, err)
    )
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"w2s-mol {' '.join(arguments)} took more than {seconds} s")
    return Finished(process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def _be_the_program(
    arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((0, Path(os.devnull)), (1, out), (2, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["w2s-mol", *arguments]
    runpy.run_module("w2s_mol", run_name="__main__", alter_sys=True)
