"""The minimiser of logistic heads: L-BFGS in the eigenbasis of their mean Hessian."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from w2s_mol.heads.bernoulli import Loss
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows

Precision = type[np.float32] | type[np.float64]

_FLOOR = 1e-9
_STEPS = 500
_TRIES = 3
"""Times that a descent which ended early goes on, with no memory of its steps."""


@dataclass(frozen=True)
class State:
    """Parameters of ``k`` columns: coefficients (r, k), intercepts (k,), slopes (k,)."""

    coefficients: Array
    intercepts: Array
    slopes: Array

    def columns(self, some: NDArray[np.generic]) -> State:
        """Return those of some columns."""
        return State(self.coefficients[:, some], self.intercepts[some], self.slopes[some])

    def beyond(self, before: State) -> State:
        """Return the state as far beyond this as this is beyond the one before."""
        return State(
            2 * self.coefficients - before.coefficients,
            2 * self.intercepts - before.intercepts,
            2 * self.slopes - before.slopes,
        )

    def put(self, some: Rows, other: State) -> State:
        """Return the state with another one's columns for some."""
        found = State(self.coefficients.copy(), self.intercepts.copy(), self.slopes.copy())
        found.coefficients[:, some] = other.coefficients
        found.intercepts[some], found.slopes[some] = other.intercepts, other.slopes
        return found


@dataclass(frozen=True)
class Sample:
    """Molecules: features (m, r), labels (m, k), weights (m, 1), numbers and offsets (m, k)."""

    x: Array
    labels: Array
    weights: Array | None
    numbers: Array | None
    offsets: Array | None
    loss: Loss

    def columns(self, some: NDArray[np.generic]) -> Sample:
        """Return that of some columns of labels."""
        return replace(
            self,
            labels=self.labels[:, some],
            numbers=None if self.numbers is None else self.numbers[:, some],
            offsets=None if self.offsets is None else self.offsets[:, some],
        )

    def of_type(self, dtype: Precision) -> Sample:
        """Return it in a type of floating point."""

        def typed(array: Array | None) -> Any:
            return None if array is None else array.astype(dtype)

        x, labels, weights = typed(self.x), typed(self.labels), typed(self.weights)
        return Sample(x, labels, weights, typed(self.numbers), typed(self.offsets), self.loss)

    def logits(self, state: State) -> Array:
        """Return the logit of each molecule and column, (m, k)."""
        kind = self.x.dtype
        found: Array = self.x @ state.coefficients.astype(kind) + state.intercepts.astype(kind)
        if self.numbers is not None:
            found += self.numbers * state.slopes.astype(kind)
        return found if self.offsets is None else found + self.offsets

    def losses(self, state: State) -> Array:
        """Return the loss of each molecule and column, (m, k)."""
        return self.loss.of(self.logits(state), self.labels)[0]


@dataclass(frozen=True)
class _Numbers:
    """Numbers beside features, as the mean Hessian sees them.

    Attributes
    ----------
    squares
        Their own curvature, shape (k,).
    along
        That with the features, shape (r, k).
    """

    squares: Array
    along: Array

    @classmethod
    def of(cls, numbers: Array | None, x: Array, curvature: Array) -> _Numbers | None:
        if numbers is None:
            return None
        curved = curvature * numbers
        return cls((curved * numbers).sum(axis=0), x.T @ curved)

    def columns(self, some: NDArray[np.generic]) -> _Numbers:
        return _Numbers(self.squares[some], self.along[:, some])


