"""Every rule by which heads of real-valued labels are fitted, by its name."""

from __future__ import annotations

from functools import partial

from w2s_mol.errors import unknown_name
from w2s_mol.heads.beside import each_beside, ridge_beside
from w2s_mol.heads.descent import fit_adamw
from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.mlp import fit_mlp, fit_mlp_beside
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.heads.rules import WIDTH, HeadRule
from w2s_mol.heads.squared import SquaredRule


def head_fitter(
    rule: HeadRule, *, epochs: int = 1000, width: int = WIDTH, seed: int = 0
) -> SquaredRule:
    """Return what fits heads by a rule.

    Parameters
    ----------
    rule
        ``ridge``, ``ols``, ``adamw`` or ``mlp``.
    epochs
        Of ``adamw`` alone.
    width
        Of ``mlp`` alone: its hidden units.
    seed
        Of ``adamw`` and ``mlp``.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    adamw = partial(fit_adamw, epochs=epochs, seed=seed)
    rules = {
        "ridge": SquaredRule(fit_ridge, ridge_beside),
        "ols": SquaredRule(fit_ols, each_beside(fit_ols)),
        "adamw": SquaredRule(adamw, each_beside(adamw)),
        "mlp": SquaredRule(
            partial(fit_mlp, width=width, seed=seed),
            partial(fit_mlp_beside, width=width, seed=seed),
        ),
    }
    if rule not in rules:
        raise unknown_name("head for numbers", rule, rules)
    return rules[rule]
