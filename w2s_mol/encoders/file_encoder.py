"""Embeddings that were made elsewhere, as an encoder: any model can join a study by a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_mol.encoders.adapted import MARK, is_marked
from w2s_mol.encoders.contract import Computed, Encoder
from w2s_mol.encoders.embeddings_file import EmbeddingsFile, read_embeddings
from w2s_mol.errors import InputError, ItemError, shortened
from w2s_mol.items.contract import Items, ItemsName
from w2s_mol.items.molecules import Molecules
from w2s_mol.progress import Progress

_AMBIGUOUS = -1
_MOLECULES = Molecules()


class FileEncoder(Encoder):
    """Looks vectors up in a Parquet file of them.

    An item is found by its text or, where the file does not hold that text, by its key (RDKit's
    canonical SMILES); not where other spellings of it have different vectors. The fingerprint is
    that of the content: the items, which of them are valid, and the vectors.

    Parameters
    ----------
    path
        As ``w2s-mol embed`` writes it: columns ``smiles`` (or ``text``), ``embedding`` and, if
        there is one, ``valid``.
    items
        What its rows are.

    Raises
    ------
    InputError
        If it cannot be read, or gives one item two vectors.
    """

    poolings = ("file",)
    reads: frozenset[ItemsName] = frozenset({"molecules", "texts"})

    def __init__(self, path: Path, items: Items = _MOLECULES) -> None:
        self.items = items
        self.name = path.stem
        self._file_name = path.name
        found = read_embeddings(path, items.column)
        if is_marked(found.made_by.get("encoder", "")):
            self.name += MARK
        self._embeddings = found.vectors
        self._finite = np.asarray(np.isfinite(found.vectors).all(axis=1))
        self._marked = found.marked
        self.metadata: dict[str, Any] = {"file": path.name, **found.made_by}
        self._rows = self._by_text(path, found)
        self.fingerprint = _fingerprint(found, self._finite)

    def dimension(self, pooling: str) -> int:
        """Return the length of the file's vectors."""
        return int(self._embeddings.shape[1])

    def _prepare(self, smiles: str) -> int:
        row = self._rows.get(smiles)
        if row is None:
            row = self._by_key.get(self.items.key(smiles))
        if row is None:
            raise ItemError("not in the file of embeddings")
        if row == _AMBIGUOUS:
            raise ItemError(
                "not in the file of embeddings as it is written here, and its spellings there have "
                "different vectors"
            )
        if not self._marked[row]:
            raise ItemError("marked as invalid in the file of embeddings")
        if not self._finite[row]:
            raise ItemError("its vector in the file of embeddings is missing or not finite")
        return row

    def _compute(self, prepared: Sequence[Any], pooling: str, progress: Progress) -> Computed:
        return Computed(self._embeddings[np.array(prepared, dtype=np.int64)])

    def _is_usable(self, row: int) -> bool:
        return bool(self._marked[row] and self._finite[row])

    def _same(self, one: int, other: int) -> bool:
        return bool(np.array_equal(self._embeddings[one], self._embeddings[other]))

    def _by_text(self, path: Path, found: EmbeddingsFile) -> dict[str, int]:
        """Return the row of each item; of several rows the first that has a vector."""
        rows: dict[str, int] = {}
        items = self.items.unlimited
        for row, cell in enumerate(found.cells):
            try:
                text = items.item(cell)
            except ItemError:
                continue  # no encoder is ever asked for it
            before = rows.get(text)
            if before is None or not self._is_usable(before):
                rows[text] = row if before is None or self._is_usable(row) else before
            elif self._is_usable(row) and not self._same(before, row):
                raise InputError(
                    f"{path}: rows {before + 1:,} and {row + 1:,} give {shortened(text)} two "
                    "different vectors. It should have one; remove the wrong row."
                )
        return rows

    @cached_property
    def _by_key(self) -> dict[str, int]:
        """Return the row of each item by its key; made when one is first asked for in vain."""
        rows: dict[str, int] = {}
        for text, row in self._rows.items():
            if not self._is_usable(row):
                continue
            try:
                key = self.items.key(text)
            except ItemError:
                continue
            before = rows.setdefault(key, row)
            if before == _AMBIGUOUS or not self._same(before, row):
                rows[key] = _AMBIGUOUS
        return rows


def open_file(name: str, items: Items = _MOLECULES) -> FileEncoder:
    """Return the encoder of a file, whose path stands after ``file:``.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    if not name:
        raise InputError("'file:' names no file. Give file:EMBEDDINGS.parquet.")
    return FileEncoder(Path(name).expanduser(), items)


def _fingerprint(found: EmbeddingsFile, finite: NDArray[np.bool_]) -> str:
    valid = found.marked & finite
    digest = hashlib.sha256(json.dumps([found.cells, found.vectors.shape]).encode())
    digest.update(valid.tobytes())
    for start in range(0, len(valid), 8_192):  # parts, for a copy of all would double the memory
        part = slice(start, start + 8_192)
        digest.update(np.where(valid[part, None], found.vectors[part], 0).tobytes())
    return f"file:1:{digest.hexdigest()}"
