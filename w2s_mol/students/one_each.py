"""A student for each supervisor: what the null controls self and peer have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.together import EncodedTogether
from w2s_mol.heads.linear import Array
from w2s_mol.students.contract import Teaching
from w2s_mol.students.frozen import learned_heads
from w2s_mol.uses.contract import Exercise, Learned


def learned_by_each(
    students: Sequence[Encoded | EncodedTogether],
    teaching: Teaching,
    exercises: Sequence[Exercise],
) -> list[Learned]:
    """Do exercises with heads on features that are each supervisor's own, in their order."""
    each = [
        learned_heads(encoded, teaching, [_of_one(exercise, place) for exercise in exercises])
        for place, encoded in enumerate(students)
    ]
    return [
        Learned(
            np.hstack([one.predictions for one in of_all]),
            np.concatenate([one.penalties for one in of_all]),
            tuple(model for one in of_all for model in one.models),
        )
        for of_all in zip(*each, strict=True)
    ]


def _of_one(exercise: Exercise, place: int) -> Exercise:
    """Return an exercise's column of one supervisor."""

    def column(of_all: Array) -> Array:
        at = place if of_all.shape[1] > 1 else 0
        return of_all[:, at : at + 1]

    return replace(
        exercise,
        labels=column(exercise.labels),
        weights=None if exercise.weights is None else column(exercise.weights),
        beside=None if exercise.beside is None else column(exercise.beside),
        start=None if exercise.start is None else column(exercise.start),
    )
