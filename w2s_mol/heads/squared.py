"""Rules for heads of real-valued labels, by squared errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from w2s_mol.heads.beside import ridge_beside_at
from w2s_mol.heads.fitter import Asked, FitHead
from w2s_mol.heads.head import Head
from w2s_mol.heads.linear import Array, LinearHead
from w2s_mol.heads.matrix import Matrix, Rows
from w2s_mol.heads.penalties import PENALTIES
from w2s_mol.heads.ridge import RidgePath


class _Fit(Protocol):
    def __call__(
        self,
        features: Matrix,
        labels: Array,
        learn: Rows,
        choose: Rows,
        weights: Array | None = None,
        /,
    ) -> Head: ...


class _FitBeside(Protocol):
    def __call__(
        self, features: Matrix, labels: Array, beside: Array, learn: Rows, choose: Rows, /
    ) -> Head: ...


@dataclass(frozen=True)
class SquaredRule(FitHead):
    """A rule, of two functions.

    Attributes
    ----------
    fit
        Takes features (n, d), labels (n, k), the rows to fit on, those to choose on, and weights of
        the former.
    beside
        The same for heads that read a number of each molecule beside its features: features,
        labels (n, k), numbers (n, k), and the rows.
    """

    fit: _Fit
    beside: _FitBeside

    def fitted(self, asked: Asked) -> Head:
        """Fit heads; what is corrected is taken from the labels."""
        labels, given = asked.labels, asked.given
        if given.start is not None:
            labels = labels - np.where(np.isnan(given.start), 0.0, given.start)
        if given.beside is not None:
            return self.beside(asked.features, labels, given.beside, asked.learn, asked.choose)
        return self.fit(asked.features, labels, asked.learn, asked.choose, given.weights)

    def at(self, penalty: float) -> FitHead:
        """Return ridge heads at the penalty."""
        return ridge_at(penalty)


def ridge_at(penalty: float) -> SquaredRule:
    """Return what fits ridge heads at the penalty of the path that is nearest to one."""
    number = int(np.argmin(np.abs(np.log(PENALTIES / penalty))))

    def fit(
        features: Matrix,
        labels: Array,
        learn: Rows,
        _choose: Rows,
        weights: Array | None = None,
    ) -> LinearHead:
        path = RidgePath.fit(features, labels, learn, weights)
        return path.head(np.full(labels.shape[1], number))

    def fit_beside(
        features: Matrix, labels: Array, beside: Array, learn: Rows, _choose: Rows
    ) -> LinearHead:
        numbers = np.full(labels.shape[1], number)
        return ridge_beside_at(features, labels, beside, learn, numbers)

    return SquaredRule(fit, fit_beside)
