"""Items (molecules, or plain texts) with labels and the splits they are studied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from w2s_mol import files
from w2s_mol.datasets.apart import Apart
from w2s_mol.datasets.rules import LabelKind
from w2s_mol.errors import InputError
from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules

PARTS = ("train", "valid", "test")
_PART_ALIASES = {"val": "valid", "validation": "valid", "dev": "valid", "training": "train"}

LARGEST_LABEL, SMALLEST_LABEL = 1e150, 1e-150
"""Beyond these a label's square overflows or underflows in float64."""
_PARTS = 3
_ROUNDING = 1e3 * np.finfo(np.float64).eps


def part_of(word: str) -> str:
    """Return the part of a split that a word means; the word itself if none.

    Examples
    --------
    >>> part_of("val")
    'valid'
    """
    return _PART_ALIASES.get(word, word)


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


class Origin(NamedTuple):
    """A table that molecules are from: its name, and what the places of its rows are."""

    table: str
    word: str


@dataclass(frozen=True)
class Dataset:
    """Items with labels, numbers or two classes, and some without one that may serve a student.

    They are molecules unless ``items`` says otherwise, and called so throughout.

    Attributes
    ----------
    name
        What it is called in results.
    smiles
        The ``n`` items as encoders take them: SMILES, or texts where ``items`` says so.
    labels
        Shape (n,), float64, in ``unit``, or 0 and 1 for classes; NaN where there is none.
    target, unit
        What the labels are, and their unit.
    splits
        In order of their seeds, of molecules with a label.
    lines
        The line of the source that each molecule stands on, for messages.
    line_word
        What these are: ``line``, or ``row`` or ``record`` where the source is no text.
    rows
        The row of the source, from 0; rows that were left out leave a gap.
    notes
        What a user should know before believing a result.
    columns
        Numbers of the source that were asked for, by the name of their column: shape (n,) each,
        float64, NaN where a cell is empty.
    origins
        Where each molecule is from, for messages; empty where all are from the dataset's table.
    apart
        Molecules whose errors are told apart as well, if a column says which.
    classes
        The words for 0 and 1, where labels are two classes; None where they are numbers.
    items
        What the items are.
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
    line_word: str = "line"
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    origins: list[Origin] = field(default_factory=list)
    apart: Apart | None = None
    classes: tuple[str, str] | None = None
    items: Items = field(default_factory=Molecules)

    def __post_init__(self) -> None:
        if not self.rows:
            self.rows.extend(range(len(self.smiles)))

    def __len__(self) -> int:
        return len(self.smiles)

    @property
    def kind(self) -> LabelKind:
        """Return what its labels are."""
        return "regression" if self.classes is None else "binary"

    @property
    def sha256(self) -> str:
        """Return a hash of items and labels, in order."""
        return files.sha256_json([self.smiles, self.labels.tolist()])

    @property
    def columns_sha256(self) -> str:
        """Return a hash of the columns' names and numbers; an empty text where there are none."""
        values = {name: numbers.tolist() for name, numbers in self.columns.items()}
        return files.sha256_json(values) if values else ""

    @property
    def unlabelled(self) -> NDArray[np.int64]:
        """Return the rows that have no label; they are in no part of any split."""
        return np.flatnonzero(np.isnan(self.labels))

    def origin(self, row: int) -> Origin:
        """Return which table a molecule is from."""
        own = Origin(self.name, self.line_word if self.lines else "row")
        return self.origins[row] if self.origins else own

    def where(self, row: int) -> str:
        """Return where a molecule stands, for messages."""
        table, word = self.origin(row)
        return f"{table} {word} {self.lines[row] if self.lines else row}"

    def keep(self, rows: NDArray[np.bool_]) -> Dataset:
        """Return the dataset of some rows, its splits renumbered.

        Raises
        ------
        InputError
            If a part of a split becomes empty or of one class, or all labels of a training part
            are equal.
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
            columns={name: numbers[rows] for name, numbers in self.columns.items()},
            origins=[self.origins[i] for i in kept] if self.origins else [],
            apart=self.apart and self.apart.keep(rows),
        )
        check_splits(smaller)
        return smaller


def check_splits(dataset: Dataset) -> None:
    """Raise InputError if a dataset cannot be studied.

    A part of a split is empty, or its training labels are constant or as good as that, or a part
    has molecules of one class only.
    """
    for split in dataset.splits:
        for part, rows in split.parts().items():
            if len(rows) == 0:
                raise InputError(
                    f"{dataset.name}, split {split.name}: the {part} part is empty. Each of "
                    f"train, valid and test needs {dataset.items.name}."
                )
        if dataset.classes is None:
            _check_spread(f"{dataset.name}, split {split.name}", dataset.labels[split.train])
        else:
            _check_classes(dataset, dataset.classes, split)


def _check_classes(dataset: Dataset, classes: tuple[str, str], split: Split) -> None:
    for part, rows in split.parts().items():
        ones = int(dataset.labels[rows].sum())
        if 0 < ones < len(rows):
            continue
        zero, one = classes
        of_all = int(np.nansum(dataset.labels))
        if of_all in (0, int((~np.isnan(dataset.labels)).sum())):
            raise InputError(
                f"{dataset.name}: all usable labels are {classes[int(of_all > 0)]!r}. There is one "
                "class only, and nothing to learn from it."
            )
        known = int((~np.isnan(dataset.labels)).sum())
        way_out = "pass --split stratified, other split seeds, or other splits"
        if min(of_all, known - of_all) < _PARTS:
            way_out = "no split has both in each part. It needs more labels of the rarer one"
        raise InputError(
            f"{dataset.name}, split {split.name}: the {part} part has {len(rows) - ones:,} "
            f"{zero!r} and {ones:,} {one!r}, and each part needs both. Of all {known:,} labels, "
            f"{of_all:,} {'is' if of_all == 1 else 'are'} {one!r}: {way_out}."
        )


def _check_spread(where: str, labels: NDArray[np.float64]) -> None:
    spread = np.ptp(labels)
    if spread == 0:
        raise InputError(
            f"{where}: all {len(labels)} training labels are {labels[0]:g}. There is nothing to "
            "learn from a constant label."
        )
    if spread < SMALLEST_LABEL or spread < _ROUNDING * np.abs(labels).max():
        raise InputError(
            f"{where}: the training labels, {labels[0]:g} and the like, differ by {spread:.3g} at "
            "most, which is lost in rounding. Subtract a constant from all labels, or give them "
            "in another unit."
        )


def identical_splits(splits: Sequence[Split]) -> bool:
    """Say whether there are several splits and they are all the same."""
    return len(splits) > 1 and len({split.sha256 for split in splits}) == 1
