"""Every supervisor as its own student: a null control."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2s_mol import files
from w2s_mol.encoders.names import SELF
from w2s_mol.errors import InputError
from w2s_mol.students.contract import Student, Taught, Teaching
from w2s_mol.students.frozen import taught_heads
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.probe import Probe


class OwnStudent(Student):
    """Every supervisor teaches its own representation: a null control."""

    name = SELF
    sha256 = files.sha256_bytes(SELF.encode())

    def refuse(self, supervisors: Sequence[Supervisor]) -> None:
        """Refuse supervisors that have no representation."""
        for supervisor in supervisors:
            if not isinstance(supervisor, Probe):
                raise InputError(
                    f"--strong {SELF} lets every supervisor teach its own representation, and "
                    f"{supervisor.name} has none. Leave one of the two out."
                )

    def learn(self, teaching: Teaching) -> Taught:
        """Fit a head on each supervisor's own features."""
        each = []
        for place, supervisor in enumerate(teaching.supervisors):
            assert isinstance(supervisor, Probe)  # noqa: S101 -- refused before
            each.append(
                taught_heads(supervisor.encoded, teaching, teaching.labels[:, place : place + 1])
            )
        return Taught(
            np.hstack([one.w2s for one in each]),
            np.hstack([one.ceiling for one in each]),
            np.concatenate([one.w2s_penalties for one in each]),
            np.concatenate([one.ceiling_penalties for one in each]),
            tuple(model for one in each for model in one.models),
        )
