"""Linear heads fitted on standardised features, one column of labels per supervisor.

All three rules give a ``LinearHead`` and fit every column of labels with one pass over the
features: ``ridge`` and ``ols`` factorise the features once, ``adamw`` descends on all columns at
once (AdamW works element by element, so each column is trained as it would be alone).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from w2s_mol.errors import InputError
from w2s_mol.heads.rules import HeadRule

Array = NDArray[np.float64]
Features = NDArray[np.floating]

PENALTIES = np.logspace(-6, 6, 49)
"""The path of ridge penalties: four a decade, in the units of scikit-learn's ``alpha``."""

_FLOAT32_EPS = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Scaler:
    """Means and scales of the features a head was fitted on, each of shape (d,)."""

    mean: Array
    scale: Array

    @classmethod
    def fit(cls, features: Features) -> Scaler:
        """Take mean and standard deviation; a feature constant up to rounding is scaled to 0."""
        features = np.asarray(features, dtype=np.float64)
        mean, scale = features.mean(axis=0), features.std(axis=0)
        # Embeddings are computed in float32: a spread of that size is rounding, not a feature.
        constant = scale <= 8 * _FLOAT32_EPS * np.abs(mean)
        return cls(mean, np.where(constant, np.inf, scale))

    def transform(self, features: Features) -> Array:
        """Standardise features of shape (n, d)."""
        return (np.asarray(features, dtype=np.float64) - self.mean) / self.scale


@dataclass(frozen=True)
class LinearHead:
    """A fitted head: ``((X - mean) / scale) @ coefficients + intercepts``.

    Attributes
    ----------
    scaler
        Of the d features.
    coefficients
        Shape (d, k), one column per column of labels.
    intercepts
        Shape (k,).
    penalties
        Shape (k,): the ridge penalty chosen for each column; NaN where the rule has none.
    """

    scaler: Scaler
    coefficients: Array
    intercepts: Array
    penalties: Array

    def predict(self, features: Features) -> Array:
        """Return predictions of shape (n, k) for features of shape (n, d)."""
        return self.scaler.transform(features) @ self.coefficients + self.intercepts


class RidgePath:
    """Every ridge fit of a path of penalties, from one factorisation of the features.

    With standardised features X and centred labels Y, the coefficients at penalty a are the exact
    minimiser of ``||Y - X B||^2 + a ||B||^2``, ``B = V (E + a)^-1 V' X'Y`` with ``X'X = V E V'``
    (where n < d the smaller ``X X'`` is factorised instead). The intercept is not penalised.
    Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 3.4.1.
    """

    def __init__(self, features: Features) -> None:
        self.scaler = Scaler.fit(features)
        self._train = self.scaler.transform(features)
        n, d = self._train.shape
        gram = self._train.T @ self._train if n >= d else self._train @ self._train.T
        values, vectors = scipy.linalg.eigh(gram, overwrite_a=True, check_finite=False)
        self._values = np.maximum(values, 0.0)
        # (d, r): maps coordinates in the eigenbasis to coefficients.
        self._basis = vectors if n >= d else self._train.T @ vectors
        self._to_basis = vectors.T @ self._train.T if n >= d else vectors.T  # (r, n)

    def coordinates(self, labels: Array) -> tuple[Array, Array]:
        """Return the labels' coordinates in the eigenbasis, (r, k), and their means, (k,)."""
        means = labels.mean(axis=0)
        return self._to_basis @ (labels - means), means

    def predictions(self, features: NDArray[np.floating], labels: Array) -> Array:
        """Predict with every penalty of the path.

        Parameters
        ----------
        features
            Shape (m, d).
        labels
            Training labels, shape (n, k).

        Returns
        -------
        array of shape (penalties, m, k)
        """
        coordinates, means = self.coordinates(labels)
        projected = self.scaler.transform(features) @ self._basis  # (m, r)
        shrunk = coordinates / (self._values[:, None] + PENALTIES[:, None, None])  # (p, r, k)
        predictions: Array = projected @ shrunk + means
        return predictions

    def head(self, labels: Array, chosen: NDArray[np.int64]) -> LinearHead:
        """Return the head whose column j has penalty number ``chosen[j]`` of the path."""
        coordinates, means = self.coordinates(labels)
        penalties = PENALTIES[chosen]
        shrunk = coordinates / (self._values[:, None] + penalties)
        return LinearHead(self.scaler, self._basis @ shrunk, means, penalties)


def fit_ridge(
    features: Features, labels: Array, valid_features: Features, valid_labels: Array
) -> LinearHead:
    """Fit ridge heads, each penalty the one with the least squared error on the validation part.

    Parameters
    ----------
    features, labels
        Shapes (n, d) and (n, k).
    valid_features, valid_labels
        Shapes (m, d) and (m, k). The labels are of the same kind as ``labels``: a student's
        penalty is chosen on weak labels, never on true ones.
    """
    path = RidgePath(features)
    errors = np.mean((path.predictions(valid_features, labels) - valid_labels) ** 2, axis=1)
    return path.head(labels, np.argmin(errors, axis=0))


def fit_ols(features: Features, labels: Array, *_: Features) -> LinearHead:
    """Fit least squares; of all minimisers, the one with the smallest norm of coefficients.

    Singular values below float32's rounding of the largest one count as zero, because the
    embeddings are computed in float32.
    """
    scaler = Scaler.fit(features)
    means = labels.mean(axis=0)
    coefficients, *_rest = scipy.linalg.lstsq(
        scaler.transform(features), labels - means, cond=_FLOAT32_EPS, check_finite=False
    )
    return LinearHead(scaler, coefficients, means, np.full(labels.shape[1], np.nan))


def fit_adamw(
    features: Features,
    labels: Array,
    *_: Features,
    epochs: int = 1000,
    learning_rate: float = 1e-3,
    batch_size: int = 32,
    seed: int = 0,
) -> LinearHead:
    """Fit by AdamW on the squared error, as in the paper's released code.

    Coefficients start at zero and intercepts at the mean label, so the seed decides nothing but
    the order of the batches; all columns see the same order.
    """
    import torch

    scaler = Scaler.fit(features)
    means = labels.mean(axis=0)
    x = torch.from_numpy(scaler.transform(features).astype(np.float32))
    y = torch.from_numpy((labels - means).astype(np.float32))
    weight = torch.zeros(x.shape[1], y.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], lr=learning_rate, fused=True)
    generator = torch.Generator().manual_seed(seed)
    for _epoch in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for batch_x, batch_y in zip(
            x[order].split(batch_size), y[order].split(batch_size), strict=True
        ):
            # The mean over molecules, summed over columns: each column descends as if alone.
            residual = torch.addmm(bias, batch_x, weight) - batch_y
            loss = residual.square().sum() / len(batch_x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return LinearHead(
        scaler,
        weight.detach().double().numpy(),
        bias.detach().double().numpy() + means,
        np.full(labels.shape[1], np.nan),
    )


FitHead = Callable[[Features, Array, Features, Array], LinearHead]
"""Takes training features and labels, validation features and labels."""


def head_fitter(rule: HeadRule, *, epochs: int = 1000, seed: int = 0) -> FitHead:
    """Return the function that fits heads by a rule.

    Parameters
    ----------
    rule
        ``ridge``, ``ols`` or ``adamw``.
    epochs, seed
        Of ``adamw`` alone.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    if rule == "ridge":
        return fit_ridge
    if rule == "ols":
        return fit_ols
    if rule == "adamw":
        return lambda *parts: fit_adamw(*parts, epochs=epochs, seed=seed)
    raise InputError(f"unknown head {rule!r}. It should be one of: ridge, ols, adamw.")
