"""Scores of a weak and a strong representation, from their principal directions; no labels.

All take what ``spectra`` gives: shares of variance (r,), and ``overlap = U_w' U_s`` of shape
(r_w, r_s). None of them changes if a representation is rotated, shifted or multiplied by a number.
"""

from __future__ import annotations

import numpy as np

from w2s_mol.heads.linear import Array

_ROUNDING = 1e-9
"""Of sums of shares: those that hold exactly what is asked for must not miss it."""


def unlearnt_norm(weak: Array, strong: Array, overlap: Array, ridge: float) -> float:
    """Return the operator norm of ``P_s (I - P_w)``: what the strong one can learn, the weak not.

    Xue, Li and Mirzasoleiman 2025 (arXiv 2502.00620) show that the labels' part in this space is
    what the student falls short by. ``P = K (K + a I)^-1`` with ``K = X X'`` of centred features
    and ``a = ridge * trace(K)``, so that a direction with a share s of the variance is kept by
    ``s / (s + ridge)``. The paper first leaves out directions it does not count as principal; here
    all are in, and the ridge alone makes small ones count little.

    Parameters
    ----------
    weak, strong, overlap
        See the module.
    ridge
        More than 0, as a share of the variance.

    Returns
    -------
    float
        0 to 1: 0 if the weak one learns all that the strong one can, near 1 if there is a direction
        that only the strong one sees.
    """
    by_weak, by_strong = weak / (weak + ridge), strong / (strong + ridge)
    # ||P_s (I - P_w)||^2 is the largest eigenvalue of D_s U_s' (I - P_w)^2 U_s D_s.
    seen = overlap.T @ ((2 * by_weak - by_weak**2)[:, None] * overlap)
    left = by_strong[:, None] * (np.eye(len(strong)) - seen) * by_strong
    return float(np.sqrt(np.clip(np.linalg.eigvalsh(left)[-1], 0.0, 1.0)))


def intrinsic_dimension(shares: Array, tolerance: float) -> int:
    """Return how many leading principal directions hold ``1 - tolerance`` of the variance.

    Dong et al. 2025 (arXiv 2502.05075): d_w and d_s are the dimensions of the subspaces that the
    features lie in. Those of real encoders lie in all directions, so a tolerance has to say which
    count.

    Examples
    --------
    >>> intrinsic_dimension(np.array([0.5, 0.3, 0.15, 0.05]), 0.1)
    3
    """
    enough = np.cumsum(shares) >= 1 - tolerance - _ROUNDING
    return int(np.argmax(enough)) + 1


def shared_dimension(overlap: Array, d_weak: int, d_strong: int) -> float:
    """Return ``||V_s' V_w||_F^2`` of the leading ``d_weak`` and ``d_strong`` directions.

    The correlation dimension d_sw of Dong et al. 2025 (arXiv 2502.05075): the sum of the squared
    cosines of the principal angles between both spaces, 0 to ``min(d_weak, d_strong)``. The spaces
    compared are those of functions on the molecules, spanned by left singular vectors: features
    of two encoders have no coordinates in common.
    """
    shared = float(np.sum(overlap[:d_weak, :d_strong] ** 2))
    return min(shared, float(min(d_weak, d_strong)))


def linear_cka(weak: Array, strong: Array, overlap: Array) -> float:
    """Return linear CKA, 0 to 1; 1 for representations alike up to rotation and scale.

    ``||X_s' X_w||_F^2 / (||X_s' X_s||_F ||X_w' X_w||_F)`` of centred features (Kornblith et al.
    2019, arXiv 1905.00414). Not debiased: where features are not far fewer than molecules it is
    too high.
    """
    alike = float(weak @ overlap**2 @ strong)
    return min(alike / float(np.linalg.norm(weak) * np.linalg.norm(strong)), 1.0)
