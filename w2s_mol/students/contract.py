"""The contract of a student: whoever learns from weak labels, and gives a model of each.

A new kind is a module with a subclass of ``Student``, and a line in ``students.registry``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from w2s_mol.embeddings.reader import Reader
from w2s_mol.heads.fitting import FitHead
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.models.model import Model
from w2s_mol.supervisors.contract import Supervisor


@dataclass(frozen=True)
class Teaching:
    """What a student may know of one split.

    Attributes
    ----------
    smiles
        Of all ``n`` molecules of the dataset.
    supervisors
        The ``k`` whose labels these are.
    labels
        Weak labels as the student sees them, shape (n, k), in label units; NaN where the
        supervisor says nothing.
    truth
        True labels, shape (n,), for the ceiling alone; NaN but for the rows of ``learn`` and
        ``choose``.
    learn, choose
        Rows to learn from, and rows to choose anything on (a penalty).
    asked
        Rows whose predictions someone reads.
    fit
        The study's rule for heads.
    """

    smiles: Sequence[str]
    supervisors: Sequence[Supervisor]
    labels: Array
    truth: Array
    learn: Rows
    choose: Rows
    asked: Rows
    fit: FitHead


@dataclass(frozen=True)
class Taught:
    """What a student makes of the labels of ``k`` supervisors.

    Attributes
    ----------
    w2s, ceiling
        Predictions, shape (n, k), in label units: learnt from each supervisor, and from the truth
        (one model in k columns, unless the student differs by supervisor); NaN for rows that were
        not asked for.
    w2s_penalties, ceiling_penalties
        Chosen ridge penalties, shape (k,); NaN for other heads.
    models
        One a supervisor.
    """

    w2s: Array
    ceiling: Array
    w2s_penalties: Array
    ceiling_penalties: Array
    models: tuple[Model, ...]


class Student(Reader, ABC):
    """An encoder and a rule for heads that learn from labels."""

    def refuse(self, supervisors: Sequence[Supervisor]) -> None:
        """Raise InputError if it cannot learn from one of some supervisors."""
        return

    @abstractmethod
    def learn(self, teaching: Teaching) -> Taught:
        """Learn from each supervisor's labels, and for the ceiling from the truth."""
