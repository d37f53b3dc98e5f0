"""Logistic heads with a ridge penalty, all columns of labels and a path of penalties at once.

With standardised features X and labels p in [0, 1], probabilities or classes, a column is fitted by
the least ``sum_i loss(t_i, p_i) + a/2 |b|^2``, ``t = X b + c``; the intercept is not penalised (le
Cessie and van Houwelingen 1992, Applied Statistics 41, 191). scikit-learn's ``C`` is 1 / a. The
minimiser is scipy's L-BFGS, of all columns together: their sum is the objective, and products of
matrices serve all of them. It works in the eigenbasis of the mean Hessian, where every column's own
is near to the identity, so that a few steps are enough at each penalty of the path.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from w2s_mol.heads.bernoulli import CROSS_ENTROPY, Loss
from w2s_mol.heads.fitter import PLAIN, Given
from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.matrix import InMemory, Matrix, Rows, gathered
from w2s_mol.heads.probability import logit, within

PENALTIES = np.logspace(5, -4, 30)
"""From the largest, in the units of 1 / scikit-learn's ``C``: each fit starts at the one before."""

_TURNED_AGAIN = 6
"""Penalties after which the eigenbasis is found anew."""
_LOOSE, _TIGHT = 3e-4, 1e-5
"""Largest slope, in units of the root of the curvature: on the path, and of the head. Of 24 heads
of BBBP none has another penalty than at 1e-5, and ten times looser saves a fourth of the time."""
_RISEN = 4
"""Rises of the loss in a row after which a path ends."""
_FLOOR = 1e-9
_STEPS = 500


def fit_logistic(
    features: Matrix,
    labels: Array,
    learn: Rows,
    choose: Rows,
    given: Given = PLAIN,
    loss: Loss = CROSS_ENTROPY,
) -> LinearHead:
    """Fit heads, each penalty of ``PENALTIES`` the one with the least loss on other molecules.

    Parameters
    ----------
    features
        Shape (n, d); those of the rows are in memory as a whole.
    labels
        Shape (n, k), from 0 to 1.
    learn, choose
        Rows to fit on, and rows to choose the penalty on. The labels of both are of one kind: a
        student's penalty is chosen on weak labels, never on true ones.
    given
        What there is beside these; numbers beside are probabilities, whose logits are read, and so
        are those that are corrected.
    loss
        What is least.
    """
    fitting = _Fitting.of(features, labels, learn, given, loss)
    valid = fitting.other(features, labels, choose, given)
    best, number = _best_of_path(fitting, valid)
    return fitting.head(best, PENALTIES[number])


def fit_logistic_at(
    features: Matrix,
    labels: Array,
    learn: Rows,
    penalty: float,
    given: Given = PLAIN,
    loss: Loss = CROSS_ENTROPY,
) -> LinearHead:
    """Fit heads at one penalty; nothing is chosen."""
    fitting = _Fitting.of(features, labels, learn, given, loss)
    state = fitting.initial()
    for above in PENALTIES[penalty < PENALTIES]:
        state = fitting.turned(state).minimised(state, np.full(labels.shape[1], above), _LOOSE)
    return fitting.head(state, np.full(labels.shape[1], penalty))


def _best_of_path(fitting: _Fitting, valid: _Sample) -> tuple[_State, Rows]:
    """Return each column's fit with the least loss on other molecules, and its penalty's number.

    A column's path ends where that loss has risen ``_RISEN`` times in a row.
    """
    k = fitting.sample.labels.shape[1]
    least, number, last = np.full(k, np.inf), np.zeros(k, dtype=np.int64), np.full(k, np.inf)
    risen, left = np.zeros(k, dtype=np.int64), np.arange(k)
    state = best = fitting.initial()
    for place, penalty in enumerate(PENALTIES):
        if place % _TURNED_AGAIN == 0:
            turned = fitting.columns(left).turned(state)
        state = turned.minimised(state, np.full(len(left), penalty), _LOOSE)
        losses = valid.columns(left).losses(state).mean(axis=0)
        better = losses < least[left]
        best = best.put(left[better], state.columns(better))
        least[left[better]], number[left[better]] = losses[better], place
        risen[left] = np.where(losses > last[left], risen[left] + 1, 0)
        last[left] = losses
        on = risen[left] < _RISEN
        if not on.any():
            break
        if not on.all():
            left, state, turned = left[on], state.columns(on), turned.columns(on)
    return best, number


