"""The features of a dataset's molecules: a matrix on disk, block by block, computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from w2s_mol import kept
from w2s_mol.claims import share
from w2s_mol.embeddings import store
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.errors import InputError
from w2s_mol.heads.head import Head
from w2s_mol.heads.matrix import Features, InMemory, Matrix, Rows, SomeRows, gathered
from w2s_mol.kept import Copy, Entry
from w2s_mol.models.model import Input, Model, model_of
from w2s_mol.progress import Progress, silent

_SMALL = 1 << 26
"""Bytes of features that are read into memory as a whole: reading them thrice costs more."""
_FEWEST = 2


@dataclass(frozen=True)
class _Block:
    """One block: where it is kept, or its embeddings where they cannot be; and its range."""

    entry: Entry
    valid: NDArray[np.bool_]
    reasons: tuple[str, ...]
    low: Features
    high: Features
    held: Features | None

    @classmethod
    def of(cls, entry: Entry, found: Embeddings) -> _Block:
        vectors = found.embeddings[found.valid]
        none = np.full(found.embeddings.shape[1], np.nan, dtype=np.float32)
        low, high = (vectors.min(axis=0), vectors.max(axis=0)) if len(vectors) else (none, none)
        held = None if found.lasting else found.embeddings
        return cls(entry, found.valid, found.reasons, low, high, held)

    def features(self) -> Features:
        return store.read_features(self.entry) if self.held is None else self.held


def _known(entry: Entry) -> _Block | None:
    """Return a block that is kept whole."""
    sha256 = store.whole_block(entry)
    return None if sha256 is None else _read(entry, sha256)


@lru_cache(maxsize=1024)  # the studies of a sweep ask for the same ones, which are small
def _read(entry: Entry, _sha256: str) -> _Block:
    return _Block.of(entry, store.read_block(entry))


@dataclass(frozen=True)
class StoredFeatures:
    """Embeddings of ``n`` molecules on disk, a ``Matrix``; rows of NaN where there is none."""

    blocks_: tuple[_Block, ...]
    size: int

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n, d)."""
        return self.size, len(self.blocks_[0].low)

    @property
    def reasons(self) -> list[str]:
        """Say for each molecule why it has none, or an empty text."""
        return [reason for block in self.blocks_ for reason in block.reasons]

    @property
    def constant(self) -> bool:
        """Say whether several molecules have a vector, and all the same one."""
        low = np.fmin.reduce([block.low for block in self.blocks_])
        high = np.fmax.reduce([block.high for block in self.blocks_])
        several = sum(int(block.valid.sum()) for block in self.blocks_) >= _FEWEST
        return several and bool((low == high).all())

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Features]]:
        """Yield them in the order of the blocks."""
        of_block = rows // store.BLOCK
        for number, block in enumerate(self.blocks_):
            places = np.flatnonzero(of_block == number)
            if len(places):
                yield places, block.features()[rows[places] - number * store.BLOCK]


