"""Molecules that an encoder cannot represent: all told at once, before any is embedded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.faults import FIX_OR_SKIP, Fault, faults_error, smiles_fault
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.errors import InputError

_FEWEST = 2


def refuse_unreadable(encoders: Sequence[Encoder], dataset: Dataset) -> None:
    """Raise InputError that lists every molecule which an encoder cannot read.

    Encoders of one family read alike, so each way of reading is tried once.
    """
    readers = {encoder.reading: encoder for encoder in encoders}
    found = ((e.name, e.read(dataset.smiles).reasons) for e in readers.values())
    refuse(dataset, faults_of(dataset, found))


def refuse(dataset: Dataset, faults: Sequence[Fault]) -> None:
    """Raise InputError for molecules that cannot be represented, if there are any."""
    if faults:
        word = dataset.line_word if dataset.lines else "row"
        raise faults_error(dataset.name, faults, len(dataset), word, FIX_OR_SKIP)


def faults_of(dataset: Dataset, found: Iterable[tuple[str, Sequence[str]]]) -> list[Fault]:
    """Return a fault for each molecule that one of the encoders cannot represent.

    Parameters
    ----------
    dataset
        The molecules.
    found
        Names of encoders, and for each molecule why it cannot, or an empty text.
    """
    faults: dict[int, Fault] = {}
    for name, reasons in found:
        for row, why in enumerate(reasons):
            if why and row not in faults:
                place = dataset.lines[row] if dataset.lines else row
                fault = smiles_fault(place, why, dataset.smiles[row])
                what = f"encoder {name} cannot represent it ({fault.reason})"
                faults[row] = Fault(place, what, fault.found)
    return [faults[row] for row in sorted(faults)]


def refuse_constant(encoder: Encoder, dataset: Dataset, embedded: Embeddings) -> None:
    """Raise InputError if an encoder gives every molecule one vector: there is nothing to learn."""
    vectors = embedded.embeddings[embedded.valid]
    if (
        len(set(dataset.smiles)) >= _FEWEST
        and len(vectors) >= _FEWEST
        and not np.ptp(vectors, 0).any()
    ):
        raise InputError(
            f"encoder {encoder.name} gives all {len(vectors):,} molecules of {dataset.name} the "
            "same vector. Its weights or its tokenizer are not what they should be."
        )
