"""The files of a run's folder beside its manifest: written, read, mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import tomli_w

from w2s_mol import files
from w2s_mol.errors import InputError
from w2s_mol.run_record import CONFIG, CSV, RESULTS, damaged, is_whole


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    """Return a table as it is written."""
    # One thread: to start more takes longer than they save on tables of this size.
    return pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """Return how tables of these columns are written, so that they take little room.

    Of floating numbers only the leading bytes repeat: they are split off, and the rest is left.
    Nobody looks for rows by them either, so that their ranges are not kept.
    """
    numbers = [field.name for field in schema if pa.types.is_floating(field.type)]
    others = [field.name for field in schema if field.name not in numbers]
    return {
        "compression": "zstd",
        "use_dictionary": others,
        "write_statistics": others,
        "column_encoding": dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
    }


def write_csv(folder: Path, results: pd.DataFrame) -> None:
    """Write ``results.csv``."""
    files.write_text(folder / CSV, results.to_csv(index=False, lineterminator="\n"))


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write ``config.toml``."""
    files.write_text(folder / CONFIG, tomli_w.dumps(config))


def read_table(folder: Path, name: str, manifest: dict[str, Any]) -> pd.DataFrame:
    """Read a table of a finished run.

    Raises
    ------
    InputError
        If it is missing, damaged or not what the run wrote.
    """
    path = folder / f"{name}.parquet"
    if path.name not in manifest.get("files", {path.name: ""}):
        raise InputError(
            f"{folder} keeps no {name}: it was run with '--keep results', or by an older w2s-mol. "
            "Run the study again, into another folder."
        )
    if not path.is_file():
        raise InputError(f"{path} is missing. Remove its folder and run the study again.")
    sha256 = manifest.get("files", {}).get(path.name)
    if sha256 and not is_whole(path, sha256):
        raise _unreadable(path, "it is damaged, or is not what the run wrote")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path} cannot be read: {reason}. Remove its folder and run the study again."
    )


def mend(folder: Path, manifest: dict[str, Any], *, lost_too: bool) -> list[str]:
    """Write again what of a finished run is damaged and can be had from what is whole.

    Parameters
    ----------
    folder, manifest
        Of the run. One of 0.3 has no hashes: nothing of it is known to be damaged.
    lost_too
        Whether a file that is not there counts as damaged.

    Returns
    -------
    list of str
        The names of the files written again.

    Raises
    ------
    InputError
        If a table is damaged, or the folder cannot be written to.
    """
    names = damaged(folder, manifest.get("files", {}))
    if not lost_too:
        names = [name for name in names if (folder / name).exists()]
    for name in names:
        if name not in (CSV, CONFIG):
            raise InputError(
                f"{folder / name} is missing or damaged. Remove {folder} and run it again; what "
                "was embedded is kept."
            )
    if CONFIG in names:
        write_config(folder, manifest["config"])
    if CSV in names:
        write_csv(folder, read_table(folder, RESULTS, manifest))
    return names
