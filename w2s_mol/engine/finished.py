"""A finished run, and recognising one by what was asked for."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol.errors import InputError
from w2s_mol.run_record import CSV, damaged, read_manifest

if TYPE_CHECKING:
    import pandas as pd

    from w2s_mol.engine.run import Tables


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes
    ----------
    manifest
        As in ``manifest.json``.
    folder
        Where it is written, if anywhere.
    computed
        False if it was found finished and nothing was computed.
    mended
        Names of files that were found damaged or lost and are written again.
    in_memory
        The tables of a run without a folder, by name.
    """

    manifest: dict[str, Any]
    folder: Path | None = None
    computed: bool = True
    mended: tuple[str, ...] = ()
    in_memory: Tables = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """Return one of its tables, read when it is asked for.

        Raises
        ------
        InputError
            If it is missing or damaged.
        """
        if self.folder is None:
            return self.in_memory[name]
        from w2s_mol.run_tables import read_table

        return read_table(self.folder, name, self.manifest)

    @property
    def tables(self) -> Tables:
        """Return all of its tables, by name."""
        names = self.in_memory or [
            name.removesuffix(".parquet")
            for name in self.manifest["files"]
            if name.endswith(".parquet")
        ]
        return {name: self.table(name) for name in names}

    def rows(self) -> list[dict[str, str]]:
        """Return the results of a run with a folder as texts, row by row.

        Pandas and Parquet take longer to load than all else that reading a finished run again
        does; ``results.csv`` holds every number with all its digits.
        """
        assert self.folder  # noqa: S101 -- what has none has tables
        with (self.folder / CSV).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def finished_as(folder: Path, asked: Callable[[], str]) -> Finished | None:
    """Return the run of a folder, if it is finished, whole and what was asked for.

    Parameters
    ----------
    folder
        Of the run.
    asked
        Gives a hash of what is asked for, or an empty text; see ``study.asked``.
    """
    try:
        manifest = read_manifest(folder)
    except InputError:
        return None  # whoever carries it out says what is wrong
    if not manifest or not manifest["finished"] or not manifest.get("asked"):
        return None
    if manifest["asked"] != asked():
        return None
    return if_whole(folder, manifest)


def if_whole(folder: Path, manifest: dict[str, Any]) -> Finished | None:
    """Return a finished run, if none of its files is missing or damaged."""
    if "files" not in manifest or damaged(folder, manifest["files"]):
        return None
    return Finished(manifest, folder, computed=False)
