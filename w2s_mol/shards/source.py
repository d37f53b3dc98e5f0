"""The table that shards are cut from: a file, or a folder of files that are read as one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_mol import file_hashes
from w2s_mol.datasets.formats import looks_like_a_table
from w2s_mol.datasets.table import refuse_missing
from w2s_mol.embeddings.library import Library, LibraryRow, examples_of
from w2s_mol.errors import InputError
from w2s_mol.shards.contract import Shard


@dataclass(frozen=True)
class Piece:
    """A file of a source: its name, how many rows it has, and the hash of its content."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """Tables that are read one after the other.

    Attributes
    ----------
    libraries
        In the order of their names; all are read alike.
    """

    libraries: tuple[Library, ...]

    @classmethod
    def at(cls, path: Path, **reading: Any) -> Source:
        """Return the tables at a path: it, or all that a folder holds.

        Parameters
        ----------
        path
            A table, or a folder of tables; other files in it, and what begins with a dot or an
            underscore, are none.
        reading
            As in ``Library``.

        Raises
        ------
        InputError
            If a folder holds no table.
        """
        if not path.is_dir():
            return cls((Library(path, **reading),))
        inside = [
            file
            for file in sorted(path.iterdir())
            if file.is_file() and not file.name.startswith((".", "_")) and looks_like_a_table(file)
        ]
        if not inside:
            raise InputError(
                f"{path} holds no table. It should hold files in CSV, TSV, .smi, SDF, Parquet or "
                ".xlsx."
            )
        return cls(tuple(Library(file, **reading) for file in inside))

    @property
    def reading(self) -> dict[str, Any]:
        """Return how the tables are read, as JSON."""
        one = self.libraries[0]
        return {"column": one.item_column, "delimiter": one.delimiter}

    def hashes(self) -> list[str]:
        """Return the hash of each file.

        Raises
        ------
        InputError
            If one cannot be read.
        """
        files = [library.path for library in self.libraries]
        for file in files:
            refuse_missing(file)
        try:
            found = file_hashes.known(files)
        except OSError as error:
            raise InputError(f"cannot read {error.filename}: {error.strerror}.") from error
        return [found[file] for file in files]

    def pieces(self, columns: Sequence[str]) -> list[Piece]:
        """Return what the files are, each read once from end to end.

        Raises
        ------
        InputError
            As ``Library.checked_total``, for any of them.
        """
        return [
            Piece(library.path.name, library.checked_total(columns), sha256)
            for library, sha256 in zip(self.libraries, self.hashes(), strict=True)
        ]

    def shards(
        self, pieces: Sequence[Piece], size: int, wanted: Iterable[int], columns: Sequence[str]
    ) -> Iterator[Shard]:
        """Yield some shards in the order of their numbers; files without any are not opened.

        Parameters
        ----------
        pieces
            As ``pieces`` returned them.
        size
            Rows of a shard; the last has what is left.
        wanted
            Numbers of shards in order; each is asked for when the one before is taken.
        columns
            Names of columns of numbers.

        Raises
        ------
        InputError
            If a file has fewer rows now.
        """
        total = sum(piece.rows for piece in pieces)
        with closing(_Cursor(self.libraries, pieces, columns)) as cursor:
            for number in wanted:
                first, last = number * size, min(total, (number + 1) * size)
                yield Shard(number, first, examples_of(cursor.take(first, last), columns))


class _Cursor:
    """A place in tables that are read one after the other; it only moves on."""

    def __init__(
        self, libraries: Sequence[Library], pieces: Sequence[Piece], columns: Sequence[str]
    ) -> None:
        self._libraries, self._columns = libraries, columns
        self._pieces = pieces
        self._ends = list(itertools.accumulate(piece.rows for piece in pieces))
        self._number, self._open = -1, ExitStack()
        self._rows: Iterator[LibraryRow] = iter(())
        self._at = 0

    def take(self, first: int, last: int) -> list[LibraryRow]:
        """Return the rows of all tables from one place to another."""
        found: list[LibraryRow] = []
        for number, end in enumerate(self._ends):
            start = max(first, end - self._pieces[number].rows)
            stop = min(last, end)
            if start < stop:
                found += self._of_file(number, start, stop)
        return found

    def _of_file(self, number: int, start: int, stop: int) -> list[LibraryRow]:
        if number != self._number:
            self.close()
            self._number = number
            self._rows = self._open.enter_context(self._libraries[number].rows(self._columns))
            self._at = self._ends[number] - self._pieces[number].rows
        found = list(itertools.islice(self._rows, start - self._at, stop - self._at))
        if len(found) < stop - start:
            raise InputError(
                f"{self._pieces[number].name} was changed while it was read. Run the same command "
                "again."
            )
        self._at = stop
        return found

    def close(self) -> None:
        """Close the table that is open."""
        self._open.close()
