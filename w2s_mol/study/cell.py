"""The cell: one split x supervisor x student, from true labels to everyone's predictions.

Cells of one split are carried out together: weak labels are made once for all students, and a
student's features are factorised once for the labels of all supervisors. What comes out depends on
what went in alone, so a split can be carried out anywhere, in any order, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from w2s_mol.errors import InputError
from w2s_mol.heads.fitting import FitHead
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.streams import stream
from w2s_mol.students.contract import Student, Taught, Teaching
from w2s_mol.study.digits import without_rounding
from w2s_mol.study.protocols import Roles
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.tasks.contract import Predicted


@dataclass(frozen=True)
class Cells:
    """What one student makes of ``k`` supervisors on a split.

    Attributes
    ----------
    student
        Whose they are.
    truth, weak
        Shapes (n,) and (n, k), in label units.
    weak_penalties
        The ridge penalties that supervisors chose for themselves, shape (k,).
    taught
        The student's predictions.
    """

    student: Student
    truth: Array
    weak: Array
    weak_penalties: Array
    taught: Taught

    def predicted(self, rows: Rows, supervisor: int) -> Predicted:
        """Return what is known of some molecules in the cell of one supervisor."""
        return Predicted(
            self.truth[rows],
            self.weak[rows, supervisor],
            self.taught.w2s[rows, supervisor],
            self.taught.ceiling[rows, supervisor],
        )


def split_cells(
    supervisors: Sequence[Supervisor],
    students: Sequence[Student],
    smiles: Sequence[str],
    truth: Array,
    roles: Roles,
    fit: FitHead,
    shuffle_seed: int | None = None,
) -> Iterator[Cells]:
    """Carry out the cells of one split, student by student.

    Parameters
    ----------
    supervisors, students
        All of them are prepared for these molecules.
    smiles, truth
        Of ``n`` molecules; true labels have shape (n,).
    roles
        Of the protocol.
    fit
        The rule for heads.
    shuffle_seed
        If given, students see the weak labels permuted among the molecules of each role: a null
        control.

    Notes
    -----
    No true label reaches a student but those that its ceiling is fitted to, and nobody is shown
    the labels of molecules that are measured alone.

    Raises
    ------
    InputError
        If a supervisor gives no number a molecule, or nothing that a student could learn from.
    """
    learn, choose = roles.supervisor_learns, roles.choose
    shown = _shown(truth, learn, choose)
    lesson = Lesson(smiles, shown, learn, choose, roles.asked, fit)
    weak, penalties = np.empty((len(truth), len(supervisors))), np.empty(len(supervisors))
    for place, supervisor in enumerate(supervisors):
        said = supervisor.labels(lesson)
        weak[:, place] = _checked(supervisor, said, len(truth), roles)
        penalties[place] = said.penalty
    learn = roles.student_learns
    labels = weak if shuffle_seed is None else shuffled(weak, [learn, choose], shuffle_seed)
    shown = _shown(truth, learn, choose)
    teaching = Teaching(smiles, supervisors, labels, shown, learn, choose, roles.asked, fit)
    weak = without_rounding(weak)
    for student in students:
        yield Cells(student, truth, weak, penalties, _kept(student.learn(teaching)))


def _kept(taught: Taught) -> Taught:
    w2s, ceiling = without_rounding(taught.w2s), without_rounding(taught.ceiling)
    return replace(taught, w2s=w2s, ceiling=ceiling)


def _checked(supervisor: Supervisor, said: WeakLabels, n: int, roles: Roles) -> Array:
    """Return what a supervisor says, or raise InputError if nobody can learn from it."""
    labels = np.asarray(said.labels)
    if labels.shape != (n,) or labels.dtype.kind not in "fiu":
        raise InputError(
            f"supervisor {supervisor.name} gives an array of shape {labels.shape} and type "
            f"{labels.dtype} for {n:,} molecules. It should give one number each, shape ({n},), "
            "NaN where it says nothing."
        )
    wanted = {"learns from": roles.student_learns, "chooses a penalty on": roles.choose}
    for what, rows in wanted.items():
        if np.isnan(labels[rows]).all():
            raise InputError(
                f"supervisor {supervisor.name} says nothing of the {len(rows):,} molecules that a "
                f"student {what}. It should label some of them; leave it out otherwise."
            )
    return labels


def _shown(truth: Array, *roles: Rows) -> Array:
    """Return the labels of some rows, NaN for all others."""
    shown = np.full(len(truth), np.nan)
    for rows in roles:
        shown[rows] = truth[rows]
    return shown


def shuffled(labels: Array, roles: Sequence[Rows], seed: int) -> Array:
    """Permute the rows of labels within each role."""
    generator = stream(seed, "shuffled labels")
    found = labels.copy()
    for rows in roles:
        found[rows] = labels[generator.permutation(rows)]
    return found