class Encoded:
    """An encoder and the pooling of its vectors; what it makes of molecules is kept."""

    def __init__(
        self, encoder: EncoderRef, pooling: str | None = None, address: str | None = None
    ) -> None:
        self.encoder = encoder
        self._address = address
        self.pooling = encoder.resolve_pooling(pooling if encoder.hidden else None)
        self._stored: dict[tuple[str, ...], StoredFeatures] = {}
        self._begun: dict[tuple[str, ...], dict[int, _Block]] = {}
        self._among: dict[tuple[str, ...], tuple[tuple[str, ...], Rows]] = {}

    def among(self, smiles: Sequence[str], whole: Sequence[str], places: Rows) -> None:
        """Let some molecules be read as rows of a larger table: that is what is kept."""
        self._among[tuple(smiles)] = tuple(whole), places

    def read(self, smiles: Sequence[str]) -> list[str]:
        """Say of each molecule why it has no vector, or an empty text, without computing one."""
        smiles, places = self._whole(smiles)
        reasons = self._read(smiles)
        return reasons if places is None else [reasons[place] for place in places]

    def _read(self, smiles: Sequence[str]) -> list[str]:
        starts = _starts(smiles)
        opened = lru_cache(maxsize=1)(self.encoder.open)
        reasons: list[str] = []
        for start in starts:
            block = smiles[start : start + store.BLOCK]
            known = _known(store.block_entry(self.encoder, block, self.pooling))
            reasons += opened().read(block).reasons if known is None else known.reasons
        return reasons

    def begin(self, tables: Sequence[Sequence[str]], progress: Progress = silent) -> None:
        """Compute what is not kept yet and no other process is at, without waiting for those.

        The weights are loaded once at most for the molecules of all tables, and let go.
        """
        opened = lru_cache(maxsize=1)(self.encoder.open)
        for smiles in dict.fromkeys(self._whole(table)[0] for table in tables):
            if smiles not in self._stored:
                self._computing(smiles, progress, opened).share(wait=False)

    def table(self, smiles: Sequence[str]) -> tuple[str, ...]:
        """Return the table that some molecules are read from."""
        return self._whole(smiles)[0]

    def starts(self, smiles: Sequence[str]) -> range:
        """Return the first rows of the blocks that some molecules, or their table, are cut into."""
        return _starts(self._whole(smiles)[0])

    def block(self, smiles: Sequence[str], start: int, progress: Progress = silent) -> list[Copy]:
        """Compute one of these blocks if it is not kept, and return a copy of it, if it is now."""
        table, _ = self._whole(smiles)
        computing = self._computing(table, progress, lambda: _opened_lately(self.encoder))
        return computing.copied(start)

    def prepare(self, smiles: Sequence[str], progress: Progress = silent) -> list[str]:
        """Compute what is not kept yet, and wait for what other processes are at.

        Returns
        -------
        list of str
            For each molecule why it has no vector, or an empty text.

        Raises
        ------
        InputError
            If all molecules get the same vector: there is nothing to learn from.
        """
        smiles, places = self._whole(smiles)
        found = self._of(smiles, progress)
        if found.constant and len(set(smiles)) >= _FEWEST:
            raise InputError(
                f"encoder {self.encoder.name} gives all {len(smiles):,} "
                f"{self.encoder.items.name} the same vector. "
                "Its weights or its tokenizer are not what they should be."
            )
        reasons = found.reasons
        return reasons if places is None else [reasons[place] for place in places]

    def features(self, smiles: Sequence[str]) -> Matrix:
        """Return the vectors of some molecules, shape (n, d), NaN where there is none."""
        smiles, places = self._whole(smiles)
        stored = self._of(smiles, silent)
        found: Matrix = stored if places is None else SomeRows(stored, places)
        n, d = found.shape
        small = 4 * n * d <= _SMALL
        return InMemory(gathered(found, np.arange(n))) if small else found

    def model(self, head: Head, task: str) -> Model | None:
        """Return what this encoder and a head of a task predict together, None if not kept."""
        return model_of((self.input,), head, task)

    @property
    def input(self) -> Input:
        """Return what a model reads molecules with."""
        return Input(self._address or self.encoder.address, self.encoder.fingerprint, self.pooling)

    def _whole(self, smiles: Sequence[str]) -> tuple[tuple[str, ...], Rows | None]:
        """Return the table that some molecules are read from, and their rows there."""
        table = tuple(smiles)
        return self._among.get(table, (table, None))

    def _of(self, smiles: tuple[str, ...], progress: Progress) -> StoredFeatures:
        if smiles not in self._stored:
            opened = lru_cache(maxsize=1)(self.encoder.open)
            blocks = self._computing(smiles, progress, opened).blocks()
            self._stored[smiles] = StoredFeatures(blocks, len(smiles))
            del self._begun[smiles]
        return self._stored[smiles]

    def _computing(
        self, smiles: tuple[str, ...], progress: Progress, opened: Callable[[], Encoder]
    ) -> _Computing:
        found = self._begun.setdefault(smiles, {})
        return _Computing(self.encoder, self.pooling, smiles, progress, opened, found)


@lru_cache(maxsize=1)
def _opened_lately(encoder: EncoderRef) -> Encoder:
    return encoder.open()


def _starts(smiles: Sequence[str]) -> range:
    return range(0, max(1, len(smiles)), store.BLOCK)


class _Computing:
    """The blocks of some molecules, those that are missing made.

    ``opened`` gives the encoder where one is missing; ``found`` holds those that are known: what
    cannot be kept on disk is there alone.
    """

    def __init__(
        self,
        encoder: EncoderRef,
        pooling: str,
        smiles: tuple[str, ...],
        progress: Progress,
        opened: Callable[[], Encoder],
        found: dict[int, _Block],
    ) -> None:
        self._ref, self._pooling, self._progress = encoder, pooling, progress
        self._opened, self._found = opened, found
        self._smiles = smiles
        self._starts = _starts(smiles)
        self._entries = {
            s: store.block_entry(encoder, self._block(s), pooling) for s in self._starts
        }

    def _block(self, start: int) -> tuple[str, ...]:
        return self._smiles[start : start + store.BLOCK]

    def share(self, *, wait: bool, starts: Iterable[int] | None = None) -> None:
        share(
            self._starts if starts is None else starts,
            lambda start: kept.claimed(self._entries[start]),
            self._is_done,
            self._make,
            f"the embeddings of {self._ref.name}",
            self._progress,
            wait=wait,
        )

    def copied(self, start: int) -> list[Copy]:
        self.share(wait=True, starts=[start])
        return kept.copied(self._entries[start])

    def blocks(self) -> tuple[_Block, ...]:
        self.share(wait=True)
        return tuple(self._found[start] for start in self._starts)

    def _is_done(self, start: int) -> bool:
        if start in self._found:
            return True
        found = _known(self._entries[start])
        if found is None:
            return False
        self._found[start] = found
        self._tell(start + len(found.valid))
        return True

    def _make(self, start: int) -> None:
        encoder = self._opened()

        def embedding(_work: str, done: int, _total: int | None) -> None:
            self._tell(start + done)

        entry = self._entries[start]
        made = store.make_block(entry, encoder, self._block(start), self._pooling, embedding)
        self._found[start] = _Block.of(entry, made)
        self._tell(start + len(made.valid))

    def _tell(self, done: int) -> None:
        work = f"embedding with {self._ref.name} on {self._ref.place}"
        self._progress(work, done, len(self._smiles))
