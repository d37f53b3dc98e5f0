"""Finding finished runs, and reading what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from w2s_mol.errors import InputError
from w2s_mol.run_folder import RESULTS, read_manifest

_MAKE_ONE = "Make one with 'w2s-mol run --dataset lipop', or give the folder of another."


@dataclass(frozen=True)
class FinishedRun:
    """A finished run on disk.

    Attributes
    ----------
    folder
        Where it lies.
    manifest
        What made it; ``manifest["kind"]`` is ``study`` or ``synthetic``.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def kind(self) -> str:
        """Say what kind of run it is."""
        return str(self.manifest["kind"])

    @property
    def id(self) -> str:
        """Return the hash of what made it; of a folder without a manifest, its path."""
        return str(self.manifest.get("study", self.folder.resolve()))

    def table(self, name: str) -> pd.DataFrame:
        """Read one of its tables.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        path = self.folder / f"{name}.parquet"
        if not path.is_file():
            raise InputError(f"{path} is missing. Remove its folder and run the study again.")
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise InputError(
                f"{path} cannot be read: {error}. Remove its folder and run the study again."
            ) from error


def find_runs(folders: Sequence[Path]) -> list[FinishedRun]:
    """Return the finished runs that some folders are or hold, each once, also if copied.

    Raises
    ------
    InputError
        If a folder holds no finished run.
    """
    found: dict[str, FinishedRun] = {}
    for folder in folders:
        here = [folder] if (folder / f"{RESULTS}.parquet").is_file() else _inside(folder)
        runs = [run for path in here if (run := _finished(path))]
        if not runs:
            raise InputError(f"{folder} holds no finished run. {_MAKE_ONE}")
        for run in runs:
            found.setdefault(run.id, run)
    return list(found.values())


def _inside(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{RESULTS}.parquet"))


def _finished(folder: Path) -> FinishedRun | None:
    # Results that someone copied without their manifest are still results of a study.
    manifest = read_manifest(folder) or {"kind": "study", "finished": True}
    return FinishedRun(folder, manifest) if manifest["finished"] else None
