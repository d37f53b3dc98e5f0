"""Every supervisor as its own student: a null control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from w2s_mol import files
from w2s_mol.encoders.names import SELF
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array
from w2s_mol.students.contract import Student, Teaching
from w2s_mol.students.frozen import learned_heads
from w2s_mol.supervisors.combined import Concat
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.probe import Probe
from w2s_mol.uses.contract import Exercise, Learned


class OwnStudent(Student):
    """Every supervisor teaches its own representation: a null control."""

    name = SELF
    sha256 = files.sha256_bytes(SELF.encode())

    def refuse(self, supervisors: Sequence[Supervisor]) -> None:
        """Refuse supervisors that have no representation."""
        for supervisor in supervisors:
            if not isinstance(supervisor, Probe | Concat):
                raise InputError(
                    f"--strong {SELF} lets every supervisor teach its own representation, and "
                    f"{supervisor.name} has none. Leave one of the two out."
                )

    def learn(self, teaching: Teaching, exercises: Sequence[Exercise]) -> list[Learned]:
        """Fit heads on each supervisor's own features."""
        each = []
        for place, supervisor in enumerate(teaching.supervisors):
            assert isinstance(supervisor, Probe | Concat)  # noqa: S101 -- refused before
            mine = [_of_one(exercise, place) for exercise in exercises]
            each.append(learned_heads(supervisor.encoded, teaching, mine))
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
    )