@dataclass(frozen=True)
class _State:
    """Parameters of ``k`` columns: coefficients (r, k), intercepts (k,), slopes (k,)."""

    coefficients: Array
    intercepts: Array
    slopes: Array

    def columns(self, some: NDArray[np.generic]) -> _State:
        """Return those of some columns."""
        return _State(self.coefficients[:, some], self.intercepts[some], self.slopes[some])

    def put(self, some: Rows, other: _State) -> _State:
        """Return the state with another one's columns for some."""
        found = _State(self.coefficients.copy(), self.intercepts.copy(), self.slopes.copy())
        found.coefficients[:, some] = other.coefficients
        found.intercepts[some], found.slopes[some] = other.intercepts, other.slopes
        return found


@dataclass(frozen=True)
class _Sample:
    """Molecules: features (m, r), labels (m, k), weights (m, 1), numbers and offsets (m, k)."""

    x: Array
    labels: Array
    weights: Array | None
    numbers: Array | None
    offsets: Array | None
    loss: Loss

    def columns(self, some: NDArray[np.generic]) -> _Sample:
        """Return that of some columns of labels."""
        return replace(
            self,
            labels=self.labels[:, some],
            numbers=None if self.numbers is None else self.numbers[:, some],
            offsets=None if self.offsets is None else self.offsets[:, some],
        )

    def logits(self, state: _State) -> Array:
        found: Array = self.x @ state.coefficients + state.intercepts
        if self.numbers is not None:
            found += self.numbers * state.slopes
        return found if self.offsets is None else found + self.offsets

    def losses(self, state: _State) -> Array:
        """Return the loss of each molecule and column, (m, k)."""
        return self.loss.of(self.logits(state), self.labels)[0]


