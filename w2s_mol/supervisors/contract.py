"""The contract of a supervisor: whoever gives weak labels of molecules.

A new kind is a module with a subclass of ``Supervisor``, and a line in ``supervisors.registry``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from types import MappingProxyType
from typing import Any

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.reader import Reader
from w2s_mol.heads.fitter import FitHead
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.models.model import Model
from w2s_mol.progress import Progress, silent


@dataclass(frozen=True)
class Lesson:
    """What a supervisor may know of one split, and what is asked of it.

    Attributes
    ----------
    examples
        All ``n`` molecules of the dataset.
    truth
        True labels, shape (n,), in label units; NaN but for the rows of ``learn`` and ``choose``.
    learn, choose
        Rows to learn from, and rows to choose anything on (a penalty).
    asked
        Rows whose labels someone reads.
    fit
        The study's rule for heads.
    task
        What the labels are, by name in ``tasks.registry.TASKS``.
    rule
        For those that ask the student: from weak labels of shape (n, m) and rows of ``choose`` of
        which all columns have one, to the paper's weak error - misfit of each column with this
        student on these rows, shape (m,).
    """

    examples: Examples
    truth: Array
    learn: Rows
    choose: Rows
    asked: Rows
    fit: FitHead
    task: str = "regression"
    rule: Callable[[Array, Rows], Array] | None = None


@dataclass(frozen=True)
class WeakLabels:
    """What a supervisor says.

    Attributes
    ----------
    labels
        Shape (n,), in label units; NaN for rows that were not asked for, or of which it says
        nothing.
    penalty
        The ridge penalty that it chose for itself, if it did.
    model
        What says the same of new molecules; None where nothing of the kind is kept.
    taken
        The names of those whose labels they are, where it took some of several.
    silent
        Why it says nothing of any molecule, where it knows.
    """

    labels: Array
    penalty: float = nan
    model: Model | None = None
    taken: str = ""
    silent: str = ""


class Supervisor(Reader, ABC):
    """Weak labels for molecules.

    Attributes
    ----------
    family
        What it is called with its kin: a folder of encoders, a kind of supervisor.
    hidden, seed
        The size of its encoder and the seed of its pretraining, where it has them.
    made
        How it was made, as far as is known; the manifest of a run has it.
    asks_student
        Whether its labels depend on the student that is to learn them: it is asked for each.
    """

    family: str
    hidden: int | None = None
    seed: int | None = None
    made: Mapping[str, Any] = MappingProxyType({})
    asks_student: bool = False

    def content(self, examples: Examples) -> str:
        """Return a hash of what it is on some molecules: of what their table says of it too."""
        return self.sha256

    def remarks(
        self, examples: Examples, truth: Array, progress: Progress = silent
    ) -> Sequence[str]:
        """Return what a user should know of it on some molecules before believing a result.

        Parameters
        ----------
        examples
            ``n`` molecules.
        truth
            True labels, shape (n,), NaN but for labelled train molecules of the first split.
        progress
            Told what is computed for it.

        Raises
        ------
        InputError
            If nobody can learn from it there.
        """
        return ()

    @abstractmethod
    def labels(self, lesson: Lesson) -> WeakLabels:
        """Return weak labels of a lesson's molecules; the same lesson gives the same labels."""
