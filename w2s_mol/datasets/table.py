"""Reading a user's table row by row, with the place of every row at hand for messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from w2s_mol import compressed
from w2s_mol.datasets.faults import Fault
from w2s_mol.datasets.formats import Form, table_form
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.molecules.limits import MAX_ATOMS


class Row(NamedTuple):
    """One row of a table.

    Attributes
    ----------
    place
        Where it stands: see ``Table.word``.
    fields
        As many as the header has, unless ``fault`` says otherwise.
    fault
        What is wrong with the row itself, whatever its fields hold.
    """

    place: int
    fields: list[str]
    fault: Fault | None = None


@dataclass(frozen=True)
class Table:
    """An open table.

    Attributes
    ----------
    name
        The file's name, for messages.
    header
        Names of the columns.
    rows
        Yields the rows, once.
    word
        What the place of a row is: the ``line`` it begins on (the header's is 1), the ``row`` of a
        sheet or of Parquet, the ``record`` of an SD file, the last two counted from 1.
    hint
        What else could be wrong where a column is not found.
    """

    name: str
    header: list[str]
    rows: Iterator[Row]
    word: str = "line"
    hint: str = ""

    def has(self, name: str) -> bool:
        """Say whether there is a column of a name, in any case."""
        return name.lower() in {other.lower() for other in self.header}

    def column(self, name: str, hint: str = "") -> int:
        """Return the place of a column; a sole match that differs in case will do.

        Where there is none, ``hint`` says how another is named.

        Raises
        ------
        InputError
            If there is none, naming those there are.
        """
        if self.header.count(name) > 1:
            raise InputError(f"{self.name} has several columns {name!r}. Rename all but one.")
        if name in self.header:
            return self.header.index(name)
        alike = [i for i, other in enumerate(self.header) if other.lower() == name.lower()]
        if len(alike) == 1:
            return alike[0]
        raise unknown_name(f"column in {self.name}:", name, self.header, self.hint or hint)


def refuse_missing(path: Path) -> None:
    """Raise InputError if there is no file where a table should be."""
    if not path.is_file():
        raise InputError(f"table {path} is not a file. Give a CSV with a header line.")


@contextmanager
def open_table(
    path: Path, delimiter: str | None = None, max_atoms: int = MAX_ATOMS
) -> Iterator[Table]:
    """Open a table with a header.

    Parameters
    ----------
    path
        ``.csv``, ``.tsv``, ``.tab``, ``.txt`` and ``.smi`` (which has no header: its columns are
        ``smiles``, ``name``, ...), ``.sdf``, each plain or ``.gz``, ``.bz2``, ``.xz``, ``.zst``;
        ``.parquet``; ``.xlsx`` (the first sheet).
    delimiter
        Of a text table: one character, or comma, semicolon, tab or blank. By default found in
        the header and the first rows.
    max_atoms
        Molecules of more atoms are not written as SMILES; of SD files alone.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged, or of a kind that is not read.
    """
    refuse_missing(path)
    form = table_form(path)
    if delimiter is not None and form not in ("text", "smi"):
        raise InputError(f"{path.name} has no delimiter, but {delimiter!r} is given. Leave it out.")
    try:
        with _OPENERS[form](path, delimiter, max_atoms) as table:
            yield table
    except compressed.READ_ERRORS as error:
        raise InputError(f"cannot read {path}: {error}") from error


def _text(path: Path, delimiter: str | None, _: int) -> AbstractContextManager[Table]:
    from w2s_mol.datasets.text_table import open_text_table

    return open_text_table(path, delimiter)


def _smi(path: Path, delimiter: str | None, _: int) -> AbstractContextManager[Table]:
    from w2s_mol.datasets.text_table import open_smi

    return open_smi(path, delimiter)


def _parquet(path: Path, _delimiter: str | None, _: int) -> AbstractContextManager[Table]:
    from w2s_mol.datasets.typed_table import open_parquet

    return open_parquet(path)


def _sdf(path: Path, _: str | None, max_atoms: int) -> AbstractContextManager[Table]:
    from w2s_mol.datasets.sdf_table import open_sdf

    return open_sdf(path, max_atoms)


def _xlsx(path: Path, _delimiter: str | None, _: int) -> AbstractContextManager[Table]:
    from w2s_mol.datasets.typed_table import open_xlsx

    return open_xlsx(path)


_Opener = Callable[[Path, str | None, int], AbstractContextManager[Table]]
_OPENERS: dict[Form, _Opener] = {
    "text": _text,
    "smi": _smi,
    "parquet": _parquet,
    "sdf": _sdf,
    "xlsx": _xlsx,
}
