"""Blocks of embeddings that were found or made, and the vectors in them by SMILES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol.embeddings import store
from w2s_mol.encoders.contract import Embeddings
from w2s_mol.heads.matrix import Features
from w2s_mol.kept import Entry


@dataclass(frozen=True)
class Block:
    """One block: where it is kept, or its embeddings where they cannot be; and its range."""

    entry: Entry
    valid: NDArray[np.bool_]
    reasons: tuple[str, ...]
    low: Features
    high: Features
    held: Features | None

    @classmethod
    def of(cls, entry: Entry, found: Embeddings) -> Block:
        """Return the block of an entry, what cannot be kept held in memory."""
        vectors = found.embeddings[found.valid]
        none = np.full(found.embeddings.shape[1], np.nan, dtype=np.float32)
        low, high = (vectors.min(axis=0), vectors.max(axis=0)) if len(vectors) else (none, none)
        held = None if found.lasting else found.embeddings
        return cls(entry, found.valid, found.reasons, low, high, held)

    def features(self) -> Features:
        """Return the vectors, shape (n, d)."""
        return store.read_features(self.entry) if self.held is None else self.held


class Known:
    """Vectors of molecules by SMILES: what one table has is not computed again for another."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[Block, int]] = {}

    def add(self, smiles: Sequence[str], block: Block) -> None:
        """Remember the molecules of a block on disk; one that may come out otherwise is none."""
        if block.held is None:
            self._places.update((text, (block, place)) for place, text in enumerate(smiles))

    def embedded(
        self, smiles: Sequence[str], compute: Callable[[Sequence[str]], Embeddings]
    ) -> Embeddings:
        """Return the embeddings of some molecules; those that are not known are computed."""
        places = [self._places.get(text) for text in smiles]
        unknown = [text for text, place in zip(smiles, places, strict=True) if place is None]
        if len(unknown) == len(smiles):
            return compute(smiles)
        computed = compute(unknown) if unknown else None
        of_block = {id(found[0]): found[0].features() for found in places if found}
        rest = iter(range(len(unknown)))
        vectors, valid, reasons = [], [], []
        for found in places:
            place = found[1] if found else next(rest)
            source = found[0] if found else computed
            assert source  # noqa: S101 -- what is not known is computed
            of = of_block[id(source)] if isinstance(source, Block) else source.embeddings
            vectors.append(of[place])
            valid.append(source.valid[place])
            reasons.append(source.reasons[place])
        lasting = computed is None or computed.lasting
        return Embeddings(np.stack(vectors), np.array(valid), tuple(reasons), lasting)
