"""Heads that read a number of each molecule beside its features, another one for each column.

With ridge heads the number is one feature more, standardised and penalised as the others are. Its
coefficient at penalty a follows from the factorisation of the features alone: with ``A = X'X + aI``
and the standardised number w, ``slope = (w'y - w'X A^-1 X'y) / (w'w + a - w'X A^-1 X'w)``, whose
divisor is the Schur complement of A. So the features are factorised once for all columns. Golub and
Van Loan, Matrix Computations, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from w2s_mol.heads.factor import condensed
from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.matrix import Features, InMemory, Matrix, Rows
from w2s_mol.heads.penalties import PENALTIES
from w2s_mol.heads.ridge import RidgePath


@dataclass(frozen=True)
class _OneMore:
    """Features with a number of each molecule as their last column."""

    features: Matrix
    number: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n, d + 1)."""
        n, d = self.features.shape
        return n, d + 1

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Features]]:
        """Yield the features of some rows, block by block."""
        for places, block in self.features.blocks(rows):
            yield places, np.hstack([block, self.number[rows[places], None]])


def each_beside(
    fit: Callable[[Matrix, Array, Rows, Rows], LinearHead],
) -> Callable[[Matrix, Array, Array, Rows, Rows], LinearHead]:
    """Return what fits each column with its number as a feature more, by any rule for heads."""

    def fit_each(
        features: Matrix, labels: Array, beside: Array, learn: Rows, choose: Rows
    ) -> LinearHead:
        heads = [
            fit(_OneMore(features, beside[:, j]), labels[:, j : j + 1], learn, choose)
            for j in range(labels.shape[1])
        ]
        last = [head.coefficients[-1, 0] / head.scaler.scale[-1] for head in heads]
        moved = [s * head.scaler.mean[-1] for s, head in zip(last, heads, strict=True)]
        first = heads[0].scaler
        return LinearHead(
            Scaler(first.mean[:-1], first.scale[:-1]),
            np.hstack([head.coefficients[:-1] for head in heads]),
            np.concatenate([head.intercepts for head in heads]) - moved,
            np.concatenate([head.penalties for head in heads]),
            np.array(last),
            heads[0].link,
        )

    return fit_each


@dataclass(frozen=True)
class _Path:
    """All ridge fits of ``k`` columns, each with its number beside the features."""

    path: RidgePath
    numbers: Scaler
    products: Array
    squares: Array

    @classmethod
    def fit(cls, features: Matrix, labels: Array, beside: Array, rows: Rows) -> _Path:
        numbers = Scaler.fit(InMemory(beside), rows)
        w = numbers.transform(beside)
        path = RidgePath.fit(features, np.hstack([labels, w]), rows)
        centred = labels[rows] - path.means[: labels.shape[1]]
        return cls(path, numbers, (w[rows] * centred).sum(axis=0), (w[rows] ** 2).sum(axis=0))

    def coordinates(self, penalties: Array | float) -> tuple[Array, Array]:
        """Return coefficients in the eigenbasis (r, k), and slopes (k,), at penalties."""
        k = len(self.products)
        shrunk = self.path.shrunk(np.tile(np.broadcast_to(penalties, k), 2))
        of_labels, of_numbers = shrunk[:, :k], shrunk[:, k:]
        # In the dual form the eigenbasis is not of unit length.
        gains = (self.path.basis**2).sum(axis=0)[:, None]
        known = gains * self.path.coordinates[:, k:]
        rest = np.maximum(self.squares - (known * of_numbers).sum(axis=0), 0.0) + penalties
        slopes = (self.products - (known * of_labels).sum(axis=0)) / rest
        return of_labels - of_numbers * slopes, slopes

    def errors(self, features: Matrix, labels: Array, beside: Array, rows: Rows) -> Array:
        """Return the mean squared error on some molecules at every penalty, (penalties, k)."""
        k, r = len(self.products), len(self.path.values)
        w = self.numbers.transform(beside)

        def in_parts() -> Iterator[Array]:
            for places, block in features.blocks(rows):
                here = rows[places]
                centred = labels[here] - self.path.means[:k]
                projected = self.path.scaler.transform(block) @ self.path.basis
                yield np.hstack([projected, w[here], centred])

        few = condensed(in_parts())
        errors = np.empty((len(PENALTIES), k))
        for place, penalty in enumerate(PENALTIES):
            coordinates, slopes = self.coordinates(penalty)
            residuals = few[:, :r] @ coordinates + few[:, r : r + k] * slopes - few[:, r + k :]
            errors[place] = (residuals**2).sum(axis=0) / len(rows)
        return errors

    def head(self, chosen: Rows) -> LinearHead:
        """Return the head whose column j has penalty number ``chosen[j]`` of the path."""
        penalties = PENALTIES[chosen]
        coordinates, slopes = self.coordinates(penalties)
        slopes = slopes / self.numbers.scale
        intercepts = self.path.means[: len(slopes)] - slopes * self.numbers.mean
        coefficients = self.path.basis @ coordinates
        return LinearHead(self.path.scaler, coefficients, intercepts, penalties, slopes)


def ridge_beside(
    features: Matrix, labels: Array, beside: Array, learn: Rows, choose: Rows
) -> LinearHead:
    """Fit ridge heads, each penalty the one with the least squared error on other molecules.

    Parameters
    ----------
    features
        Shape (n, d).
    labels, beside
        Shape (n, k): what is learnt, and the number beside the features.
    learn, choose
        Rows to fit on, and rows to choose the penalty on.
    """
    path = _Path.fit(features, labels, beside, learn)
    return path.head(np.argmin(path.errors(features, labels, beside, choose), axis=0))


def ridge_beside_at(
    features: Matrix, labels: Array, beside: Array, learn: Rows, numbers: Rows
) -> LinearHead:
    """Fit ridge heads, column j at penalty number ``numbers[j]`` of the path."""
    return _Path.fit(features, labels, beside, learn).head(numbers)
