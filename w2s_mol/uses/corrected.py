"""Uses that put the supervisor's labels and the true ones that it had together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.uses.contract import Exercise, Known, Learned, Made, Use

WEIGHTS = (0.03, 0.1, 0.3, 1.0, 3.0)
"""Of a weak label beside a true one; ``direct`` is weight 0, ``w2s`` has no true label."""


class Delta(Use):
    """The supervisor, corrected: its label (its logit, of classes) plus a strong head."""

    name, words = "delta", "delta"
    what = "the supervisor plus a strong head on its residuals"
    reads_weak = True

    def exercises(self, known: Known) -> list[Exercise]:
        """Learn the true labels, starting from the weak ones, where both are known."""
        rows = (known.labelled, known.judged, known.read)
        return [Exercise(_true_where_said(known), *rows, start=known.weak)]

    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Return its predictions."""
        [of_all] = learned
        return Made(of_all.predictions, of_all.penalties, of_all.models)


class Stack(Use):
    """One head on the strong features and the supervisor's label together."""

    name, words = "stack", "stack"
    what = "a head on strong features and the supervisor's label together"
    reads_weak = True

    def exercises(self, known: Known) -> list[Exercise]:
        """Learn the true labels, with the weak one beside the features."""
        rows = (known.labelled, known.judged, known.read)
        return [Exercise(_true_where_said(known), *rows, beside=known.weak)]

    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Return its predictions."""
        [of_all] = learned
        return Made(of_all.predictions, of_all.penalties, of_all.models)


class Both(Use):
    """True and weak labels in one fit; the weight of a weak one is chosen on true labels.

    A molecule with both counts twice: its squared errors ``(y - f)^2 + w (weak - f)^2`` differ from
    ``(1 + w) ((y + w weak) / (1 + w) - f)^2`` by a constant, and so do cross-entropies.
    """

    name, words = "both", "both"
    what = "true and weak labels in one fit, their weight chosen on validation"

    def __init__(self, weights: Sequence[float] = WEIGHTS) -> None:
        self.weights = weights

    def exercises(self, known: Known) -> list[Exercise]:
        """Learn the labels of all molecules that have one, with each weight of the weak ones."""
        rows = np.union1d(known.labelled, known.taught)
        read = np.union1d(known.read, known.judged)
        return [_of_weight(known, weight, rows, read) for weight in self.weights]

    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Take for each supervisor the weight of the least error on true validation labels."""
        truth = known.had[known.judged, None]
        errors = [
            np.nanmean(known.loss(of_all.predictions[known.judged], truth), axis=0)
            for of_all in learned
        ]
        best = np.argmin(np.nan_to_num(errors, nan=np.inf), axis=0)
        predictions = np.stack([of_all.predictions for of_all in learned])
        columns = range(known.weak.shape[1])
        return Made(
            np.stack([predictions[best[j], :, j] for j in columns], axis=1),
            np.array([learned[best[j]].penalties[j] for j in columns]),
            tuple(learned[best[j]].models[j] for j in columns if learned[best[j]].models),
            np.array(self.weights)[best],
        )


def _true_where_said(known: Known) -> Array:
    """Return the true labels of the molecules that each supervisor speaks of, shape (n, k)."""
    return np.where(np.isnan(known.weak), np.nan, known.had[:, None])


def _of_weight(known: Known, weight: float, rows: Rows, read: Rows) -> Exercise:
    taught = np.zeros(len(known.had), dtype=bool)
    taught[known.taught] = True
    true = np.zeros_like(taught)
    true[known.labelled] = True
    says = ~np.isnan(known.taught_weak) & taught[:, None]
    of_true, of_weak = true[:, None].astype(float), np.where(says, weight, 0.0)
    total = of_true + of_weak
    with np.errstate(invalid="ignore", divide="ignore"):
        of_weak = np.where(says, weight * known.taught_weak, 0.0)
        summed = np.where(true, known.had, 0.0)[:, None] + of_weak
        labels = np.where(total > 0, summed / total, np.nan)
    judged = np.setdiff1d(known.judged, rows)
    labels[judged] = known.had[judged, None]
    return Exercise(labels, rows, known.judged, read, weights=total[rows])
