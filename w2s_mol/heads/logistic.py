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

from w2s_mol.heads.bernoulli import CROSS_ENTROPY, Loss
from w2s_mol.heads.fitter import PLAIN, Given
from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.logistic_steps import Sample, State, Turned
from w2s_mol.heads.matrix import InMemory, Matrix, Rows, gathered
from w2s_mol.heads.penalties import LOGISTIC_PENALTIES
from w2s_mol.heads.probability import logit, offsets_of, within

_TURNED_AGAIN = 6
"""Penalties after which the eigenbasis is found anew."""
_LOOSE, _TIGHT = 3e-3, 1e-6
"""Largest slope, in units of the root of the curvature: on the path, which is in float32, and of
the head. Of 146 heads of BBBP none has another penalty than all in float64 at 1e-5."""
_WORTH = 1e-5
"""Nats a molecule that a smaller penalty has to save: what is less is rounding, and would let heads
depend on those that are fitted beside them."""
_RISEN = 4
"""Rises of the loss in a row after which a path ends."""


def fit_logistic(
    features: Matrix,
    labels: Array,
    learn: Rows,
    choose: Rows,
    given: Given = PLAIN,
    loss: Loss = CROSS_ENTROPY,
) -> LinearHead:
    """Fit heads, each penalty of the path the one with the least loss on other molecules.

    Of several that differ by less than ``_WORTH`` it is the largest.

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
    return fitting.head(best, LOGISTIC_PENALTIES[number])


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
    for above in LOGISTIC_PENALTIES[penalty < LOGISTIC_PENALTIES]:
        state = Turned.at(fitting.sample, state).minimised(
            state, np.full(labels.shape[1], above), _LOOSE
        )
    return fitting.head(state, np.full(labels.shape[1], penalty))


def _best_of_path(fitting: _Fitting, valid: Sample) -> tuple[State, Rows]:
    """Return each column's fit with the least loss on other molecules, and its penalty's number.

    A column's path ends where that loss has risen ``_RISEN`` times in a row.
    """
    k = fitting.sample.labels.shape[1]
    least, number, last = np.full(k, np.inf), np.zeros(k, dtype=np.int64), np.full(k, np.inf)
    risen, left = np.zeros(k, dtype=np.int64), np.arange(k)
    state = best = before = fitting.initial()
    for place, penalty in enumerate(LOGISTIC_PENALTIES):
        if place % _TURNED_AGAIN == 0:
            turned = Turned.at(fitting.sample.columns(left), state, np.float32)
        start, before = state.beyond(before), state
        state = turned.minimised(start, np.full(len(left), penalty), _LOOSE)
        losses = valid.columns(left).losses(state).mean(axis=0)
        better = losses < least[left] - _WORTH
        best = best.put(left[better], state.columns(better))
        least[left[better]], number[left[better]] = losses[better], place
        risen[left] = np.where(losses > last[left], risen[left] + 1, 0)
        last[left] = losses
        on = risen[left] < _RISEN
        if not on.any():
            break
        if not on.all():
            left, turned = left[on], turned.columns(on)
            state, before = state.columns(on), before.columns(on)
    return best, number


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

    sample: Sample
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
        bare = cls(Sample(x, labels, weights, None, None, loss), scaler, numbers, basis)
        return replace(bare, sample=bare._filled(bare.sample, labels, learn, given))

    def other(self, features: Matrix, labels: Array, rows: Rows, given: Given) -> Sample:
        """Return other molecules in the same coordinates; all weigh the same."""
        x = self.scaler.transform(gathered(features, rows))
        x = x if self.basis is None else x @ self.basis
        return self._filled(replace(self.sample, x=x, weights=None), labels, rows, given)

    def _filled(self, sample: Sample, labels: Array, rows: Rows, given: Given) -> Sample:
        numbers = None
        if given.beside is not None and self.numbers is not None:
            numbers = self.numbers.transform(logit(given.beside[rows]))
        offsets = None if given.start is None else offsets_of(given.start[rows])
        return replace(sample, labels=within(labels[rows]), numbers=numbers, offsets=offsets)

    def initial(self) -> State:
        """Return the state that predicts each column's share, but for what it corrects."""
        sample = self.sample
        k = sample.labels.shape[1]
        weights = None if sample.weights is None else sample.weights[:, 0]
        share = np.average(sample.labels, axis=0, weights=weights)
        start = logit(share)
        if sample.offsets is not None:
            start = np.where((sample.offsets != 0).any(axis=0), 0.0, start)
        return State(np.zeros((sample.x.shape[1], k)), start, np.zeros(k))

    def head(self, state: State, penalties: Array) -> LinearHead:
        """Return the heads at a penalty each, from a state that is near to them."""
        found = Turned.at(self.sample, state).minimised(state, penalties, _TIGHT)
        basis = self.basis
        coefficients = found.coefficients if basis is None else basis @ found.coefficients
        intercepts, slopes = found.intercepts, None
        if self.numbers is not None:
            slopes = found.slopes / self.numbers.scale
            intercepts = intercepts - slopes * self.numbers.mean
        return LinearHead(self.scaler, coefficients, intercepts, penalties, slopes, "logistic")


def _spanned(x: Array) -> tuple[Array, Array | None]:
    """Return features of shape (m, d) in min(m, d) coordinates, and from these to features."""
    m, d = x.shape
    if m > d:
        return x, None
    values, vectors = scipy.linalg.eigh(x @ x.T, check_finite=False)
    kept = values > max(m, d) * np.finfo(np.float64).eps * values[-1]
    roots = np.sqrt(values[kept])
    return vectors[:, kept] * roots, x.T @ (vectors[:, kept] / roots)
