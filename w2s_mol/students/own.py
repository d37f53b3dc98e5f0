"""Every supervisor as its own student: a null control."""

from __future__ import annotations

from collections.abc import Sequence

from w2s_mol import files
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.together import EncodedTogether
from w2s_mol.encoders.names import SELF
from w2s_mol.errors import InputError
from w2s_mol.students.contract import Student, Teaching
from w2s_mol.students.one_each import learned_by_each
from w2s_mol.supervisors.combined import Concat
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.probe import Probe
from w2s_mol.uses.contract import Exercise, Learned


class OwnStudent(Student):
    """Every supervisor teaches its own representation: a null control.

    Raises
    ------
    InputError
        If one of the supervisors has none.
    """

    name = SELF
    sha256 = files.sha256_bytes(SELF.encode())

    def __init__(self, supervisors: Sequence[Supervisor]) -> None:
        for supervisor in supervisors:
            _own(supervisor)

    def learn(self, teaching: Teaching, exercises: Sequence[Exercise]) -> list[Learned]:
        """Fit heads on each supervisor's own features."""
        own = [_own(supervisor) for supervisor in teaching.supervisors]
        return learned_by_each(own, teaching, exercises)


def _own(supervisor: Supervisor) -> Encoded | EncodedTogether:
    if not isinstance(supervisor, Probe | Concat):
        raise InputError(
            f"--strong {SELF} lets every supervisor teach its own representation, and "
            f"{supervisor.name} has none. Leave one of the two out."
        )
    return supervisor.encoded
