"""Every rule by which heads are fitted, by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

from w2s_mol.errors import unknown_name
from w2s_mol.heads.descent import fit_adamw
from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.linear import Array, LinearHead
from w2s_mol.heads.matrix import Matrix, Rows
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.heads.rules import HeadRule

FitHead = Callable[[Matrix, Array, Rows, Rows], LinearHead]
"""Takes features (n, d), labels (n, k), the rows to fit on and those to choose a penalty on."""


def head_fitter(rule: HeadRule, *, epochs: int = 1000, seed: int = 0) -> FitHead:
    """Return the function that fits heads by a rule.

    Parameters
    ----------
    rule
        ``ridge``, ``ols`` or ``adamw``.
    epochs, seed
        Of ``adamw`` alone.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    rules: dict[str, FitHead] = {
        "ridge": fit_ridge,
        "ols": fit_ols,
        "adamw": partial(fit_adamw, epochs=epochs, seed=seed),
    }
    if rule not in rules:
        raise unknown_name("head", rule, get_args(HeadRule))
    return rules[rule]
