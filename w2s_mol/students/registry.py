"""Every kind of student, by its name; a new one is a module and a line here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.students.contract import Student
from w2s_mol.students.frozen import FrozenStudent, SeveralStudent
from w2s_mol.students.own import OwnStudent
from w2s_mol.students.peer import PeerStudent
from w2s_mol.supervisors.combined import check_each_once
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.names import CHAIN, CONCAT, MEAN, NUMBERS, TOP, members_of

KINDS: dict[str, Callable[[Sequence[Supervisor], Finder], Student]] = {
    OwnStudent.name: lambda supervisors, _finder: OwnStudent(supervisors),
    PeerStudent.name: PeerStudent,
}
"""By name: who makes a student of the supervisors of a study, and finds encoders.

Any other name is that of an encoder, which stays frozen under a head, or of several.
"""


def find_students(
    names: Iterable[str], supervisors: Sequence[Supervisor], finder: Finder
) -> list[Student]:
    """Return the students that some names stand for, each once; no weights are loaded.

    Parameters
    ----------
    names
        As ``--strong`` takes them.
    supervisors
        All of a study: those who will teach.
    finder
        How encoders are found.

    Raises
    ------
    InputError
        If one of them cannot be used or cannot learn from a supervisor, or two different ones are
        called alike.
    """
    found: dict[str, Student] = {}
    for name in dict.fromkeys(names):
        student = _student(name, supervisors, finder)
        found.setdefault(student.sha256, student)
    [(name, count)] = Counter(student.name for student in found.values()).most_common(1)
    if count > 1:
        raise InputError(
            f"{count} different strong encoders are called {name!r}. Rename one of the folders."
        )
    return list(found.values())


def _student(name: str, supervisors: Sequence[Supervisor], finder: Finder) -> Student:
    if name in KINDS:
        return KINDS[name](supervisors, finder)
    if name.startswith((*NUMBERS, MEAN, CHAIN, TOP)):
        raise InputError(
            f"--strong {name} gives labels, and learns none. Name an encoder, or several side by "
            f"side: {CONCAT}A+B."
        )
    if not name.startswith(CONCAT):
        return FrozenStudent(finder.encoded(name))
    if own := [member for member in members_of(name) if member in KINDS]:
        raise InputError(
            f"--strong {name}: {own[0]} is no encoder. Leave it out, or name it alone."
        )
    members = [FrozenStudent(finder.encoded(member)) for member in members_of(name)]
    check_each_once(f"--strong {name}", members)
    return SeveralStudent(members)
