"""Rank correlation within groups: what is left of one when sizes are not compared."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from w2s_mol.heads.linear import Array

_LEVEL = 0.95


def within_groups(scores: Array, errors: Array, groups: Array) -> float:
    """Return Kendall's correlation within groups: over all pairs of one group.

    Parameters
    ----------
    scores, errors
        Shape (k,).
    groups
        Shape (k,), a number for each; NaN is in no group.

    Returns
    -------
    float
        (concordant - discordant) / pairs, ties counting as neither; NaN where there is no pair or
        no group's scores vary.
    """
    first, second = np.triu_indices(len(scores), 1)
    same = groups[first] == groups[second]
    signs = [np.sign(v[first[same]] - v[second[same]]) for v in (scores, errors)]
    if not signs[0].any():
        return math.nan
    return float(np.mean(signs[0] * signs[1]))


def chance_within(groups: Array, tested: int) -> tuple[int, float]:
    """Return how many pairs are of one group, and how far from 0 chance takes ``within_groups``.

    That far gets the largest of ``tested`` scores that have nothing to do with the errors, in 95
    of 100 cases at most: Kendall's variance, ``n (n - 1) (2 n + 5) / 18`` for a group of n, a
    normal law, and Bonferroni's correction.
    """
    _, counts = np.unique(groups[~np.isnan(groups)], return_counts=True)
    pairs = int((counts * (counts - 1) // 2).sum())
    if not pairs or not tested:
        return pairs, math.nan
    variance = (counts * (counts - 1) * (2 * counts + 5) / 18).sum()
    far = stats.norm.ppf(1 - (1 - _LEVEL) / (2 * tested))
    return pairs, float(min(1.0, far * math.sqrt(variance) / pairs))
