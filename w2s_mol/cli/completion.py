"""What a shell offers for a name that is typed: encoders, datasets, finished runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

_RUNS = Path("runs")
_TABLES = (".csv", ".tsv", ".smi", ".sdf", ".parquet", ".xlsx")


def encoders(incomplete: str) -> list[str]:
    """Return the encoders that can be named, and the folders of encoders here, so begun."""
    from w2s_mol.encoders.names import all_names

    here = (folder.name for folder in _folders(Path()) if _holds(folder, "config.json"))
    return _begun([*all_names(), *here], incomplete)


def datasets(incomplete: str) -> list[str]:
    """Return the datasets that have names, and the tables here, so begun."""
    from w2s_mol.datasets.named import all_names

    here = (path.name for path in sorted(Path().iterdir()) if path.suffix in _TABLES)
    return _begun([*all_names(), *here], incomplete)


def sources(incomplete: str) -> list[str]:
    """Return what can be fetched, so begun."""
    from w2s_mol.datasets.named import SETS
    from w2s_mol.datasets.sources import SOURCES

    return _begun([*SOURCES, *SETS], incomplete)


def runs(incomplete: str) -> list[str]:
    """Return the run folders, and folders of such, in ``runs`` and here, so begun."""
    folders = [*_folders(_RUNS), *(one for one in _folders(Path()) if one != _RUNS)]
    found = [str(folder) for folder in folders if _holds(folder, "manifest.json")]
    return _begun(found, incomplete)


COMPLETIONS: dict[str, Callable[[str], list[str]]] = {
    "encoders": encoders,
    "datasets": datasets,
    "runs": runs,
}
"""By what an option says that its text is, ``Option.completes``."""


def _begun(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def _folders(where: Path) -> list[Path]:
    if not where.is_dir():
        return []
    return sorted(one for one in where.iterdir() if one.is_dir() and one.name[0] != ".")


def _holds(folder: Path, name: str) -> bool:
    """Say whether a file is in a folder, or in a folder in it."""
    return (folder / name).is_file() or next(folder.glob(f"*/{name}"), None) is not None
