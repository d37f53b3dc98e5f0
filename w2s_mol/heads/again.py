"""The heads of several splits, fitted once more on other molecules: each at its penalty there."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np

from w2s_mol.errors import InputError
from w2s_mol.heads.fitting import FitHead
from w2s_mol.heads.fixed import middle_penalty, ridge_at
from w2s_mol.heads.head import Head


class Remembering:
    """A rule for heads of one column that remembers the penalties it chose, in order."""

    def __init__(self, usual: FitHead) -> None:
        self.chosen: list[float] = []
        self.rule = FitHead(
            lambda *asked: self._noted(usual.fit(*asked)),
            lambda *asked: self._noted(usual.beside(*asked)),
        )

    def _noted(self, head: Head) -> Head:
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
        If there are other numbers of heads on one split than on another, or than now.
    """
    if len({len(chosen) for chosen in each}) != 1:
        raise _others()
    middles = [middle_penalty(np.array(nth)) for nth in zip(*each, strict=True)]
    turns = iter([usual if isnan(penalty) else ridge_at(penalty) for penalty in middles])

    def its() -> FitHead:
        rule = next(turns, None)
        if rule is None:
            raise _others()
        return rule

    return FitHead(lambda *asked: its().fit(*asked), lambda *asked: its().beside(*asked))


def _others() -> InputError:
    return InputError(
        "a supervisor fits other numbers of heads on one split than on another, or than on all "
        "labels: there is no penalty in the middle. Choose another --weak, or --use direct."
    )
