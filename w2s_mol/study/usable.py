"""The molecules of a dataset that every supervisor and student of a study can represent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.faults import (
    FIX_OR_SKIP,
    Fault,
    faults_error,
    item_fault,
    left_out_note,
)
from w2s_mol.embeddings.reader import Reader
from w2s_mol.progress import Progress


@dataclass(frozen=True)
class Usable:
    """A dataset, and what of it is studied.

    Attributes
    ----------
    everything
        The dataset of ``n`` molecules.
    kept
        That of those which can be used.
    places
        Their rows in ``everything``.
    note
        On those which cannot, if there are any.
    """

    everything: Dataset
    kept: Dataset
    places: NDArray[np.int64]
    note: str = ""


def begin(
    datasets: Sequence[Dataset], readers: Sequence[Reader], *, strict: bool, progress: Progress
) -> None:
    """Let everyone compute what no other process is at, for all datasets of a study.

    Parameters
    ----------
    datasets
        All of them.
    readers
        Supervisors and students.
    strict
        Whether a molecule that one of them cannot represent stops the study; all such of a dataset
        are told at once, as far as they are known before anything is computed.
    progress
        Told what is computed.

    Raises
    ------
    InputError
        If it does.
    """
    if strict:
        refuse_unreadable(datasets, readers)
    tables = [tuple(dataset.smiles) for dataset in datasets]
    for reader in readers:
        reader.begin(tables, progress)


def refuse_unreadable(datasets: Sequence[Dataset], readers: Sequence[Reader]) -> None:
    """Raise InputError for all molecules of a dataset that someone cannot read, if there are any.

    Nothing is computed for it; those who read alike are asked once.
    """
    one_of_a_kind = {reader.reading: reader for reader in readers}.values()
    for dataset in datasets:
        found = [(reader.name, reader.read(dataset.smiles)) for reader in one_of_a_kind]
        _refuse(dataset, found)


def usable(
    dataset: Dataset, readers: Sequence[Reader], *, strict: bool, progress: Progress
) -> Usable:
    """Prepare everyone for a dataset, and find what all of them can represent.

    Parameters are as in ``begin``.

    Raises
    ------
    InputError
        If ``strict`` and one of them cannot represent a molecule, or too little is left to be
        studied.
    """
    smiles = tuple(dataset.smiles)
    found = [(reader.name, reader.prepare(smiles, progress)) for reader in readers]
    if strict:
        _refuse(dataset, found)
    faults = faults_of(dataset, found)
    valid = np.array([not any(why) for why in zip(*(r for _, r in found), strict=True)], dtype=bool)
    note = left_out_note([*faults.values()]) if faults else ""
    return Usable(dataset, dataset.keep(valid), np.flatnonzero(valid), note)


def _refuse(dataset: Dataset, found: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Raise InputError for all such molecules of the first table that has any."""
    faults = faults_of(dataset, found)
    if faults:
        origin = dataset.origin(next(iter(faults)))
        rows = [row for row in range(len(dataset)) if dataset.origin(row) == origin]
        alike = [faults[row] for row in rows if row in faults]
        raise faults_error(origin.table, alike, len(rows), origin.word, FIX_OR_SKIP)


def faults_of(dataset: Dataset, found: Sequence[tuple[str, Sequence[str]]]) -> dict[int, Fault]:
    """Return a fault for each molecule that someone cannot represent, by row.

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
                fault = item_fault(place, why, dataset.smiles[row])
                what = f"encoder {name} cannot represent it ({fault.reason})"
                faults[row] = Fault(place, what, fault.found)
    return {row: faults[row] for row in sorted(faults)}
