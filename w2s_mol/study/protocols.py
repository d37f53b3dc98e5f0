"""Protocols: which molecules of a split a supervisor learns on, which a student, which measure.

A new one is a class here, or in a module of its own, and a line in ``PROTOCOLS``: studies and the
command line have it then. Imports nothing heavy, for the command line's help reads the names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2s_mol.datasets.dataset import Split
    from w2s_mol.heads.matrix import Rows


_TEST = "test, "


def column_apart(part: str) -> str:
    """Return the column of which ``told_apart`` made the name of a part; empty for any other."""
    return part.removeprefix(_TEST) if part.startswith(_TEST) else ""


def told_apart(column: str) -> str:
    """Return what results call the test molecules of which a column says 1.

    Examples
    --------
    >>> told_apart("cliff_mol")
    'test, cliff_mol'
    """
    return _TEST + column


def _no_rows() -> Rows:
    import numpy as np

    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Roles:
    """Row numbers by what they are for.

    Attributes
    ----------
    parts
        What results are given for, by name and in their order; no row is in two of them.
    supervisor_learns, student_learns
        On true labels, and on weak ones.
    supervisor_chooses, student_chooses
        Penalties, by true labels and by weak ones.
    drawn
        Whether the labelled ones are one draw of several: who says nothing of it has no result
        there, and the study goes on.
    unlabelled
        Train and validation molecules whose true label nobody was given, and that the student is
        not taught on: what it makes of a supervisor (misfit) is measured on them as well.
    apart
        Rows of the test part that results are given for once more, by name.
    """

    parts: dict[str, Rows]
    supervisor_learns: Rows
    student_learns: Rows
    supervisor_chooses: Rows
    student_chooses: Rows
    drawn: bool = False
    unlabelled: Rows = field(default_factory=_no_rows)
    apart: dict[str, Rows] = field(default_factory=dict)

    @property
    def asked(self) -> Rows:
        """Return all rows that anyone reads predictions of, in order of their numbers."""
        import numpy as np

        used = [*self.parts.values(), self.supervisor_learns, self.student_learns]
        used += [self.supervisor_chooses, self.student_chooses, self.unlabelled]
        return np.unique(np.concatenate(used))

    @property
    def measured(self) -> Rows:
        """Return the rows of the parts that nobody learns from: validation and test."""
        import numpy as np

        return np.unique(np.concatenate([self.parts["valid"], self.parts["test"]]))

    def of(self, places: Rows) -> Roles:
        """Return the roles of rows that have other numbers: row i is ``places[i]``."""
        return Roles(
            {part: places[rows] for part, rows in self.parts.items()},
            places[self.supervisor_learns],
            places[self.student_learns],
            places[self.supervisor_chooses],
            places[self.student_chooses],
            self.drawn,
            places[self.unlabelled],
            {part: places[rows] for part, rows in self.apart.items()},
        )


class Protocol(ABC):
    """Who learns on which molecules of a split."""

    @abstractmethod
    def roles(self, split: Split, seed: int) -> Roles:
        """Return the rows of each role; the same split and seed give the same."""


class Paper(Protocol):
    """Weak head and weak labels on the same train molecules (Charikar et al. 2024, sec. 5.2)."""

    def roles(self, split: Split, seed: int) -> Roles:
        """Return the split's own parts."""
        return Roles(split.parts(), split.train, split.train, split.valid, split.valid)


class Disjoint(Protocol):
    """The train molecules are halved by seed, one half for the weak head, one for the student."""

    def roles(self, split: Split, seed: int) -> Roles:
        """Return the halves as parts of their own."""
        import numpy as np

        from w2s_mol.streams import stream

        shuffled = stream(seed, "disjoint halves").permutation(split.train)
        half = len(shuffled) // 2
        weak, strong = np.sort(shuffled[:half]), np.sort(shuffled[half:])
        parts = {
            "train-weak": weak,
            "train-strong": strong,
            "valid": split.valid,
            "test": split.test,
        }
        return Roles(parts, weak, strong, split.valid, split.valid)


PROTOCOLS: dict[str, Protocol] = {"paper": Paper(), "disjoint": Disjoint()}
