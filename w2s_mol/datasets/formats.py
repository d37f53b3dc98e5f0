"""What kind of file a table is, by its suffix; and what it is not, by its first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from w2s_mol import compressed
from w2s_mol.errors import InputError

Form = Literal["text", "smi", "parquet", "sdf", "xlsx"]

_FORMS: dict[str, Form] = {
    ".csv": "text",
    ".tsv": "text",
    ".tab": "text",
    ".txt": "text",
    ".smi": "smi",
    ".smiles": "smi",
    ".parquet": "parquet",
    ".sdf": "sdf",
    ".xlsx": "xlsx",
}
_READ_COMPRESSED = {"text", "smi", "sdf"}
_OTHERS = {
    ".xls": "an Excel workbook of before 2007",
    ".xlsm": "an Excel workbook with macros",
    ".xlsb": "a binary Excel workbook",
    ".ods": "a LibreOffice sheet",
    ".feather": "a Feather file",
    ".arrow": "an Arrow file",
    ".json": "JSON",
    ".jsonl": "JSON lines",
    ".pkl": "a pickle, which can run code when it is read",
    ".pickle": "a pickle, which can run code when it is read",
    ".h5": "an HDF5 file",
    ".hdf5": "an HDF5 file",
    ".db": "a database",
    ".sqlite": "a database",
    ".zip": "an archive",
    ".tar": "an archive",
    ".mol": "a single molecule",
    ".mol2": "a Mol2 file",
    ".pdb": "a PDB file",
    ".rds": "an R file",
}
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "a Parquet file", "Name it .parquet."),
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Name a workbook .xlsx; unpack a zip."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save it as .xlsx or .csv."),
    (b"SQLite format 3\0", "an SQLite database", "Export the table as CSV."),
    (b"\x89HDF", "an HDF5 file", "Save the table as CSV or Parquet."),
    (b"ARROW1", "an Arrow or Feather file", "Save it as Parquet."),
    (b"\x1f\x8b", "a file compressed with gzip", "Let its name end with .gz."),
    (b"BZh", "a file compressed with bzip2", "Let its name end with .bz2."),
    (b"\xfd7zXZ", "a file compressed with xz", "Let its name end with .xz."),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd", "Let its name end with .zst."),
    (b"%PDF", "a PDF document", "Save the table as CSV."),
    (b"\x80\x02", "a pickle", "Save the table as CSV or Parquet."),
    (b"\x80\x03", "a pickle", "Save the table as CSV or Parquet."),
    (b"\x80\x04", "a pickle", "Save the table as CSV or Parquet."),
    (b"\x80\x05", "a pickle", "Save the table as CSV or Parquet."),
)
_TEXT_CONTROLS = b"\t\n\r\f\x1a"


def table_form(path: Path) -> Form:
    """Return what kind of table a file is, by its name.

    Raises
    ------
    InputError
        If it is none that is read, saying what to make of it.
    """
    suffix = compressed.plain(path).suffix.lower()
    form = _FORMS.get(suffix)
    if form is None:
        kind = f" is {_OTHERS[suffix]}" if suffix in _OTHERS else f" has the suffix {suffix!r}"
        raise InputError(
            f"{path.name}{kind if suffix else ' has no suffix'}, which is not read. Save the table "
            f"as CSV or Parquet; read are {', '.join(_FORMS)}."
        )
    if path != compressed.plain(path) and form not in _READ_COMPRESSED:
        raise InputError(f"{path.name} is compressed. Decompress it: {suffix} is read as it is.")
    return form


def looks_like_a_table(path: Path) -> bool:
    """Say whether a name is that of a table, whether it can be read or not."""
    return compressed.plain(path).suffix.lower() in {*_FORMS, *_OTHERS}


def dataset_name(path: Path) -> str:
    """Return what a table's dataset is called: its name without suffixes."""
    return compressed.plain(path).stem


def refuse_binary(name: str, start: bytes) -> None:
    """Raise InputError if what should be text begins as a well-known kind of other file does."""
    for magic, kind, way_out in _MAGIC:
        if start.startswith(magic):
            raise InputError(f"{name} is not text but {kind}. {way_out}")


def is_binary(start: bytes) -> bool:
    """Say whether what could not be read as text holds bytes that no encoding of text holds."""
    return any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in start)
