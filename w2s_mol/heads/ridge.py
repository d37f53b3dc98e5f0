"""Ridge heads: every fit of a path of penalties, from moments of the features.

With standardised features X and centred labels Y, the coefficients at penalty a are the exact
minimiser of ``||Y - X B||^2 + a ||B||^2``, ``B = V (E + a)^-1 V' X'Y`` with ``X'X = V E V'``. Both
products are sums over molecules, so the features are read a block at a time. Where there are no
more molecules than features ``X X'`` is factorised instead. The intercept is not penalised.
Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 3.4.1.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from w2s_mol.heads.factor import condensed
from w2s_mol.heads.linear import Array, LinearHead, Scaler, weighted
from w2s_mol.heads.matrix import Matrix, Rows, gathered
from w2s_mol.heads.penalties import PENALTIES


@dataclass(frozen=True)
class RidgePath:
    """All fits of one set of features and labels.

    Attributes
    ----------
    scaler
        Of the features.
    values
        Eigenvalues E, shape (r,).
    basis
        Shape (d, r): maps coordinates in the eigenbasis to coefficients.
    coordinates
        Of the labels in the eigenbasis, shape (r, k).
    means
        Of the labels, shape (k,).
    """

    scaler: Scaler
    values: Array
    basis: Array
    coordinates: Array
    means: Array

    @classmethod
    def fit(
        cls, features: Matrix, labels: Array, rows: Rows, weights: Array | None = None
    ) -> RidgePath:
        """Factorise.

        Parameters
        ----------
        features
            Shape (n, d).
        labels
            Shape (n, k).
        rows
            Of the training molecules.
        weights
            Of their squared errors, shape (len(rows),); all are 1 if not given.
        """
        factored = _factored(features, rows, weights)
        means = np.average(labels[rows], axis=0, weights=weights)
        coordinates = factored.coordinates(features, labels - means, rows, weights)
        return cls(factored.scaler, factored.values, factored.basis, coordinates, means)

    def errors(self, features: Matrix, labels: Array, rows: Rows) -> Array:
        """Return the mean squared error on some molecules at every penalty, (penalties, k)."""
        r = len(self.values)

        def beside_labels() -> Iterator[Array]:
            for places, block in features.blocks(rows):
                projected = self.scaler.transform(block) @ self.basis
                yield np.hstack([projected, labels[rows[places]] - self.means])

        few = condensed(beside_labels())
        errors = np.empty((len(PENALTIES), len(self.means)))
        for place, penalty in enumerate(PENALTIES):
            residuals = few[:, :r] @ self.shrunk(penalty) - few[:, r:]
            errors[place] = (residuals**2).sum(axis=0) / len(rows)
        return errors

    def head(self, chosen: Rows) -> LinearHead:
        """Return the head whose column j has penalty number ``chosen[j]`` of the path."""
        penalties = PENALTIES[chosen]
        return LinearHead(self.scaler, self.basis @ self.shrunk(penalties), self.means, penalties)

    def shrunk(self, penalties: Array | float) -> Array:
        """Return coefficients in the eigenbasis at penalties: one, or one a column."""
        shrunk: Array = self.coordinates / (self.values[:, None] + penalties)
        return shrunk


@dataclass(frozen=True)
class _Factored:
    """What the features of some molecules are to any labels.

    ``turned``, shape (r, n), has them in the eigenbasis, in the order of ``places``; there is none
    where they were never all in hand.
    """

    scaler: Scaler
    values: Array
    basis: Array
    places: Rows
    turned: Array | None

    @classmethod
    def of(cls, features: Matrix, rows: Rows, weights: Array | None) -> _Factored:
        scaler, roots = Scaler.fit(features, rows, weights), _roots(weights)
        d = features.shape[1]
        if len(rows) <= d:  # centred, they have less than full rank: X'X would be singular
            train = weighted(scaler.transform(gathered(features, rows)), roots)
            values, vectors = _eigen(train @ train.T)
            return cls(scaler, values, train.T @ vectors, np.arange(len(rows)), vectors.T)
        gram = np.zeros((d, d))
        for places, block in features.blocks(rows):
            x = weighted(scaler.transform(block), roots, places)
            gram += x.T @ x
        values, vectors = _eigen(gram)
        # Where all are in hand they are projected, as versions before blocks did: it rounds alike,
        # which the smallest penalties multiply by a million.
        whole = len(places) == len(rows)
        return cls(scaler, values, vectors, places, vectors.T @ x.T if whole else None)

    def coordinates(
        self, features: Matrix, centred: Array, rows: Rows, weights: Array | None
    ) -> Array:
        """Return those of labels in the eigenbasis, shape (r, k)."""
        roots = _roots(weights)
        if self.turned is not None:
            y = weighted(centred[rows[self.places]], roots, self.places)
            found: Array = self.turned @ y
            return found
        products = np.zeros((features.shape[1], centred.shape[1]))
        for places, block in features.blocks(rows):
            x = weighted(self.scaler.transform(block), roots, places)
            products += x.T @ weighted(centred[rows[places]], roots, places)
        projected: Array = self.basis.T @ products
        return projected


_last: tuple[weakref.ref[Matrix], bytes, bytes | None, _Factored] | None = None


def _factored(features: Matrix, rows: Rows, weights: Array | None) -> _Factored:
    """Factorise features, unless they were the last: one student's heads are of the same rows."""
    global _last  # noqa: PLW0603 -- let go with the features
    of = rows.tobytes(), None if weights is None else weights.tobytes()
    last = _last  # another thread may let it go meanwhile
    if last is not None and last[0]() is features and last[1:3] == of:
        return last[3]
    made = _Factored.of(features, rows, weights)
    _last = weakref.ref(features, _forget), *of, made
    return made


def _forget(_: object) -> None:
    global _last  # noqa: PLW0603
    _last = None


def _roots(weights: Array | None) -> Array | None:
    return None if weights is None else np.sqrt(weights)


def _eigen(gram: Array) -> tuple[Array, Array]:
    values, vectors = scipy.linalg.eigh(gram, overwrite_a=True, check_finite=False)
    return np.maximum(values, 0.0), vectors


def fit_ridge(
    features: Matrix, labels: Array, learn: Rows, choose: Rows, weights: Array | None = None
) -> LinearHead:
    """Fit ridge heads, each penalty the one with the least squared error on other molecules.

    Parameters
    ----------
    features
        Shape (n, d).
    labels
        Shape (n, k).
    learn, choose
        Rows to fit on, and rows to choose the penalty on. The labels of both are of one kind: a
        student's penalty is chosen on weak labels, never on true ones.
    weights
        Of the squared errors of ``learn``, shape (len(learn),); all are 1 if not given.
    """
    path = RidgePath.fit(features, labels, learn, weights)
    return path.head(np.argmin(path.errors(features, labels, choose), axis=0))
