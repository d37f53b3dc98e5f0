"""Every rule by which heads of classes are fitted, by its name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from w2s_mol.errors import InputError, unknown_name
from w2s_mol.heads.bernoulli import LOSSES
from w2s_mol.heads.beside import each_beside
from w2s_mol.heads.class_descent import NONE, fit_class_adamw
from w2s_mol.heads.fitter import Asked, FitHead
from w2s_mol.heads.head import Head
from w2s_mol.heads.linear import Array
from w2s_mol.heads.logistic import fit_logistic, fit_logistic_at
from w2s_mol.heads.mixture import mixed
from w2s_mol.heads.probability import LEAST, logit
from w2s_mol.heads.rules import HeadSettings, LossName

_RULES = ("ridge", "mixture", "adamw")


def class_fitter(settings: HeadSettings) -> FitHead:
    """Return what fits heads of classes.

    Raises
    ------
    InputError
        If there is no such rule, or it does not go with the loss.
    """
    if settings.rule in ("ols", "mlp"):
        raise InputError(
            f"--head {settings.rule} is for numbers, and these labels are classes. Choose one of: "
            f"{', '.join(_RULES)}."
        )
    if settings.rule not in _RULES:
        raise unknown_name("head for classes", settings.rule, _RULES)
    if settings.confidence.strength and settings.rule != "adamw":
        raise InputError(
            f"--confidence changes the target with every epoch, and --head {settings.rule} has "
            "none. Give --head adamw with it."
        )
    if settings.confidence.strength and settings.loss != "cross-entropy":
        raise InputError(
            f"--confidence hardens predictions, of which --loss {settings.loss} makes infinite "
            "losses. Leave one of the two out."
        )
    return _ByDescent(settings) if settings.rule == "adamw" else _ByRidge(settings)


def _refuse_certainties(labels: Array) -> None:
    """Raise InputError if a column of labels, shape (m, k), is of classes and no probabilities."""
    sure = (labels <= LEAST) | (labels >= 1 - LEAST)
    if sure.all(axis=0).any():
        raise InputError(
            "--loss reverse-kl: a supervisor says 0 and 1 alone, of which reverse KL is infinite "
            "wherever its student doubts it. Give column:NAME, which makes probabilities of a "
            "number, or leave out --loss."
        )


@dataclass(frozen=True)
class _OfClasses(FitHead):
    settings: HeadSettings

    @property
    def tells_weak_apart(self) -> bool:  # type: ignore[override]
        """Say whether students learn by another loss than is learnt from the truth."""
        own = self.settings.loss != "cross-entropy"
        return own or bool(self.settings.confidence.strength)

    def loss(self, *, weak: bool) -> LossName:
        """Return the loss; the truth is always learnt by cross-entropy."""
        return self.settings.loss if weak else "cross-entropy"


@dataclass(frozen=True)
class _ByRidge(_OfClasses):
    """Ridge heads, and mixtures that start from them; ``penalty`` is chosen if it is None."""

    penalty: float | None = None

    def fitted(self, asked: Asked) -> Head:
        """Fit heads."""
        name = self.loss(weak=asked.weak)
        taught = (asked.features, asked.labels, asked.learn)
        how = (asked.given, LOSSES[name])
        if name == "reverse-kl":
            _refuse_certainties(asked.labels[asked.learn])
        if self.penalty is None:
            ridge = fit_logistic(*taught, asked.choose, *how)
        else:
            ridge = fit_logistic_at(*taught, self.penalty, *how)
        if self.settings.rule == "ridge":
            return ridge
        return mixed(ridge, *taught, asked.given, name, self.settings.heads, self.settings.seed)

    def at(self, penalty: float) -> FitHead:
        """Return the rule at a penalty."""
        return _ByRidge(self.settings, penalty)


@dataclass(frozen=True)
class _ByDescent(_OfClasses):
    """Heads by AdamW."""

    def fitted(self, asked: Asked) -> Head:
        """Fit heads."""
        given, where = asked.given, (asked.learn, asked.choose)
        fit = partial(
            fit_class_adamw,
            given=replace(given, beside=None),
            loss=self.loss(weak=asked.weak),
            confidence=self.settings.confidence if asked.weak else NONE,
            epochs=self.settings.epochs,
            seed=self.settings.seed,
        )
        if given.beside is None:
            return fit(asked.features, asked.labels, *where)
        return each_beside(fit)(asked.features, asked.labels, logit(given.beside), *where)

    def at(self, penalty: float) -> FitHead:
        """Return the rule itself."""
        return self
