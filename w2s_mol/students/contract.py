"""The contract of a student: whoever learns from labels, and gives a model of each column.

A new kind is a module with a subclass of ``Student``, and a line in ``students.registry``. What is
given to a student to learn, and what is made of it, is said in ``uses``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.reader import Reader
from w2s_mol.heads.fitter import FitHead
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.uses.contract import Exercise, Learned


@dataclass(frozen=True)
class Teaching:
    """What a student learns from on one split.

    Attributes
    ----------
    examples
        All ``n`` molecules of the dataset.
    supervisors
        The ``k`` of the cells.
    fit
        The study's rule for heads.
    task
        What the labels are, by name in ``tasks.registry.TASKS``.
    """

    examples: Examples
    supervisors: Sequence[Supervisor]
    fit: FitHead
    task: str = "regression"


class Student(Reader, ABC):
    """An encoder and a rule for heads that learn from labels."""

    @abstractmethod
    def learn(self, teaching: Teaching, exercises: Sequence[Exercise]) -> list[Learned]:
        """Do each exercise; all come at once, so that work on the molecules is done once."""
