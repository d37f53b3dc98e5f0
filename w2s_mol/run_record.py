"""What a run's folder says of itself: its manifest, and hashes by which a damaged file is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_mol import files
from w2s_mol.errors import InputError

RESULTS = "results"
"""The table that every run has, as ``results.parquet`` and ``results.csv``."""

MANIFEST = "manifest.json"
CONFIG = "config.toml"
CSV = f"{RESULTS}.csv"


@dataclass(frozen=True)
class _Each:
    """Every item of a list, or every value of a table, has this shape."""

    of: Any
    kind: type = dict


_TEXTS = _Each(str, list)
_MADE = {"history": _Each(dict, list)}
_SHAPE: dict[str, Any] = {
    "kind": str,
    "study": str,
    "finished": bool,
    "format": int,
    "config": {"dataset": _TEXTS},
    "w2s_mol": str,
    "files": _Each(str),
    "parts": _Each(_Each(str)),
    "sessions": _Each({"started": str, "seconds": float}, list),
    "seconds": _Each(float),
    "notes": _Each(_TEXTS),
    "packages": dict,
    "strong": {"name": str, "sha256": str},
    "students": _Each({"name": str, "sha256": str}, list),
    "asked": str,
    "weak": _Each({"name": str, "sha256": str, "family": str, "pretraining": _MADE}, list),
    "datasets": _Each({"sha256": str, "splits": dict, "classes": _TEXTS}),
}
"""The fields that something reads, and what it takes for granted of each where it is there."""

_NEEDED = {"study", "finished", "config", "w2s_mol"}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a run's folder, None if it has none.

    Raises
    ------
    InputError
        If it cannot be read, or is not a manifest.
    """
    path = folder / MANIFEST
    try:
        if not path.exists():
            return None
        manifest = files.read_json(path)
        fault = _misfit(manifest, _SHAPE, "it")
        if fault is None and _NEEDED - manifest.keys():
            fault = f"it lacks {min(_NEEDED - manifest.keys())!r}"
    except (OSError, ValueError) as error:
        fault = str(error)
    if fault is None:
        return {"kind": "study", **manifest}  # 0.1.0 had one kind and did not say so
    raise InputError(f"{path} cannot be read: {fault}. Remove the folder and run it again.")


def _misfit(value: Any, shape: Any, where: str) -> str | None:
    """Say where a value has not the shape expected; None if it fits."""
    if isinstance(shape, _Each):
        kind: type = shape.kind
    else:
        kind = dict if isinstance(shape, dict) else shape
    if not _is(value, kind):
        return f"{where} is a {type(value).__name__}, not a {kind.__name__}"
    if isinstance(shape, _Each):
        items = value.items() if kind is dict else enumerate(value)
        parts = [(key, item, shape.of) for key, item in items]
    elif isinstance(shape, dict):
        parts = [(key, value[key], of) for key, of in shape.items() if key in value]
    else:
        return None
    faults = (_misfit(item, of, f"{where}[{key!r}]") for key, item, of in parts)
    return next((fault for fault in faults if fault), None)


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def is_whole(path: Path, sha256: str | None) -> bool:
    """Say whether a file is there with the content of this hash."""
    try:
        return sha256 is not None and files.sha256_file(path) == sha256
    except OSError:
        return False


def damaged(folder: Path, hashes: Mapping[str, str]) -> list[str]:
    """Return the names of the files that are missing or have another content."""
    return [name for name, sha256 in hashes.items() if not is_whole(folder / name, sha256)]
