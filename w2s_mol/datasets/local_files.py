"""Which files here a dataset is read from, told without reading one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from w2s_mol.datasets.named import BUILTIN, FETCHED, SETS, builtin_path
from w2s_mol.datasets.sources import SourceFile, get_source, local_path


def source_files(name: str, split_files: Sequence[str | Path] = ()) -> list[Path] | None:
    """Return the files that ``load_dataset`` would read, without reading or fetching one.

    Parameters
    ----------
    name
        A dataset's name, or the path of a table.
    split_files
        Those of a table of one's own.

    Returns
    -------
    list of Path
        None if one of them is not here, or not of the size that it should have.

    Examples
    --------
    >>> [path.name for path in source_files("computed-logp")]
    ['computed-logp.csv']
    """
    if name in FETCHED:
        fetched = get_source(name).files
        return [local_path(f) for f in fetched] if all(map(_has_arrived, fetched)) else None
    own = [Path(name), *map(Path, split_files)]
    here = [builtin_path()] if name == BUILTIN else own
    return here if name not in SETS and all(path.is_file() for path in here) else None


def _has_arrived(file: SourceFile) -> bool:
    path = local_path(file)
    return path.is_file() and file.size in (None, path.stat().st_size)
