"""Every kind of student, by its name; a new one is a module and a line here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.students.contract import Student
from w2s_mol.students.frozen import FrozenStudent
from w2s_mol.students.own import OwnStudent

KINDS: dict[str, Callable[[], Student]] = {OwnStudent.name: OwnStudent}
"""By name; any other name is that of an encoder, which stays frozen under a head."""


def find_students(names: Iterable[str], finder: Finder) -> list[Student]:
    """Return the students that some names stand for, each once; no weights are loaded.

    Raises
    ------
    InputError
        If one of them cannot be used, or two different ones are called alike.
    """
    found: dict[str, Student] = {}
    for name in dict.fromkeys(names):
        student = KINDS[name]() if name in KINDS else FrozenStudent(finder.encoded(name))
        found.setdefault(student.sha256, student)
    [(name, count)] = Counter(student.name for student in found.values()).most_common(1)
    if count > 1:
        raise InputError(
            f"{count} different strong encoders are called {name!r}. Rename one of the folders."
        )
    return list(found.values())
