"""Heads of one column that can be kept, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from w2s_mol.heads.linear import Array, LinearHead, Link, Scaler
from w2s_mol.heads.mixture import MixtureHead

KeptHead = LinearHead | MixtureHead

ARRAYS = ("coefficients", "intercepts", "shares", "slopes", "link")
"""What a head is made of, beside its scaler and its ``penalty``."""

_LINKS: tuple[Link, ...] = ("identity", "logistic")
_EMPTY = np.empty(0)


def arrays_of(head: KeptHead) -> dict[str, Array]:
    """Return a head of one column as arrays, its scaler left out.

    ``coefficients`` (d m,), ``intercepts`` (m,), ``shares`` (m,), empty of a linear head, as
    ``slopes`` (m,) are where nothing is read beside, ``penalty`` (1,) and ``link`` (1,), a number.
    """
    slopes = _EMPTY if head.slopes is None else head.slopes.ravel()
    return {
        "coefficients": np.ascontiguousarray(head.coefficients).ravel(),
        "intercepts": head.intercepts.ravel(),
        "shares": head.shares[0] if isinstance(head, MixtureHead) else _EMPTY,
        "slopes": slopes,
        "penalty": head.penalties,
        "link": np.array([_LINKS.index(head.link)], dtype=np.float64),
    }


def head_of(arrays: Mapping[str, NDArray[np.float64]], scaler: Scaler) -> KeptHead:
    """Return the head of some arrays and its scaler.

    Raises
    ------
    KeyError, ValueError, IndexError
        If they are none of a head.
    """
    intercepts, shares, slopes = arrays["intercepts"], arrays["shares"], arrays["slopes"]
    m = len(intercepts)
    coefficients = arrays["coefficients"].reshape(len(scaler.mean), m)
    link = _LINKS[int(arrays["link"][0])]
    if not len(shares):
        read = slopes if len(slopes) else None
        return LinearHead(scaler, coefficients, intercepts, arrays["penalty"], read, link)
    read = slopes[None] if len(slopes) else None
    each = (coefficients[None], intercepts[None], shares[None])
    return MixtureHead(scaler, *each, arrays["penalty"], read)


def mean_of_heads(heads: list[KeptHead]) -> KeptHead | None:
    """Return the head on the features of all side by side that predicts their mean.

    It has no penalty; None where there is no such head, as a number as it stands among others. None
    of them reads anything beside its features.
    """
    assert all(head.slopes is None for head in heads)  # noqa: S101 -- no supervisor's does
    scaler = Scaler(
        np.concatenate([head.scaler.mean for head in heads]),
        np.concatenate([head.scaler.scale for head in heads]),
    )
    plain = [isinstance(head, LinearHead) and head.link == "identity" for head in heads]
    if any(plain) and not all(plain):
        return None
    if all(plain):
        coefficients = np.concatenate([head.coefficients for head in heads]) / len(heads)
        intercepts = np.mean([head.intercepts for head in heads], axis=0)
        return LinearHead(scaler, coefficients, intercepts, np.full(1, np.nan))
    return _mixture_of(heads, scaler)


def _mixture_of(heads: list[KeptHead], scaler: Scaler) -> MixtureHead:
    """Return the mixture of all, each of which reads its own features alone."""
    sizes = [np.size(head.intercepts) for head in heads]
    coefficients = np.zeros((len(scaler.mean), sum(sizes)))
    row = column = 0
    for head, m in zip(heads, sizes, strict=True):
        d = len(head.scaler.mean)
        coefficients[row : row + d, column : column + m] = head.coefficients.reshape(d, m)
        row, column = row + d, column + m
    intercepts = np.concatenate([head.intercepts.ravel() for head in heads])
    shares = [head.shares[0] if isinstance(head, MixtureHead) else np.ones(1) for head in heads]
    share = np.concatenate(shares) / len(heads)
    return MixtureHead(
        scaler, coefficients[None], intercepts[None], share[None], np.full(1, np.nan)
    )
