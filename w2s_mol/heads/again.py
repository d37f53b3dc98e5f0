"""The heads of several splits, fitted once more on other molecules: each at its penalty there."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np

from w2s_mol.errors import InputError
from w2s_mol.heads.fitter import Asked, FitHead
from w2s_mol.heads.head import Head
from w2s_mol.heads.penalties import middle_penalty


class _AsUsual(FitHead):
    """A rule that leaves the fitting to another one."""

    def __init__(self, usual: FitHead) -> None:
        self._usual, self.tells_weak_apart = usual, usual.tells_weak_apart

    def at(self, penalty: float) -> FitHead:
        """Return the usual rule's."""
        return self._usual.at(penalty)


class Remembering(_AsUsual):
    """A rule for heads of one column that remembers the penalties it chose, in order."""

    def __init__(self, usual: FitHead) -> None:
        super().__init__(usual)
        self.chosen: list[float] = []

    def fitted(self, asked: Asked) -> Head:
        """Fit as usual."""
        head = self._usual.fitted(asked)
        self.chosen.append(float(head.penalties[0]))
        return head


class Again(_AsUsual):
    """A rule whose n-th head has the penalty in the middle of the n-th ones.

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

    def __init__(self, each: Sequence[Sequence[float]], usual: FitHead) -> None:
        if len({len(chosen) for chosen in each}) != 1:
            raise _others()
        super().__init__(usual)
        self._turns = iter([middle_penalty(np.array(nth)) for nth in zip(*each, strict=True)])

    def fitted(self, asked: Asked) -> Head:
        """Fit the next head."""
        penalty = next(self._turns, None)
        if penalty is None:
            raise _others()
        rule = self._usual if isnan(penalty) else self._usual.at(penalty)
        return rule.fitted(asked)


def _others() -> InputError:
    return InputError(
        "a supervisor fits other numbers of heads on one split than on another, or than on all "
        "labels: there is no penalty in the middle. Choose another --weak, or --use direct."
    )
