"""The cell: one split x supervisor x student, from true labels to everyone's predictions.

Cells of one split are carried out together: weak labels are made once for all students, and a
student's features are factorised once for the labels of all supervisors. What comes out depends on
what went in alone, so a split can be carried out anywhere, in any order, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.examples import Examples
from w2s_mol.errors import InputError
from w2s_mol.heads.fitter import FitHead
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.heads.rules import Teach
from w2s_mol.models.model import Model
from w2s_mol.streams import stream
from w2s_mol.students.contract import Student, Teaching
from w2s_mol.study.digits import without_rounding
from w2s_mol.study.protocols import Roles
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.tasks.contract import Predicted, Task
from w2s_mol.uses.contract import Exercise, Known, Made
from w2s_mol.uses.registry import CEILING, STUDENT, USES


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
    weak_models
        What says of new molecules what each supervisor says, where that is kept.
    taken
        Whose labels each supervisor's are, where it took some of several.
    made
        What is made of the supervisors' labels, by use.
    told
        What a user should know of what is taught.
    """

    student: Student
    truth: Array
    weak: Array
    weak_penalties: Array
    weak_models: Sequence[Model | None]
    taken: Sequence[str]
    made: Mapping[str, Made]
    told: Sequence[str] = ()

    def predicted(self, rows: Rows, supervisor: int) -> Predicted:
        """Return what is known of some molecules in the cell of one supervisor."""
        of_use = {name: made.predictions[rows, supervisor] for name, made in self.made.items()}
        w2s, ceiling = of_use.pop(STUDENT.name), of_use.pop(CEILING.name)
        weak = self.weak[rows, supervisor]
        return Predicted(self.truth[rows], weak, w2s, ceiling, beside=of_use)


def split_cells(
    supervisors: Sequence[Supervisor],
    students: Sequence[Student],
    examples: Examples,
    truth: Array,
    roles: Roles,
    task: Task,
    fit: FitHead,
    shuffle_seed: int | None = None,
    where: str = "this split",
    teach: Teach = "probabilities",
) -> Iterator[Cells]:
    """Carry out the cells of one split, student by student.

    Parameters
    ----------
    supervisors, students
        All of them are prepared for these molecules.
    examples, truth
        ``n`` molecules, and their true labels of shape (n,).
    roles
        Of the protocol.
    task, fit
        What the labels are, and its rule for heads.
    shuffle_seed
        If given, students see the weak labels permuted among the molecules of each role: a null
        control.
    where
        What the split is called in messages.
    teach
        What students of classes learn.

    Notes
    -----
    No true label reaches the paper's student. Its ceiling is fitted to those of its molecules; the
    other uses have those that the supervisors had. Nobody is shown the labels of molecules that
    are measured alone.

    Raises
    ------
    InputError
        If a supervisor gives no number a molecule, or nothing that a student could learn from.
    """
    split = _Split(examples, truth, roles, task, shuffle_seed, where, teach)
    teaching = Teaching(examples, supervisors, fit, task.name)
    lesson = split.lesson(fit)
    said = [None if s.asks_student else _checked(s, s.labels(lesson), split) for s in supervisors]
    for student in students:
        asked = replace(lesson, rule=partial(split.bounds, student, teaching))
        here = [
            one or _checked(supervisor, supervisor.labels(asked), split)
            for one, supervisor in zip(said, supervisors, strict=True)
        ]
        weak = np.stack([one.labels for one in here], axis=1)
        known = split.known(weak)
        yield Cells(
            student,
            truth,
            without_rounding(weak),
            np.array([one.penalty for one in here]),
            [one.model for one in here],
            [one.taken for one in here],
            _everything_made(student, teaching, known),
            split.told(supervisors, known),
        )


