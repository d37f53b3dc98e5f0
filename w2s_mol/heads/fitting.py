"""Every rule by which heads are fitted, by its name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol, get_args

from w2s_mol.errors import unknown_name
from w2s_mol.heads.beside import each_beside, ridge_beside
from w2s_mol.heads.descent import fit_adamw
from w2s_mol.heads.head import Head
from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Matrix, Rows
from w2s_mol.heads.mlp import fit_mlp, fit_mlp_beside
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.heads.rules import WIDTH, HeadRule


class _Fit(Protocol):
    def __call__(
        self,
        features: Matrix,
        labels: Array,
        learn: Rows,
        choose: Rows,
        weights: Array | None = None,
        /,
    ) -> Head: ...


class _FitBeside(Protocol):
    def __call__(
        self, features: Matrix, labels: Array, beside: Array, learn: Rows, choose: Rows, /
    ) -> Head: ...


@dataclass(frozen=True)
class FitHead:
    """A rule for heads.

    Attributes
    ----------
    fit
        Takes features (n, d), labels (n, k), the rows to fit on, those to choose a penalty or an
        epoch on, and weights of the former.
    beside
        The same for heads that read a number of each molecule beside its features: features,
        labels (n, k), numbers (n, k), and the rows.
    """

    fit: _Fit
    beside: _FitBeside

    def __call__(
        self,
        features: Matrix,
        labels: Array,
        learn: Rows,
        choose: Rows,
        weights: Array | None = None,
    ) -> Head:
        """Fit heads on features alone."""
        return self.fit(features, labels, learn, choose, weights)


def head_fitter(
    rule: HeadRule, *, epochs: int = 1000, width: int = WIDTH, seed: int = 0
) -> FitHead:
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
        "ridge": FitHead(fit_ridge, ridge_beside),
        "ols": FitHead(fit_ols, each_beside(fit_ols)),
        "adamw": FitHead(adamw, each_beside(adamw)),
        "mlp": FitHead(
            partial(fit_mlp, width=width, seed=seed),
            partial(fit_mlp_beside, width=width, seed=seed),
        ),
    }
    if rule not in rules:
        raise unknown_name("head", rule, get_args(HeadRule))
    return rules[rule]
