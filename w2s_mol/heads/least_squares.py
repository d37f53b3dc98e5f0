"""Least-squares heads without a penalty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from w2s_mol.heads.factor import condensed
from w2s_mol.heads.linear import FLOAT32_EPS, Array, LinearHead, Scaler, weighted
from w2s_mol.heads.matrix import Matrix, Rows


def fit_ols(
    features: Matrix,
    labels: Array,
    learn: Rows,
    _choose: Rows,
    weights: Array | None = None,
) -> LinearHead:
    """Fit least squares; of all minimisers, the one with the smallest norm of coefficients.

    Singular values below float32's rounding of the largest one count as zero, because the
    embeddings are computed in float32. Shapes as in ``fit_ridge``; nothing is chosen.
    """
    scaler = Scaler.fit(features, learn, weights)
    means = np.average(labels[learn], axis=0, weights=weights)
    roots = None if weights is None else np.sqrt(weights)
    d = features.shape[1]

    def beside_labels() -> Iterator[Array]:
        for places, block in features.blocks(learn):
            rows = np.hstack([scaler.transform(block), labels[learn[places]] - means])
            yield weighted(rows, roots, places)

    few = condensed(beside_labels())
    coefficients, *_ = scipy.linalg.lstsq(
        few[:, :d], few[:, d:], cond=FLOAT32_EPS, check_finite=False
    )
    return LinearHead(scaler, coefficients, means, np.full(labels.shape[1], np.nan))
