"""Finding the results of finished runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from w2s_mol.errors import InputError

_RESULTS = "results.parquet"


def read_runs(folders: Sequence[Path]) -> pd.DataFrame:
    """Read the results of run folders, and of the run folders inside a folder.

    Raises
    ------
    InputError
        If a folder holds no finished run, or a results file cannot be read.
    """
    frames: list[pd.DataFrame] = []
    for folder in folders:
        found = [folder / _RESULTS] if (folder / _RESULTS).is_file() else _inside(folder)
        if not found:
            raise InputError(
                f"{folder} holds no finished run. Make one with 'w2s-mol run --dataset lipop', or "
                "give the folder of another."
            )
        frames.extend(_read(path) for path in found)
    return pd.concat(frames, ignore_index=True)


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/{_RESULTS}"))


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"{path} cannot be read: {error}. Remove its folder and run the study again."
        ) from error
