"""What can be named as an encoder, and what a name stands for; nothing is loaded for it."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from w2s_mol import files, paths
from w2s_mol.encoders import adapted, random_bert
from w2s_mol.encoders.folder import METADATA, UNFINISHED
from w2s_mol.errors import InputError

FIXED = ("rdkit2d", "ecfp")
MOLBERT = "molbert"
HUB_PREFIX = "hf:"
SHIPPED = "shipped"
FILE_PREFIX = "file:"
PYTHON, SKFP = "python:", "skfp:"
SELF = "self"
"""The strong encoder's name where every supervisor teaches its own representation."""
PEER = "peer"
"""The strong encoder's name where every supervisor teaches another pretraining seed of its kind."""
_RANDOM_SEEDS = 3
PLUGINS = "w2s_mol.encoders"
"""The group of entry points in which packages announce their encoders."""


def shipped_encoders() -> dict[str, Path]:
    """Return the pretrained encoders that the project ships: their names and folders."""
    return {folder.name: folder for folder in _shipped("weak-h*")}


def shipped_strong_encoders() -> dict[str, Path]:
    """Return the pretrained strong encoders that the project ships, if any."""
    return {folder.name: folder for folder in _shipped("strong-*")}


def _shipped(pattern: str) -> tuple[Path, ...]:
    root = paths.shipped("checkpoints")
    changed = root.stat().st_mtime_ns if root.is_dir() else 0
    return _folders(root, pattern, changed)


@lru_cache(maxsize=4)
def _folders(root: Path, pattern: str, _changed: int) -> tuple[Path, ...]:
    """Return the encoders of a folder as it is now: a study asks hundreds of times."""
    found = [path.parent for path in root.glob(f"{pattern}/config.json")]
    return tuple(sorted(found, key=_by_numbers))


def shipped_metadata() -> list[dict[str, Any]]:
    """Return the name of each shipped weak encoder and how it was made."""
    return [
        {"name": name, **files.read_json(folder / METADATA)}
        for name, folder in shipped_encoders().items()
    ]


def _by_numbers(folder: Path) -> list[int | str]:
    """Return a key that puts weak-h8 before weak-h16."""
    parts = re.split(r"(\d+)", folder.name)
    return [int(part) if part.isdecimal() else part for part in parts]


def encoder_names() -> list[str]:
    """Return every name that ``load_encoder`` knows."""
    return [*_own_names(), *adapted.adapted_encoders(), *plugin_names()]


def all_names() -> list[str]:
    """Return every name of an encoder or of several: those of encoders, and what stands for one."""
    return [*encoder_names(), SHIPPED, *random_bert.SCALES, SELF, PEER]


def _own_names() -> list[str]:
    return [*FIXED, MOLBERT, *shipped_encoders(), *shipped_strong_encoders()]


def plugin_names() -> dict[str, str]:
    """Return the encoders of installed packages and where each is; a name of ours stays ours."""
    ours = _own_names()
    return {
        name: where
        for name, where in announced().items()
        if name not in ours and not random_bert.is_random(name)
    }


def reads_molecules_alone(name: str) -> bool:
    """Say whether a name by itself is that of an encoder that reads nothing but molecules."""
    if name.startswith((PYTHON, SKFP)):
        return True
    ours = name in _own_names() or random_bert.is_random(name) or name in plugin_names()
    return ours and not (Path(name) / "config.json").is_file()


def expand_encoders(name: str) -> list[str]:
    """Return the encoders that one name stands for.

    ``shipped`` stands for all shipped weak encoders, ``random`` and ``random-bert`` for three of
    each of their shapes that were never trained, a folder of encoder folders for those, and
    ``file:FOLDER`` for the Parquet files in it.
    """
    if name == SHIPPED:
        return list(shipped_encoders())
    if name in random_bert.SCALES and not Path(name).is_dir():
        sizes = dict.fromkeys(made["hidden"] for made in shipped_metadata())
        return [f"{name}-h{hidden}-s{seed}" for hidden in sizes for seed in range(_RANDOM_SEEDS)]
    folder = Path(name.removeprefix(FILE_PREFIX))
    if name.startswith(FILE_PREFIX):
        inside = sorted(folder.glob("*.parquet"), key=_by_numbers) if folder.is_dir() else []
        return [f"{FILE_PREFIX}{path}" for path in inside] or [name]
    if folder.is_dir() and not (folder / "config.json").exists():
        found = (path.parent for path in folder.glob("*/config.json"))
        inside = [path for path in found if not path.name.startswith(".")]
        if not inside:
            under_way = next(folder.glob(f".*{UNFINISHED}"), None)
            raise InputError(
                f"{folder} holds no encoder: neither config.json nor folders that have one."
                + (f" A training is unfinished in {under_way}: --resume it." if under_way else "")
            )
        return [str(path) for path in sorted(inside, key=_by_numbers)]
    return [name]


def announced() -> dict[str, str]:
    """Return the encoders that installed packages announce, and where each is; imports none."""
    return _announced(tuple(sys.path))


@lru_cache(maxsize=1)
def _announced(_searched: tuple[str, ...]) -> dict[str, str]:
    return {
        point.name: f"{release(point)}, {point.value}"
        for point in sorted(importlib.metadata.entry_points(group=PLUGINS))
    }


def release(point: importlib.metadata.EntryPoint) -> str:
    """Return the name and version of the package that an entry point is of."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def family_of(name: str) -> str:
    """Return the family of a weak encoder: the folder it lies in, beside its kin."""
    if name in shipped_encoders():
        return SHIPPED
    if random_bert.is_random(name):
        return random_bert.random_family(name)
    if name.startswith(adapted.PREFIX):
        return adapted.PREFIX.removesuffix(":")
    if name.startswith(FILE_PREFIX) or Path(name).is_dir():
        return Path(name.removeprefix(FILE_PREFIX)).expanduser().resolve().parent.name
    return name
