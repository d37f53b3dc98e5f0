"""The heads of several splits, fitted once more on other molecules: each at its penalty there."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np

from w2s_mol.errors import InputError
from w2s_mol.heads.fitting import FitHead
from w2s_mol.heads.fixed import middle_penalty, ridge_at
from w2s_mol.heads.linear import LinearHead


class Remembering:
    """A rule for heads of one column that remembers the penalties it chose, in order."""

    def __init__(self, usual: FitHead) -> None:
        self.chosen: list[float] = []
        self.rule = FitHead(
            lambda *asked: self._noted(usual.fit(*asked)),
            lambda *asked: self._noted(usual.beside(*asked)),
        )

    def _noted(self, head: LinearHead) -> LinearHead:
        self.chosen.append(float(head.penalties[0]))
        return head


def again(each: Sequence[Sequence[float]], usual: FitHead) -> FitHead:
    """Return a rule whose n-th head has the penalty in the middle of the n-th ones.

    Parameters
    ----------
    each
        The penalties that were chosen on each split, in order; NaN where the rule chooses none.
    usual
        The rule for heads without one.

    Raises
    ------
    InputError
        If there are other numbers of heads on one split than on another.
    """
    if len({len(chosen) for chosen in each}) != 1:
        raise InputError(
            "a supervisor fits other numbers of heads on one split than on another: there is no "
            "penalty in the middle. Choose another --weak, or --use direct."
        )
    middles = [middle_penalty(np.array(nth)) for nth in zip(*each, strict=True)]
    turns = iter([usual if isnan(penalty) else ridge_at(penalty) for penalty in middles])

    def fit(*asked: Any) -> LinearHead:
        return next(turns).fit(*asked)

    def fit_beside(*asked: Any) -> LinearHead:
        return next(turns).beside(*asked)

    return FitHead(fit, fit_beside)
