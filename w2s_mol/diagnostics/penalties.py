"""The student's error at every pair of ridge penalties, the weak head's and its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.errors import unknown_name
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Matrix, Rows
from w2s_mol.heads.penalties import PENALTIES
from w2s_mol.heads.ridge import RidgePath
from w2s_mol.threads import one_thread


@dataclass(frozen=True)
class PenaltyMap:
    """The map of one pair on one split.

    Attributes
    ----------
    penalties
        The path, shape (p,): of both heads.
    errors
        Mean squared error of the student on test molecules, shape (p, p): a row a strong penalty,
        a column a weak one.
    chosen
        Row and column that a study chooses: the weak penalty by true labels of validation
        molecules, the strong one by weak labels of these.
    """

    penalties: Array
    errors: Array
    chosen: tuple[int, int]

    @property
    def oracle(self) -> tuple[int, int]:
        """Return row and column of the least error on test."""
        row, column = np.unravel_index(np.nanargmin(self.errors), self.errors.shape)
        return int(row), int(column)

    def at(self, place: tuple[int, int]) -> tuple[float, float, float]:
        """Return the weak penalty, the strong one and the student's error of a place."""
        row, column = place
        weak, strong = self.penalties[column], self.penalties[row]
        return float(weak), float(strong), float(self.errors[row, column])


def penalty_map(weak: Matrix, strong: Matrix, labels: Array, split: Split) -> PenaltyMap:
    """Fit ridge heads at every pair of penalties, all weak ones and all strong ones at once.

    Parameters
    ----------
    weak, strong
        Features, shapes (n, d_w) and (n, d_s).
    labels
        True labels, shape (n,).
    split
        By rows of these; both heads learn on train, as the protocol ``paper`` has it.
    """
    p = len(PENALTIES)
    truth = np.repeat(labels[:, None], p, axis=1)
    with one_thread():
        path = RidgePath.fit(weak, truth, split.train)
        by_truth = path.errors(weak, truth[:, :1], split.valid)[:, 0]
        said = path.head(np.arange(p)).predict_rows(weak, np.arange(len(labels)))
        student = RidgePath.fit(strong, said, split.train)
        column = int(np.argmin(by_truth))
        row = int(np.argmin(student.errors(strong, said, split.valid)[:, column]))
        errors = student.errors(strong, truth, split.test)
    return PenaltyMap(PENALTIES, errors, (row, column))


def split_of(dataset: Dataset, name: str | None, places: Rows) -> Split:
    """Return the split of a name, by default the first, by rows ``places`` of the whole dataset.

    Raises
    ------
    InputError
        If the dataset has no such split.
    """
    by_name = {split.name: split for split in dataset.splits}
    if name is not None and name not in by_name:
        raise unknown_name(f"split of {dataset.name}:", name, by_name)
    split = dataset.splits[0] if name is None else by_name[name]
    return Split(split.name, *(places[rows] for rows in split.parts().values()))
