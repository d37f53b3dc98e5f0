"""The triangular factor of a tall matrix that is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]
_TALL = 2
"""How many times higher than wide a matrix is before it is worth a factorisation."""


def condensed(blocks: Iterable[Array]) -> Array:
    """Return a matrix R of few rows with ``|R x| = |A x|`` for every x.

    Parameters
    ----------
    blocks
        The rows of A, shape (m, d), in parts.

    Returns
    -------
    array
        A itself where it is not much higher than wide; else the triangular factor of its QR
        decomposition, from those of its parts (Golub and Van Loan, Matrix Computations, section
        5.2). Unlike ``A'A`` it squares no condition number: residuals computed from it are as
        exact as those computed from A.
    """
    held: list[Array] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) > _TALL * block.shape[1]:
            stacked = np.empty((sum(map(len, held)), block.shape[1]), order="F")
            end = len(stacked)
            while held:  # each is let go once it is copied: they are large
                block = held.pop()  # noqa: PLW2901
                stacked[end - len(block) : end] = block
                end -= len(block)
            held.append(_triangular(stacked))
            del block, stacked
    return np.vstack(held)


def _triangular(stacked: Array) -> Array:
    """Return the factor of a matrix, which is overwritten."""
    _, factor = scipy.linalg.qr(stacked, mode="raw", overwrite_a=True, check_finite=False)
    return np.asarray(factor)
