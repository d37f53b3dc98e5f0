"""The quantities of a weak-to-strong study; all errors are means of squared differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUANTITIES = (
    "weak_error",
    "w2s_error",
    "misfit",
    "ceiling_error",
    "gain",
    "bound",
    "slack",
    "slack_projection",
    "slack_epsilon",
    "pgr",
)


def squared_distance(f: NDArray[np.float64], g: NDArray[np.float64]) -> float:
    """Return ``d(f, g)``, the mean of (f - g)^2 over molecules (Charikar et al. 2024, sec. 2.2)."""
    return float(np.mean((f - g) ** 2))


def weak_to_strong_quantities(
    truth: NDArray[np.float64],
    weak: NDArray[np.float64],
    w2s: NDArray[np.float64],
    ceiling: NDArray[np.float64],
) -> dict[str, float]:
    """Return the quantities of one supervisor on one set of molecules.

    Parameters
    ----------
    truth, weak, w2s, ceiling
        Shape (n,): true labels, and the predictions of the weak model, of the strong model under
        its supervision, and of the strong model fitted on true labels.

    Returns
    -------
    dict
        By the names in ``QUANTITIES``, in squared label units; ``pgr`` is a ratio, NaN where the
        strong ceiling is not below the weak error. ``slack`` = gain - misfit is not negative
        exactly where the inequality of Theorem 1 holds, and is the sum of two parts.

    Notes
    -----
    With y the truth, w the weak model, s the student and c the ceiling,
    ``slack = 2 mean[(s - y)(w - s)] = 2 mean[(s - c)(w - s)] + 2 mean[(c - y)(w - s)]``.
    The first, ``slack_projection``, is not negative where s is the projection of w onto a convex
    set that holds c (equation 8 of Charikar et al. 2024): it is negative because s was fitted on
    other molecules, or because c lies outside the set (a ridge ceiling of a larger norm). The
    second, ``slack_epsilon``, is at most ``2 sqrt(ceiling_error * misfit)`` in size, as Theorem 2's
    term in epsilon is.
    """
    weak_error = squared_distance(weak, truth)
    w2s_error = squared_distance(w2s, truth)
    misfit = squared_distance(w2s, weak)
    ceiling_error = squared_distance(ceiling, truth)
    gain = weak_error - w2s_error
    room = weak_error - ceiling_error
    return {
        "weak_error": weak_error,
        "w2s_error": w2s_error,
        "misfit": misfit,
        "ceiling_error": ceiling_error,
        "gain": gain,
        "bound": weak_error - misfit,
        "slack": gain - misfit,
        "slack_projection": 2 * float(np.mean((w2s - ceiling) * (weak - w2s))),
        "slack_epsilon": 2 * float(np.mean((ceiling - truth) * (weak - w2s))),
        "pgr": gain / room if room > 0 else float("nan"),
    }
