"""The contract of every encoder: items in, one vector each out, with a validity mask.

Items are SMILES, unless an encoder is asked to read texts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol.encoders.devices import Precision
from w2s_mol.errors import InputError, ItemError
from w2s_mol.items.contract import Items, ItemsName
from w2s_mol.items.molecules import Molecules
from w2s_mol.progress import Progress, silent


@dataclass(frozen=True)
class Embeddings:
    """What an encoder makes of ``n`` items.

    Attributes
    ----------
    embeddings
        Shape (n, d), float32; rows of NaN where the item is invalid.
    valid
        Shape (n,), bool.
    reasons
        For each item why it is invalid, or an empty string.
    lasting
        Whether the same would come out again; False where a computation failed.
    """

    embeddings: NDArray[np.float32]
    valid: NDArray[np.bool_]
    reasons: tuple[str, ...]
    lasting: bool = True


@dataclass(frozen=True)
class Computed:
    """What an encoder makes of ``m`` molecules that it can read.

    Attributes
    ----------
    vectors
        Shape (m, d).
    refused
        By place, why a molecule has no vector after all.
    lasting
        As in ``Embeddings``.
    """

    vectors: NDArray[np.float32]
    refused: Mapping[int, str] = field(default_factory=dict)
    lasting: bool = True


@dataclass(frozen=True)
class Readings:
    """What an encoder reads of ``n`` cells that should each hold an item.

    Attributes
    ----------
    texts
        The item of each cell; empty where it cannot be read.
    prepared
        By distinct item, in order, what ``Encoder._compute`` takes.
    reasons
        For each cell why it cannot be read, or an empty string.
    """

    texts: tuple[str, ...]
    prepared: dict[str, Any]
    reasons: tuple[str, ...]


class Described:
    """What is known of an encoder whether its weights are loaded or not.

    Attributes
    ----------
    name
        What the user called it.
    fingerprint
        A hash of everything its vectors depend on; two encoders with the same one agree.
    poolings
        The ways of making one vector that it offers; the first is the default.
    hidden
        Size of its hidden states, where it has any.
    precision
        Of its arithmetic.
    items
        What it is asked to read; what is none of them is invalid.
    notes
        What a user should know of how it reads them.
    revision
        The commit of a model from a hub; None for others.
    metadata
        How it was made, as far as is known.
    """

    name: str
    fingerprint: str
    poolings: tuple[str, ...]
    hidden: int | None = None
    precision: Precision = "fp32"
    items: Items = Molecules()
    notes: tuple[str, ...] = ()
    revision: str | None = None
    metadata: Mapping[str, Any] = MappingProxyType({})

    @property
    def reading(self) -> str:
        """What says how it reads items; encoders with the same one read the same of them."""
        return self.fingerprint

    @property
    def arithmetic(self) -> Mapping[str, str | None]:
        """What beside its content its vectors depend on in their last digits: versions, device.

        Or in more than those, where a library changes.
        """
        return {}

    def resolve_pooling(self, pooling: str | None) -> str:
        """Return the pooling asked for, or the default for None.

        Raises
        ------
        InputError
            If this encoder does not offer it.
        """
        if pooling is None:
            return self.poolings[0]
        if pooling not in self.poolings:
            raise InputError(
                f"encoder {self.name} does not offer the pooling {pooling!r}. It should be one "
                f"of: {', '.join(self.poolings)}."
            )
        return pooling


class Encoder(Described, ABC):
    """Items in, one vector each out.

    A vector depends on its item alone: not on the order, the batch size or the other items (equal
    within 1e-5 in float32).

    Attributes
    ----------
    reads
        The names of the items that it can be asked to read.
    """

    reads: frozenset[ItemsName] = frozenset({"molecules"})

    @abstractmethod
    def dimension(self, pooling: str) -> int:
        """Return the length of a vector."""

    @abstractmethod
    def _prepare(self, smiles: str) -> Any:
        """Return what ``_compute`` reads for one SMILES (or text), as ``items.read`` returned it.

        Raises
        ------
        ItemError
            If the encoder cannot represent it.
        """

    @abstractmethod
    def _compute(self, prepared: Sequence[Any], pooling: str, progress: Progress) -> Computed:
        """Return the vectors of prepared molecules, and which of them have none after all."""

    def embed(
        self, smiles: Sequence[str], pooling: str | None = None, progress: Progress = silent
    ) -> Embeddings:
        """Embed SMILES, or the texts of an encoder that is asked to read them.

        Parameters
        ----------
        smiles
            ``n`` SMILES; blanks around one, and text after a blank, are ignored. Texts are read as
            they stand.
        pooling
            For transformers ``pooled`` (the pooler's output on the first token), ``mean`` (of the
            last layer over the molecule's own tokens), ``mean+pooled`` (both, concatenated),
            ``cls`` or ``last`` (the last layer's state of the first or last token).
        progress
            Told the number of distinct molecules done.

        Returns
        -------
        Embeddings
            ``embeddings`` of shape (n, d) and ``valid`` of shape (n,), in the order given.

        Raises
        ------
        InputError
            If the encoder does not offer the pooling, or ``smiles`` is not a sequence of texts.
        """
        pooling = self.resolve_pooling(pooling)
        return self.embed_read(self.read(smiles), pooling, progress)

    def embed_read(
        self, readings: Readings, pooling: str, progress: Progress = silent
    ) -> Embeddings:
        """Embed items that were read, perhaps by another process with the same encoder.

        Parameters
        ----------
        readings
            As ``read`` returns them.
        pooling, progress
            As in ``embed``; the pooling is one of the encoder's.
        """
        rows = {text: row for row, text in enumerate(readings.prepared)}
        with rdBase.BlockLogs():
            computed = self._compute(list(readings.prepared.values()), pooling, progress)
        reasons = list(readings.reasons)
        embeddings = np.full((len(reasons), self.dimension(pooling)), np.nan, dtype=np.float32)
        for place, text in enumerate(readings.texts):
            if reasons[place]:
                continue
            row = rows[text]
            if row in computed.refused:
                reasons[place] = computed.refused[row]
            elif np.isfinite(computed.vectors[row]).all():
                embeddings[place] = computed.vectors[row]
            else:
                reasons[place] = "the encoder's output is not finite"
        valid = np.array([not reason for reason in reasons], dtype=bool)
        return Embeddings(embeddings, valid, tuple(reasons), computed.lasting)

    def read(self, smiles: Sequence[str]) -> Readings:
        """Say what of some items this encoder can read, without computing a vector.

        Raises
        ------
        InputError
            If ``smiles`` is not a sequence of texts.
        """
        prepared: dict[str, Any] = {}  # each distinct item is prepared once
        texts: dict[str, str] = {}
        refused: dict[str, str] = {}
        cells = checked_texts(smiles)
        with rdBase.BlockLogs():
            for cell in dict.fromkeys(cells):
                try:
                    text = self.items.item(cell)
                    if text not in prepared:
                        self.items.check(text)  # what is none is none for any encoder
                        prepared[text] = self._prepare(text)
                    texts[cell] = text
                except ItemError as error:
                    refused[cell] = str(error)
        return Readings(
            tuple(texts.get(cell, "") for cell in cells),
            prepared,
            tuple(refused.get(cell, "") for cell in cells),
        )


def checked_texts(smiles: Any) -> list[str]:
    """Return a sequence of SMILES as a list; a missing value (None, NaN) is an empty text.

    Raises
    ------
    InputError
        If it is one string, a table, or holds something that is neither text nor missing.
    """
    expected = "It should be a list, an array or a column of SMILES."
    unordered = isinstance(smiles, AbstractSet | Mapping)
    if unordered or isinstance(smiles, str | bytes) or getattr(smiles, "ndim", 1) != 1:
        raise InputError(f"smiles is a {type(smiles).__name__}. {expected}")
    try:
        given = list(smiles)
    except TypeError as error:
        raise InputError(f"smiles is a {type(smiles).__name__}. {expected}") from error
    for place, text in enumerate(given):
        if not isinstance(text, str):
            missing = text is None or text != text
            if not missing:
                raise InputError(f"smiles[{place}] is {text!r}, not a text. {expected}")
            given[place] = ""
    return given
