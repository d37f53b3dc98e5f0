"""Uses that teach the student one kind of labels: weak ones, or true ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2s_mol.heads.linear import Array
from w2s_mol.uses.contract import Exercise, Known, Learned, Made, Use


class WeakToStrong(Use):
    """The paper's student (Charikar et al. 2024, section 5.2): weak labels alone."""

    name, words, what = "w2s", "student", "the strong encoder on weak labels"

    def exercises(self, known: Known) -> list[Exercise]:
        """Learn the weak labels, choose by weak labels."""
        rows = (known.taught, known.chosen, known.everything)
        return [Exercise(known.taught_weak, *rows, weak=True)]

    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Return the student's predictions."""
        return _as_learned(known, learned[0])


class Ceiling(Use):
    """What the student could do with the truth of all molecules that it is taught on."""

    name, words, what = "ceiling", "ceiling", "the strong encoder on the student's true labels"

    def exercises(self, known: Known) -> list[Exercise]:
        """Learn the truth of the student's molecules."""
        labels = known.of_student[:, None]
        return [Exercise(labels, known.taught, known.chosen, known.everything)]

    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Return the ceiling, for every supervisor the same if the student is."""
        return _as_learned(known, learned[0])


class Direct(Use):
    """The plain alternative: the strong encoder on exactly the true labels of the supervisor."""

    name, words, what = "direct", "direct", "the strong encoder on the supervisor's true labels"

    def exercises(self, known: Known) -> list[Exercise]:
        """Learn the true labels that the supervisor had."""
        return [Exercise(known.had[:, None], known.labelled, known.judged, known.read)]

    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Return its predictions, for every supervisor the same if the student is."""
        return _as_learned(known, learned[0])


class Mean(Use):
    """The floor of every table: the mean of the true labels that the supervisor had."""

    name, words = "mean", "mean"
    what = "the mean of the supervisor's true labels (of classes, the share of 1)"

    def exercises(self, known: Known) -> list[Exercise]:
        """Learn nothing."""
        return []

    def made(self, known: Known, learned: Sequence[Learned]) -> Made:
        """Return the mean."""
        predictions = np.full(known.weak.shape, np.nan)
        predictions[known.read] = known.had[known.labelled].mean()
        return Made(predictions, np.full(known.weak.shape[1], np.nan))


def _as_learned(known: Known, learned: Learned) -> Made:
    k = known.weak.shape[1]
    if learned.predictions.shape[1] == k:
        return Made(learned.predictions, learned.penalties, learned.models)
    predictions: Array = np.repeat(learned.predictions, k, axis=1)
    return Made(predictions, np.repeat(learned.penalties, k), learned.models * k)