@dataclass(frozen=True)
class Turned:
    """Molecules in the eigenbasis of the mean Hessian, centred by its weights.

    Attributes
    ----------
    sample
        With features of shape (m, r) in that basis.
    centre, vectors
        From the coordinates before: ``x_turned = (x - centre) @ vectors``.
    values
        Eigenvalues, shape (r,).
    of_intercepts
        The curvature of intercepts, shape (k,).
    numbers
        Those beside the features, if any.
    """

    sample: Sample
    centre: Array
    vectors: Array
    values: Array
    of_intercepts: Array
    numbers: _Numbers | None

    @classmethod
    def at(cls, sample: Sample, state: State, dtype: Precision = np.float64) -> Turned:
        """Return molecules in the eigenbasis of the mean Hessian at a state.

        What is computed from there on is of a type of floating point.
        """
        s = expit(sample.logits(state))
        curvature = s * (1 - s) * (1.0 if sample.weights is None else sample.weights)
        mean = curvature.mean(axis=1)
        centre = mean @ sample.x / mean.sum()
        x = sample.x - centre  # so that the intercept is orthogonal to the rest
        values, vectors = scipy.linalg.eigh(x.T @ (x * mean[:, None]), check_finite=False)
        x = x @ vectors
        return cls(
            replace(sample, x=x).of_type(dtype),
            centre,
            vectors,
            np.maximum(values, 0.0),
            curvature.sum(axis=0),
            _Numbers.of(sample.numbers, x, curvature),
        )

    def columns(self, some: NDArray[np.generic]) -> Turned:
        """Return that of some columns of labels."""
        return replace(
            self,
            sample=self.sample.columns(some),
            of_intercepts=self.of_intercepts[some],
            numbers=None if self.numbers is None else self.numbers.columns(some),
        )

    def minimised(self, state: State, penalties: Array, slope: float) -> State:
        """Return the state of the least objective at a penalty each, from another one."""
        scaled = _Scaled.of(self, penalties)
        start = scaled.packed(self._into(state))

        def objective(flat: Array) -> tuple[float, Array]:
            here = scaled.parts(flat)
            losses, slopes = self._losses(here)
            pull, of_slopes = penalties * here.coefficients, penalties * here.slopes
            value = losses.sum(dtype=np.float64) + 0.5 * (pull * here.coefficients).sum()
            gradient = State(
                self.sample.x.T @ slopes + pull,
                slopes.sum(axis=0, dtype=np.float64),
                self._of_slopes(slopes),
            )
            if self.numbers is not None:
                value += 0.5 * (of_slopes * here.slopes).sum()
                gradient = replace(gradient, slopes=gradient.slopes + of_slopes)
            return float(value), scaled.gradient(gradient)

        options = {"gtol": slope, "ftol": 0.0, "maxiter": _STEPS}
        for _ in range(_TRIES):
            found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
            start = found.x
            if np.abs(found.jac).max() <= slope:
                break
        return self._out_of(scaled.parts(start))

    def _losses(self, state: State) -> tuple[Array, Array]:
        sample = self.sample
        losses, slopes = sample.loss.of(sample.logits(state), sample.labels)
        if sample.weights is None:
            return losses, slopes
        return losses * sample.weights, slopes * sample.weights

    def _of_slopes(self, slopes: Array) -> Array:
        numbers = self.sample.numbers
        if numbers is None:
            return np.zeros(slopes.shape[1])
        found: Array = (slopes * numbers).sum(axis=0, dtype=np.float64)
        return found

    def _into(self, state: State) -> State:
        moved = state.intercepts + self.centre @ state.coefficients
        return State(self.vectors.T @ state.coefficients, moved, state.slopes)

    def _out_of(self, state: State) -> State:
        coefficients = self.vectors @ state.coefficients
        moved = state.intercepts - self.centre @ coefficients
        return State(coefficients, moved, state.slopes)


@dataclass(frozen=True)
class _Scaled:
    """Parameters as one vector in which the mean Hessian is the identity.

    A slope's direction is freed of what the features have of its number.

    Attributes
    ----------
    features, intercepts, slopes
        Roots of the curvature, shapes (r, k), (k,) and (k,).
    along
        What a step of each slope takes from the coefficients, shape (r, k).
    """

    features: Array
    intercepts: Array
    slopes: Array
    along: Array | None

    @classmethod
    def of(cls, turned: Turned, penalties: Array) -> _Scaled:
        curvature = turned.values[:, None] + penalties
        slopes, along = np.ones(len(penalties)), None
        if (numbers := turned.numbers) is not None:
            along = numbers.along / curvature
            rest = numbers.squares - (along * numbers.along).sum(axis=0)
            slopes = np.sqrt(np.maximum(rest, 0.0) + penalties)
        intercepts = np.sqrt(turned.of_intercepts + _FLOOR)
        return cls(np.sqrt(curvature), intercepts, slopes, along)

    def packed(self, state: State) -> Array:
        """Return a state as a vector."""
        free = state.coefficients
        if self.along is not None:
            free = free + self.along * state.slopes
        return self._vector(
            free * self.features, state.intercepts * self.intercepts, state.slopes * self.slopes
        )

    def parts(self, flat: Array) -> State:
        """Return the state of a vector."""
        r, k = self.features.shape
        rows = flat.reshape(-1, k)
        coefficients = rows[:r] / self.features
        if self.along is None:
            return State(coefficients, rows[r] / self.intercepts, np.zeros(k))
        slopes = rows[r + 1] / self.slopes
        return State(coefficients - self.along * slopes, rows[r] / self.intercepts, slopes)

    def gradient(self, of_state: State) -> Array:
        """Return the gradient in the vector, of that in a state."""
        free = of_state.slopes
        if self.along is not None:
            free = free - (self.along * of_state.coefficients).sum(axis=0)
        return self._vector(
            of_state.coefficients / self.features,
            of_state.intercepts / self.intercepts,
            free / self.slopes,
        )

    def _vector(self, features: Array, intercepts: Array, slopes: Array) -> Array:
        rows = [features, intercepts[None]]
        return np.vstack(rows if self.along is None else [*rows, slopes[None]]).ravel()