@dataclass(frozen=True)
class _Split:
    """What is there before anyone has said anything; as in ``split_cells``."""

    examples: Examples
    truth: Array
    roles: Roles
    task: Task
    shuffle_seed: int | None
    where: str
    teach: Teach

    def lesson(self, fit: FitHead) -> Lesson:
        """Return what supervisors may know."""
        roles = self.roles
        learn, choose = roles.supervisor_learns, roles.supervisor_chooses
        return Lesson(self.examples, self._had(), learn, choose, roles.asked, fit, self.task.name)

    def known(self, weak: Array) -> Known:
        """Return what may be used beside weak labels, and those as students see them."""
        roles, seen = self.roles, self._as_seen(weak)
        return Known(
            weak=seen,
            taught_weak=self.task.taught(seen, self.teach),
            had=self._had(),
            of_student=shown(self.truth, roles.student_learns, roles.student_chooses),
            labelled=roles.supervisor_learns,
            judged=roles.supervisor_chooses,
            taught=roles.student_learns,
            chosen=roles.student_chooses,
            read=roles.measured,
            everything=roles.asked,
            loss=self.task.loss,
        )

    def told(self, supervisors: Sequence[Supervisor], known: Known) -> list[str]:
        """Return notes on those supervisors that teach one class alone."""
        if self.teach != "classes":
            return []
        return [
            f"all classes that {supervisor.name} teaches on {self.where} are the same one, and its "
            "student says nothing else; --teach probabilities has more to say"
            for supervisor, alike in zip(supervisors, _alike(known), strict=True)
            if alike
        ]

    def bounds(self, student: Student, teaching: Teaching, weak: Array, rows: Rows) -> Array:
        """Return weak error - misfit with a student on some rows; see ``Lesson.rule``."""
        roles = self.roles
        learnt = self.task.taught(self._as_seen(weak), self.teach)
        exercise = Exercise(learnt, roles.student_learns, roles.student_chooses, rows, weak=True)
        [learned] = student.learn(teaching, [exercise])
        w2s = learned.predictions[rows]
        predicted = Predicted(self.truth[rows, None], weak[rows], w2s, w2s)
        with np.errstate(over="ignore", invalid="ignore"):
            bounds: Array = self.task.term("bound").of(predicted).mean(axis=0)
        return bounds

    def _had(self) -> Array:
        return shown(self.truth, self.roles.supervisor_learns, self.roles.supervisor_chooses)

    def _as_seen(self, weak: Array) -> Array:
        if self.shuffle_seed is None:
            return weak
        taught, chosen = self.roles.student_learns, self.roles.student_chooses
        return shuffled(weak, [taught, chosen], self.shuffle_seed)


def _alike(known: Known) -> NDArray[np.bool_]:
    """Say of which supervisors the student learns labels that are all alike, shape (k,)."""
    taught = known.taught_weak[known.taught]
    said = ~np.isnan(taught)
    first = taught[np.argmax(said, axis=0), np.arange(taught.shape[1])]
    found: NDArray[np.bool_] = said.any(axis=0) & (~said | (taught == first)).all(axis=0)
    return found


def _everything_made(student: Student, teaching: Teaching, known: Known) -> dict[str, Made]:
    """Return what is made of weak labels by every use; all are learnt at once."""
    exercises = {name: use.exercises(known) for name, use in USES.items()}
    learned = iter(student.learn(teaching, [one for each in exercises.values() for one in each]))
    found = {}
    for name, use in USES.items():
        made = use.made(known, list(islice(learned, len(exercises[name]))))
        found[name] = replace(made, predictions=without_rounding(made.predictions))
    return found


def _checked(supervisor: Supervisor, said: WeakLabels, split: _Split) -> WeakLabels:
    """Return what a supervisor says, or raise InputError if nobody can learn from it."""
    labels, n, roles = np.asarray(said.labels), len(split.truth), split.roles
    if labels.shape != (n,) or labels.dtype.kind not in "fiu":
        raise InputError(
            f"supervisor {supervisor.name} gives an array of shape {labels.shape} and type "
            f"{labels.dtype} for {n:,} molecules. It should give one number each, shape ({n},), "
            "NaN where it says nothing."
        )
    wanted = {"learns from": roles.student_learns, "chooses a penalty on": roles.student_chooses}
    for what, rows in wanted.items():
        if np.isnan(labels[rows]).all() and not roles.drawn:
            nothing = f"it says nothing of the {len(rows):,} molecules that a student {what}"
            why = said.silent or nothing
            raise InputError(
                f"supervisor {supervisor.name} cannot teach on {split.where}: {why}. "
                "It should have a number for some of them; leave it out, or choose other splits."
            )
    where = f"{supervisor.name} on {split.where}"
    return replace(said, labels=split.task.said(labels.astype(np.float64), where))


def shown(truth: Array, *roles: Rows) -> Array:
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
