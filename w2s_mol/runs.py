"""Finding finished runs, and reading what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from w2s_mol.errors import InputError
from w2s_mol.run_record import RESULTS, read_manifest
from w2s_mol.run_tables import mend, read_table

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
    mended
        Names of files that were found damaged and are written again.
    """

    folder: Path
    manifest: dict[str, Any]
    mended: tuple[str, ...] = ()

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
        return read_table(self.folder, name, self.manifest)


def find_runs(
    folders: Sequence[Path], damaged: list[InputError] | None = None
) -> list[FinishedRun]:
    """Return the finished runs that some folders are or hold, each once, also if copied.

    Parameters
    ----------
    folders
        Of runs, or of folders of runs.
    damaged
        Gets an error for each damaged run beside whole ones in a folder of runs; without it the
        first is raised.

    Raises
    ------
    InputError
        If a folder holds no finished run, or one of which a table is damaged.
    """
    found: dict[str, FinishedRun] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder. {_MAKE_ONE}")
        here = [folder] if (folder / f"{RESULTS}.parquet").is_file() else _inside(folder)
        runs, errors = [], []
        for path in here:
            try:
                runs.append(_finished(path))
            except InputError as error:
                errors.append(error)
        finished = [run for run in runs if run]
        if errors and (damaged is None or not finished):
            raise errors[0]
        if not finished:
            raise InputError(f"{folder} holds no finished run. {_MAKE_ONE}")
        for run in finished:
            found.setdefault(run.id, run)
        if damaged is not None:
            damaged += errors
    return list(found.values())


def _inside(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{RESULTS}.parquet"))


def _finished(folder: Path) -> FinishedRun | None:
    # Results that someone copied without their manifest are still results of a study.
    manifest = read_manifest(folder) or {"kind": "study", "finished": True}
    if not manifest["finished"]:
        return None
    if "files" not in manifest:  # nothing says whether they are whole, but that they can be read
        read_table(folder, RESULTS, manifest)
    return FinishedRun(folder, manifest, tuple(mend(folder, manifest, lost_too=False)))
