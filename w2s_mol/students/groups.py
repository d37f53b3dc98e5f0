"""Which columns of which exercises are learnt from the same rows: these are fitted together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.uses.contract import Exercise


@dataclass
class Group:
    """Columns of one fit.

    Attributes
    ----------
    learn, choose
        Rows that all of them have labels of.
    weights
        Of ``learn``, shape (len(learn),); None if all are alike.
    beside
        Whether each reads a number beside the features.
    weak
        Whether each learns weak labels, where these are learnt in a way of their own.
    members
        Numbers of exercise and column.
    """

    learn: Rows
    choose: Rows
    weights: Array | None
    beside: bool
    weak: bool
    members: list[tuple[int, int]] = field(default_factory=list)

    def by_exercise(self) -> Iterator[tuple[int, list[int], list[int]]]:
        """Yield each exercise's number, its columns here, and their places in the group."""
        placed = enumerate(self.members)
        for exercise, some in groupby(placed, key=lambda one: one[1][0]):
            here = list(some)
            yield exercise, [column for _, (_, column) in here], [place for place, _ in here]


def grouped(exercises: Sequence[Exercise], *, weak_apart: bool = False) -> list[Group]:
    """Group the columns of exercises.

    ``weak_apart`` says whether weak labels are learnt in a way of their own.

    One that is infinite somewhere (a supervisor that overflowed) is fitted alone: in a
    factorisation with others it would make all of them NaN.
    """
    groups: dict[tuple[object, ...], Group] = {}
    for number, exercise in enumerate(exercises):
        for column in range(exercise.labels.shape[1]):
            group, alone = _of_column(exercise, column, weak=weak_apart and exercise.weak)
            key = (
                group.learn.tobytes(),
                group.choose.tobytes(),
                None if group.weights is None else group.weights.tobytes(),
                group.beside,
                group.weak,
                (number, column) if alone else None,
            )
            groups.setdefault(key, group).members.append((number, column))
    return list(groups.values())


def _of_column(exercise: Exercise, column: int, *, weak: bool) -> tuple[Group, bool]:
    """Return an empty group for a column, and whether it has to be alone."""
    labels = exercise.labels[:, column]
    said = ~np.isnan(labels)
    known = said[exercise.learn]
    learn, choose = exercise.learn[known], exercise.choose[said[exercise.choose]]
    weights = None
    if exercise.weights is not None:
        weights = exercise.weights[known, column]
        # Only ratios count, so that equal weights share the work with none.
        weights = None if np.ptp(weights) == 0 else weights / weights.mean()
    read = [labels] if exercise.reads is None else [labels, exercise.reads[:, column]]
    rows = np.concatenate([learn, choose])
    alone = any(bool(np.isinf(numbers[rows]).any()) for numbers in read)
    return Group(learn, choose, weights, exercise.beside is not None, weak), alone
