"""What is kept under ``W2S_MOL_HOME``, how large it is and when it was used; removing of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from w2s_mol import files, kept, paths
from w2s_mol.crews.goods import CARRIED
from w2s_mol.datasets.sources import SOURCES, local_path
from w2s_mol.encoders.adapted import adapted_encoders
from w2s_mol.errors import InputError, unknown_name

_DAY = 24 * 3600.0
_KEY = re.compile("[0-9a-f]{64}")
_LOCK = re.compile(r"\.[0-9a-f]{64}\.lock")
_FAULTS = re.compile(r".*-[0-9a-f]{8}\.tsv")
_EARLIER = re.compile(
    r"embeddings/[0-9a-f]{2}/[0-9a-f]{64}\.(safetensors|lock)"
    r"|representations/[0-9a-f]{64}\.(safetensors|lock)"
    r"|random/[0-9a-f]{16}/random-[hls0-9-]+"
    r"|encoders/molbert-[0-9a-f]{16}"
    r"|corpora/[0-9a-f]{32}"
)


@dataclass(frozen=True)
class Item:
    """An entry of the store, or a file that is kept by its name.

    Attributes
    ----------
    path
        A folder or a file.
    size
        In bytes.
    used
        When it was used last, in seconds since 1970: entries note it whenever they are read; of
        all else it is when it was written.
    """

    path: Path
    size: int
    used: float


@dataclass(frozen=True)
class Removed:
    """What was removed of a kind, or would be.

    Attributes
    ----------
    entries, size
        How many, and their bytes.
    held
        How many were left because a process holds them.
    """

    entries: int = 0
    size: int = 0
    held: int = 0


def kinds() -> dict[str, str]:
    """Return every kind of what is kept, in words."""
    return {**kept.KINDS, **{name: what for name, (what, _) in _BY_NAME.items()}}


def items(kind: str) -> list[Item]:
    """Return what is kept of a kind; what this program did not write is not among it.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    if kind not in kinds():
        raise unknown_name("kind", kind, kinds())
    found = _BY_NAME[kind][1]() if kind in _BY_NAME else _entries(kind)
    return [item for path in sorted(found) if (item := _item(path))]


def remove(
    names: Sequence[str] = (),
    older_than: float | None = None,
    everything: bool = False,
    dry_run: bool = False,
    *,
    now: float,
) -> dict[str, Removed]:
    """Remove what is kept, but for what a process holds; it is made or fetched anew when needed.

    Parameters
    ----------
    names
        Of kinds; none for all.
    older_than
        Days: what was used since is left.
    everything
        To be said where neither ``names`` nor ``older_than`` limits what goes.
    dry_run
        Remove nothing, tell what would go.
    now
        In seconds since 1970.

    Raises
    ------
    InputError
        If nothing says what, or there is no such kind, or it cannot be removed.
    """
    if not names and older_than is None and not everything:
        raise InputError(
            "nothing says what to remove. Give --kind, --older-than DAYS or --all; --dry-run shows "
            "what would go."
        )
    if older_than is not None and not older_than >= 0:  # not a number is not
        raise InputError(f"older than {older_than} days: it should be 0 or more.")
    before = math.inf if older_than is None else now - older_than * _DAY
    found = {kind: items(kind) for kind in dict.fromkeys(names or kinds())}
    removed = {kind: _remove(of_kind, before, dry_run) for kind, of_kind in found.items()}
    if not dry_run:
        _tidy()
    return removed


def _remove(of_kind: list[Item], before: float, dry_run: bool) -> Removed:
    entries = size = held = 0
    for item in of_kind:
        if item.used > before:
            continue
        with files.claimed(kept.lock_of(item.path), item.path) as mine:
            found = _item(item.path) if mine else None
            if found and found.used <= before:  # no one used it since it was listed
                if not dry_run:
                    files.discard(item.path)
                entries, size = entries + 1, size + found.size
        held += not mine
    return Removed(entries, size, held)


def _tidy() -> None:
    """Remove what killed processes left: half-written entries, and locks that no one holds."""
    for kind in kept.KINDS:
        for folder in (paths.home() / kind).glob("*"):
            files.sweep(folder)
            for lock in filter(_is_lock, folder.glob(".*.lock")):
                with files.claimed(lock, folder):
                    pass


def _is_lock(path: Path) -> bool:
    return _LOCK.fullmatch(path.name) is not None


def _entries(kind: str) -> Iterator[Path]:
    for path in (paths.home() / kind).glob("*/*"):
        if _KEY.fullmatch(path.name) and path.parent.name == path.name[:2] and path.is_dir():
            yield path


def _downloads() -> Iterator[Path]:
    """Yield fetched files, whole and in part; the hash that one had first is kept for good."""
    for source in SOURCES.values():
        for file in source.files:
            target = local_path(file)
            yield from filter(Path.is_file, (target, target.with_name(f"{target.name}.part")))


def _faults() -> Iterator[Path]:
    found = (paths.home() / "faults").glob("*.tsv")
    return (path for path in found if _FAULTS.fullmatch(path.name))


def _hashes() -> Iterator[Path]:
    found = (paths.home() / "hashes").glob("*.json")
    return (path for path in found if _KEY.fullmatch(path.stem))


def _adapted() -> Iterator[Path]:
    yield from adapted_encoders().values()


def _earlier() -> Iterator[Path]:
    home = paths.home()
    found = (path for kind in kept.KINDS for path in _two_deep(home / kind))
    return (path for path in found if _EARLIER.fullmatch(path.relative_to(home).as_posix()))


def _two_deep(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*")
    yield from folder.glob("*/*")


def _carried() -> Iterator[Path]:
    folder = paths.home() / CARRIED
    yield from folder.glob("*") if folder.is_dir() else ()


_BY_NAME: dict[str, tuple[str, Callable[[], Iterator[Path]]]] = {
    "downloads": ("files fetched", _downloads),
    "faults": ("lists of rows that could not be used", _faults),
    "hashes": ("hashes of files, by their size and times", _hashes),
    "adapted": ("encoders that 'w2s-mol adapt' made, by their names", _adapted),
    "carried": ("files that another machine sent for its tasks", _carried),
    "earlier": ("what versions up to 0.3.0 kept and this one does not read", _earlier),
}
"""What is not kept by content: in words, and how it is found."""


def _item(path: Path) -> Item | None:
    """Return what is at a path; None if it went meanwhile."""
    try:
        seal = path / kept.SEAL
        used = (seal if seal.is_file() else path).stat().st_mtime
        inside = path.rglob("*") if path.is_dir() else [path]
        return Item(path, sum(p.stat().st_size for p in inside if p.is_file()), used)
    except OSError:
        return None
