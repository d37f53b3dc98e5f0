"""The contract of a use: what is made of a supervisor's labels, and of the true ones it had.

A use says which labels a student learns, and what becomes of its predictions. A new one is a class
in a module here, and a line in ``uses.registry``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.models.model import Model


@dataclass(frozen=True)
class Known:
    """What may be used on one split under ``k`` supervisors.

    Attributes
    ----------
    weak
        Weak labels as a student sees them, shape (n, k), in label units; NaN where a supervisor
        says nothing.
    taught_weak
        The same as a student learns them: they may be made of them.
    had
        The true labels that the supervisors had, shape (n,): those of ``labelled`` and ``judged``.
        NaN for all others.
    of_student
        The true labels of the molecules that the student is taught on, and of those it chooses on:
        for the ceiling alone.
    labelled, judged
        Rows that supervisors learn from, and those on which anything is chosen by true labels.
    taught, chosen
        Rows that the student learns weak labels of, and those on which it chooses by weak labels.
    read
        Rows whose predictions are measured.
    everything
        All rows that anyone reads predictions of.
    loss
        The task's error of predictions and true labels, molecule by molecule.
    """

    weak: Array
    taught_weak: Array
    had: Array
    of_student: Array
    labelled: Rows
    judged: Rows
    taught: Rows
    chosen: Rows
    read: Rows
    everything: Rows
    loss: Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Exercise:
    """Labels to learn, a column for each of ``k`` supervisors, or one that serves all.

    Attributes
    ----------
    labels
        Shape (n, k) or (n, 1), in label units; NaN where there is none.
    learn, choose
        Rows to learn from, and rows to choose anything on (a penalty), by labels of the same kind.
    read
        Rows whose predictions someone reads.
    weights
        Of the losses of ``learn``, of the shape of ``labels``; all are 1 if not given.
    beside
        A number of each molecule that may be read beside it, of the shape of ``labels``.
    start
        A prediction of each molecule that is to be corrected, of the shape of ``labels``.
    weak
        Whether the labels are a supervisor's alone, so that they are learnt as students do.
    """

    labels: Array
    learn: Rows
    choose: Rows
    read: Rows
    weights: Array | None = None
    beside: Array | None = None
    start: Array | None = None
    weak: bool = False

    @property
    def reads(self) -> Array | None:
        """Return what is read of each molecule beside its features, if anything is."""
        return self.beside if self.start is None else self.start


@dataclass(frozen=True)
class Learned:
    """What a student made of an exercise.

    Attributes
    ----------
    predictions
        Shape (n, k), in label units; NaN for rows that nobody reads.
    penalties
        Chosen ridge penalties, shape (k,); NaN for other heads.
    models
        One a column of labels, None where there was nothing to learn from; none at all where the
        student keeps none.
    """

    predictions: Array
    penalties: Array
    models: tuple[Model | None, ...]


@dataclass(frozen=True)
class Made:
    """Predictions of a use.

    Attributes
    ----------
    predictions
        Shape (n, k), in label units; NaN for rows that nobody reads.
    penalties
        Of the student's heads, shape (k,); NaN where there is none.
    models
        The student's, as in ``Learned``; none where the use has none.
    weights
        Of a weak label beside a true one, shape (k,), where one is chosen.
    """

    predictions: Array
    penalties: Array
    models: tuple[Model | None, ...] = ()
    weights: Array | None = None


class Use(ABC):
    """What is made of a supervisor's labels.

    Attributes
    ----------
    name
        In the registry, ``uses.registry.USES``; results have ``NAME_error``.
    words
        What tables and messages call it.
    what
        What it is.
    reads_weak
        Whether it needs the supervisor's labels of new molecules to predict theirs.
    """

    name: str
    words: str
    what: str
    reads_weak: bool = False

    @abstractmethod
    def exercises(self, known: Known) -> list[Exercise]:
        """Return what a student is to learn for it."""

    @abstractmethod
    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Return predictions, from what the student made of the exercises."""
