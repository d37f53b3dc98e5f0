"""Molecules with labels and the splits they are studied on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from w2s_mol import files
from w2s_mol.errors import InputError

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts of one split.

    Attributes
    ----------
    name
        What it is called in results: a seed, or a file's or column's name.
    train, valid, test
        Row numbers in the dataset, counted from 0.
    """

    name: str
    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]

    @property
    def sha256(self) -> str:
        """Return a hash of the row numbers, in order."""
        return files.sha256_json([getattr(self, part).tolist() for part in PARTS])

    def parts(self) -> dict[str, NDArray[np.int64]]:
        """Return the row numbers by part."""
        return {part: getattr(self, part) for part in PARTS}


@dataclass(frozen=True)
class Dataset:
    """Molecules with real-valued labels.

    Attributes
    ----------
    name
        What it is called in results.
    smiles
        ``n`` SMILES.
    labels
        Shape (n,), float64, in ``unit``.
    target, unit
        What the labels are, and their unit.
    splits
        In order of their seeds.
    lines
        The line of the source that each molecule stands on, for messages.
    rows
        The row of the source, from 0; rows that were left out leave a gap.
    notes
        What a user should know before believing a result.
    """

    name: str
    smiles: list[str]
    labels: NDArray[np.float64]
    target: str
    unit: str
    splits: list[Split]
    lines: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.rows:
            self.rows.extend(range(len(self.smiles)))

    def __len__(self) -> int:
        return len(self.smiles)

    @property
    def sha256(self) -> str:
        """Return a hash of SMILES and labels, in order."""
        return files.sha256_json([self.smiles, self.labels.tolist()])

    def where(self, row: int) -> str:
        """Return where a molecule stands, for messages."""
        return f"{self.name} line {self.lines[row]}" if self.lines else f"{self.name} row {row}"

    def keep(self, rows: NDArray[np.bool_]) -> Dataset:
        """Return the dataset of some rows, its splits renumbered.

        Raises
        ------
        InputError
            If a part of a split becomes empty, or all labels of a training part are equal.
        """
        if rows.all():
            return self
        kept = np.flatnonzero(rows)
        number = np.cumsum(rows) - 1
        splits = [
            Split(split.name, *(number[part[rows[part]]] for part in split.parts().values()))
            for split in self.splits
        ]
        smaller = replace(
            self,
            smiles=[self.smiles[i] for i in kept],
            labels=self.labels[rows],
            splits=splits,
            lines=[self.lines[i] for i in kept] if self.lines else [],
            notes=[*self.notes],
            rows=[self.rows[i] for i in kept],
        )
        check_splits(smaller)
        return smaller


def check_splits(dataset: Dataset) -> None:
    """Raise InputError if a dataset cannot be studied: a part is empty, or the labels constant."""
    for split in dataset.splits:
        for part, rows in split.parts().items():
            if len(rows) == 0:
                raise InputError(
                    f"{dataset.name}, split {split.name}: the {part} part is empty. Each of "
                    "train, valid and test needs molecules."
                )
        labels = dataset.labels[split.train]
        if np.ptp(labels) == 0:
            raise InputError(
                f"{dataset.name}, split {split.name}: all {len(labels)} training labels are "
                f"{labels[0]:g}. There is nothing to learn from a constant label."
            )


def identical_splits(splits: Sequence[Split]) -> bool:
    """Say whether there are several splits and they are all the same."""
    return len(splits) > 1 and len({split.sha256 for split in splits}) == 1
