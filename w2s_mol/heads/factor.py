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
            held = [_triangular(held)]
    return np.vstack(held)


def _triangular(held: list[Array]) -> Array:
    """Return the factor of some blocks; these are let go one by one, for they are large."""
    rows, d = sum(map(len, held)), held[0].shape[1]
    stacked = np.empty((rows, d), order="F")
    end = rows
    while held:
        block = held.pop()
        stacked[end - len(block) : end] = block
        end -= len(block)
        del block
    _, factor = scipy.linalg.qr(stacked, mode="raw", overwrite_a=True, check_finite=False)
    return np.asarray(factor)
