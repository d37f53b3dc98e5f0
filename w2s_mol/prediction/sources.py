"""What a model reads of molecules: vectors of its encoder, a property, a column of their table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.contract import Encoder
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Features
from w2s_mol.items.contract import Items
from w2s_mol.models.model import Input
from w2s_mol.molecules.properties import property_values
from w2s_mol.progress import Progress
from w2s_mol.supervisors.names import COLUMN, NUMBERS, PROPERTY, RAW


class Source(ABC):
    """What gives features of molecules."""

    @abstractmethod
    def read(self, examples: Examples, progress: Progress) -> tuple[Features, Sequence[str]]:
        """Return features, shape (n, d), NaN where there are none, and for each why not."""


def _reasons(examples: Examples, numbers: Array, why: str, items: Items) -> list[str]:
    """Say why there is no number, and which cells hold no item that could have one."""
    missing = np.isnan(numbers)
    return [
        items.fault(cell) or (why if lacks else "")
        for cell, lacks in zip(examples.smiles, missing, strict=True)
    ]


class _Column(Source):
    def __init__(self, name: str, items: Items) -> None:
        self._name, self._items = name, items

    def read(self, examples: Examples, progress: Progress) -> tuple[Features, Sequence[str]]:
        numbers = examples.columns[self._name]
        why = f"no number in column {self._name!r}"
        return numbers[:, None], _reasons(examples, numbers, why, self._items)


class _Encoder(Source):
    def __init__(self, encoder: Encoder, pooling: str) -> None:
        self._encoder, self._pooling = encoder, pooling

    def read(self, examples: Examples, progress: Progress) -> tuple[Features, Sequence[str]]:
        found = self._encoder.embed(examples.smiles, self._pooling, progress)
        return found.embeddings, found.reasons


class _Property(Source):
    def __init__(self, name: str, items: Items) -> None:
        self._name, self._items = name, items

    def read(self, examples: Examples, progress: Progress) -> tuple[Features, Sequence[str]]:
        numbers = np.array(list(property_values(self._name, examples.smiles)))
        why = f"RDKit gives no {self._name}"
        return numbers[:, None], _reasons(examples, numbers, why, self._items)


def reads_column(one: Input) -> bool:
    """Say whether an input is a number of each molecule's own table."""
    return one.encoder.startswith((COLUMN, RAW))


def is_number(one: Input) -> bool:
    """Say whether an input is one number of each molecule."""
    return one.encoder.startswith(NUMBERS)


def open_source(one: Input, finder: Finder) -> Source:
    """Return what gives the features of an input, its encoder loaded.

    Raises
    ------
    InputError
        If the encoder is not the one that its head was fitted on.
    """
    kind, _, name = one.encoder.partition(":")
    if reads_column(one):
        return _Column(name, finder.items)
    if f"{kind}:" == PROPERTY:
        return _Property(name, finder.items)
    if one.encoder.startswith("python:"):
        raise InputError(
            f"the model reads molecules with {one.encoder}, which is code; a model runs none. "
            "Embed the molecules with it ('w2s-mol embed'), and study them as file:EMBEDDINGS."
        )
    found = finder.encoded(one.encoder).encoder
    if found.fingerprint != one.fingerprint:
        raise InputError(
            f"encoder {one.encoder} has another content (fingerprint "
            f"{found.fingerprint[:12]}) than the one that the head was fitted on "
            f"({one.fingerprint[:12]}). Restore it, or run the study again."
        )
    return _Encoder(found.open(), one.pooling)
