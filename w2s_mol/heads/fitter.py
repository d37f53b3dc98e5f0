"""The contract of a rule for heads: what it is given, what it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from w2s_mol.heads.head import Array, Head
from w2s_mol.heads.matrix import Matrix, Rows


@dataclass(frozen=True)
class Given:
    """What there may be beside features and labels.

    Attributes
    ----------
    weights
        Of the losses of the rows to learn, shape (len(learn),); all are 1 if not given.
    beside
        A number of each molecule that is read beside its features, shape (n, k).
    start
        A prediction of each molecule that the head is to correct, shape (n, k); all NaN in the
        columns that correct none.
    """

    weights: Array | None = None
    beside: Array | None = None
    start: Array | None = None


PLAIN = Given()


@dataclass(frozen=True)
class Asked:
    """What heads are to be fitted to; as in ``FitHead.__call__``."""

    features: Matrix
    labels: Array
    learn: Rows
    choose: Rows
    given: Given = PLAIN
    weak: bool = False


class FitHead(ABC):
    """A rule for heads: whoever has molecules calls it, a kind of rule says what is fitted.

    Attributes
    ----------
    tells_weak_apart
        Whether weak labels are learnt in another way than true ones.
    """

    tells_weak_apart: bool = False

    def __call__(
        self,
        features: Matrix,
        labels: Array,
        learn: Rows,
        choose: Rows,
        given: Given = PLAIN,
        *,
        weak: bool = False,
    ) -> Head:
        """Fit heads.

        Parameters
        ----------
        features
            Shape (n, d).
        labels
            Shape (n, k).
        learn, choose
            Rows to fit on, and rows to choose a penalty or an epoch on.
        given
            What there is beside these.
        weak
            Whether a supervisor gave the labels, and the head is its student's.
        """
        return self.fitted(Asked(features, labels, learn, choose, given, weak))

    @abstractmethod
    def fitted(self, asked: Asked) -> Head:
        """Return the heads that are asked for."""

    @abstractmethod
    def at(self, penalty: float) -> FitHead:
        """Return the rule whose heads have a penalty that is given: nothing is chosen."""