@dataclass(frozen=True)
class _Fitting:
    """The molecules to learn, in as few coordinates as they span.

    Attributes
    ----------
    sample
        They.
    scaler, numbers
        Of the features, and of the numbers beside them.
    basis
        Shape (d, r): from coordinates to coefficients of the features.
    """

    sample: _Sample
    scaler: Scaler
    numbers: Scaler | None
    basis: Array | None

    @classmethod
    def of(cls, features: Matrix, labels: Array, learn: Rows, given: Given, loss: Loss) -> _Fitting:
        scaler = Scaler.fit(features, learn, given.weights)
        beside = None if given.beside is None else InMemory(logit(given.beside))
        numbers = None if beside is None else Scaler.fit(beside, learn)
        x, basis = _spanned(scaler.transform(gathered(features, learn)))
        weights = None if given.weights is None else given.weights[:, None]
        bare = cls(_Sample(x, labels, weights, None, None, loss), scaler, numbers, basis)
        return replace(bare, sample=bare._filled(bare.sample, labels, learn, given))

    def other(self, features: Matrix, labels: Array, rows: Rows, given: Given) -> _Sample:
        """Return other molecules in the same coordinates; all weigh the same."""
        x = self.scaler.transform(gathered(features, rows))
        x = x if self.basis is None else x @ self.basis
        return self._filled(replace(self.sample, x=x, weights=None), labels, rows, given)

    def _filled(self, sample: _Sample, labels: Array, rows: Rows, given: Given) -> _Sample:
        numbers = offsets = None
        if given.beside is not None and self.numbers is not None:
            numbers = self.numbers.transform(logit(given.beside[rows]))
        if given.start is not None:
            corrected = given.start[rows]
            offsets = np.where(np.isnan(corrected), 0.0, logit(corrected))
        return replace(sample, labels=within(labels[rows]), numbers=numbers, offsets=offsets)

    def initial(self) -> _State:
        """Return the state that predicts each column's share, but for what it corrects."""
        sample = self.sample
        k = sample.labels.shape[1]
        weights = None if sample.weights is None else sample.weights[:, 0]
        share = np.average(sample.labels, axis=0, weights=weights)
        start = logit(share)
        if sample.offsets is not None:
            start = np.where((sample.offsets != 0).any(axis=0), 0.0, start)
        return _State(np.zeros((sample.x.shape[1], k)), start, np.zeros(k))

    def columns(self, some: Rows) -> _Fitting:
        """Return that of some columns of labels."""
        return replace(self, sample=self.sample.columns(some))

    def turned(self, state: _State) -> _Turned:
        """Return the molecules in the eigenbasis of the mean Hessian at a state."""
        s = expit(self.sample.logits(state))
        weights = self.sample.weights
        curvature = s * (1 - s) * (1.0 if weights is None else weights)
        mean = curvature.mean(axis=1)
        centre = mean @ self.sample.x / mean.sum()
        x = self.sample.x - centre  # so that the intercept is orthogonal to the rest
        values, vectors = scipy.linalg.eigh(x.T @ (x * mean[:, None]), check_finite=False)
        x = x @ vectors
        return _Turned(
            replace(self.sample, x=x),
            centre,
            vectors,
            np.maximum(values, 0.0),
            curvature.sum(axis=0),
            _Numbers.of(self.sample.numbers, x, curvature),
        )

    def head(self, state: _State, penalties: Array) -> LinearHead:
        """Return the heads at a penalty each, from a state that is near to them."""
        found = self.turned(state).minimised(state, penalties, _TIGHT)
        basis = self.basis
        coefficients = found.coefficients if basis is None else basis @ found.coefficients
        intercepts, slopes = found.intercepts, None
        if self.numbers is not None:
            slopes = found.slopes / self.numbers.scale
            intercepts = intercepts - slopes * self.numbers.mean
        return LinearHead(self.scaler, coefficients, intercepts, penalties, slopes, "logistic")


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
class _Turned:
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

    sample: _Sample
    centre: Array
    vectors: Array
    values: Array
    of_intercepts: Array
    numbers: _Numbers | None

    def columns(self, some: NDArray[np.generic]) -> _Turned:
        """Return that of some columns of labels."""
        return replace(
            self,
            sample=self.sample.columns(some),
            of_intercepts=self.of_intercepts[some],
            numbers=None if self.numbers is None else self.numbers.columns(some),
        )

    def minimised(self, state: _State, penalties: Array, slope: float) -> _State:
        """Return the state of the least objective at a penalty each, from another one."""
        scaled = _Scaled.of(self, penalties)
        start = scaled.packed(self._into(state))

        def objective(flat: Array) -> tuple[float, Array]:
            here = scaled.parts(flat)
            losses, slopes = self._losses(here)
            pull, of_slopes = penalties * here.coefficients, penalties * here.slopes
            value = losses.sum() + 0.5 * (pull * here.coefficients).sum()
            gradient = _State(
                self.sample.x.T @ slopes + pull, slopes.sum(axis=0), self._of_slopes(slopes)
            )
            if self.numbers is not None:
                value += 0.5 * (of_slopes * here.slopes).sum()
                gradient = replace(gradient, slopes=gradient.slopes + of_slopes)
            return float(value), scaled.gradient(gradient)

        options = {"gtol": slope, "ftol": 0.0, "maxiter": _STEPS}
        found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
        return self._out_of(scaled.parts(found.x))

    def _losses(self, state: _State) -> tuple[Array, Array]:
        sample = self.sample
        losses, slopes = sample.loss.of(sample.logits(state), sample.labels)
        if sample.weights is None:
            return losses, slopes
        return losses * sample.weights, slopes * sample.weights

    def _of_slopes(self, slopes: Array) -> Array:
        numbers = self.sample.numbers
        return np.zeros(slopes.shape[1]) if numbers is None else (slopes * numbers).sum(axis=0)

    def _into(self, state: _State) -> _State:
        moved = state.intercepts + self.centre @ state.coefficients
        return _State(self.vectors.T @ state.coefficients, moved, state.slopes)

    def _out_of(self, state: _State) -> _State:
        coefficients = self.vectors @ state.coefficients
        moved = state.intercepts - self.centre @ coefficients
        return _State(coefficients, moved, state.slopes)


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
    def of(cls, turned: _Turned, penalties: Array) -> _Scaled:
        curvature = turned.values[:, None] + penalties
        slopes, along = np.ones(len(penalties)), None
        if (numbers := turned.numbers) is not None:
            along = numbers.along / curvature
            rest = numbers.squares - (along * numbers.along).sum(axis=0)
            slopes = np.sqrt(np.maximum(rest, 0.0) + penalties)
        intercepts = np.sqrt(turned.of_intercepts + _FLOOR)
        return cls(np.sqrt(curvature), intercepts, slopes, along)

    def packed(self, state: _State) -> Array:
        """Return a state as a vector."""
        free = state.coefficients
        if self.along is not None:
            free = free + self.along * state.slopes
        return self._vector(
            free * self.features, state.intercepts * self.intercepts, state.slopes * self.slopes
        )

    def parts(self, flat: Array) -> _State:
        """Return the state of a vector."""
        r, k = self.features.shape
        rows = flat.reshape(-1, k)
        coefficients = rows[:r] / self.features
        if self.along is None:
            return _State(coefficients, rows[r] / self.intercepts, np.zeros(k))
        slopes = rows[r + 1] / self.slopes
        return _State(coefficients - self.along * slopes, rows[r] / self.intercepts, slopes)

    def gradient(self, of_state: _State) -> Array:
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


def _spanned(x: Array) -> tuple[Array, Array | None]:
    """Return features of shape (m, d) in min(m, d) coordinates, and from these to features."""
    m, d = x.shape
    if m > d:
        return x, None
    values, vectors = scipy.linalg.eigh(x @ x.T, check_finite=False)
    kept = values > max(m, d) * np.finfo(np.float64).eps * values[-1]
    roots = np.sqrt(values[kept])
    return vectors[:, kept] * roots, x.T @ (vectors[:, kept] / roots)
