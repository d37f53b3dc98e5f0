"""Least-squares heads without a penalty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from w2s_mol.heads.factor import condensed
from w2s_mol.heads.linear import FLOAT32_EPS, Array, LinearHead, Scaler
from w2s_mol.heads.matrix import Matrix, Rows


def fit_ols(features: Matrix, labels: Array, learn: Rows, _choose: Rows) -> LinearHead:
    """Fit least squares; of all minimisers, the one with the smallest norm of coefficients.

    Singular values below float32's rounding of the largest one count as zero, because the
    embeddings are computed in float32. Shapes as in ``fit_ridge``; nothing is chosen.
    """
    scaler = Scaler.fit(features, learn)
    means = labels[learn].mean(axis=0)
    d = features.shape[1]

    def beside_labels() -> Iterator[Array]:
        for places, block in features.blocks(learn):
            yield np.hstack([scaler.transform(block), labels[learn[places]] - means])

    few = condensed(beside_labels())
    coefficients, *_ = scipy.linalg.lstsq(
        few[:, :d], few[:, d:], cond=FLOAT32_EPS, check_finite=False
    )
    return LinearHead(scaler, coefficients, means, np.full(labels.shape[1], np.nan))
