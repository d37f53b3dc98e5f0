"""Encoders adapted to a task: trained on its molecules without their labels.

Where they are kept, which molecules each has seen, and the mark on the name of one that has seen
molecules on which it is measured. Nothing is loaded for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from w2s_mol import files, paths
from w2s_mol.encoders.folder import METADATA, folder_metadata
from w2s_mol.errors import InputError, first_line, unknown_name

PREFIX = "adapted:"
"""What begins the name of an encoder that ``w2s-mol adapt`` made and nobody put elsewhere."""

MARK = " (transductive)"
"""What the name of an encoder ends with that was to see test molecules, wherever it is named."""

ADAPTED = "adapted"
"""In the metadata: what an encoder was adapted from and on. Any other encoder has no such entry."""

SEEN = "seen.parquet"
"""The file in an encoder's folder that lists the molecules it was adapted on.

It is part of the encoder's content: to leave it out, or to change it, makes another encoder.
"""

_TRANSDUCTIVE, _RDKIT = b"transductive", b"rdkit"
_YES, _NO = b"yes", b"no"


@dataclass(frozen=True)
class Seen:
    """What an encoder was adapted on.

    Attributes
    ----------
    transductive
        Whether it was to see test molecules too.
    molecules
        Their canonical SMILES without stereo and isotopes.
    """

    transductive: bool
    molecules: frozenset[str]


def store() -> Path:
    """Return the folder of adapted encoders."""
    return paths.home() / "adapted"


def adapted_encoders() -> dict[str, Path]:
    """Return the adapted encoders that are kept: their names and folders."""
    found = (path.parent for path in store().glob("*/config.json"))
    return {f"{PREFIX}{f.name}": f for f in sorted(found) if not f.name.startswith(".")}


def adapted_folder(name: str) -> Path:
    """Return the folder of an adapted encoder.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    known = adapted_encoders()
    if name in known:
        return known[name]
    way_out = "Make one with 'w2s-mol adapt ENCODER --dataset NAME'."
    if not known:
        raise InputError(f"{name}: no adapted encoder is kept in {store()}. {way_out}")
    raise unknown_name("adapted encoder", name, known, way_out)


def marked(name: str, folder: Path) -> str:
    """Return what results call an encoder: its name, with the mark if its folder says so.

    Raises
    ------
    InputError
        If the folder should say it, and cannot be read.
    """
    path = _list_of(folder)
    is_marked = path is not None and _is_transductive(path)
    return f"{name}{MARK}" if is_marked and not name.endswith(MARK) else name


def is_marked(name: str) -> bool:
    """Say whether a name has the mark."""
    return name.endswith(MARK)


def seen_by(folder: Path) -> Seen | None:
    """Return what the encoder in a folder was adapted on, None for one that was not adapted.

    Raises
    ------
    InputError
        If its list is lost or cannot be read.
    """
    path = _list_of(folder)
    if path is None:
        return None
    import pyarrow.parquet as pq
    from rdkit import rdBase

    from w2s_mol.molecules.smiles import skeletons_of

    transductive = _is_transductive(path)
    try:
        table = pq.read_table(path)
        molecules = table.column("molecule").to_pylist()
        made_with = table.schema.metadata[_RDKIT].decode()
    except Exception as error:  # of pyarrow's many kinds
        raise _unreadable(path, error) from error
    if made_with != rdBase.rdkitVersion:
        molecules = skeletons_of(molecules)
    return Seen(transductive, frozenset(molecules))


def write_seen(folder: Path, seen: Seen) -> None:
    """Write what an encoder was adapted on into its folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from rdkit import rdBase

    said = {
        _TRANSDUCTIVE: _YES if seen.transductive else _NO,
        _RDKIT: rdBase.rdkitVersion.encode(),
    }
    schema = pa.schema([pa.field("molecule", pa.string())], metadata=said)
    table = pa.table({"molecule": sorted(seen.molecules)}, schema=schema)
    with files.atomic_path(folder / SEEN) as path:
        pq.write_table(table, path, compression="zstd")


def together(several: Iterable[Seen | None]) -> Seen:
    """Return what an encoder has seen that was adapted several times."""
    each = [seen for seen in several if seen]
    return Seen(
        any(seen.transductive for seen in each),
        frozenset().union(*(seen.molecules for seen in each)),
    )


def _list_of(folder: Path) -> Path | None:
    path = folder / SEEN
    if path.is_file():
        return path
    if ADAPTED in folder_metadata(folder):
        raise InputError(
            f"{path} is missing, which lists the molecules that the encoder was adapted on, as "
            f"{METADATA} says. Restore it, or adapt the encoder again."
        )
    return None


def _is_transductive(path: Path) -> bool:
    import pyarrow.parquet as pq

    try:
        said = pq.read_schema(path).metadata[_TRANSDUCTIVE]
    except Exception as error:  # of pyarrow's many kinds, TypeError and KeyError
        raise _unreadable(path, error) from error
    return bool(said != _NO)


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"cannot read {path}, which lists the molecules that the encoder was adapted on: "
        f"{first_line(error)} Restore it, or adapt the encoder again."
    )
