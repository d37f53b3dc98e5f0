"""How far the label may be from its prediction: columns of a file, and what they are worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import pyarrow as pa

from w2s_mol.heads.linear import Array
from w2s_mol.prediction.intervals import COVERAGE, prediction_sets
from w2s_mol.study.class_words import spoken

NO_CLASS = "none"
"""The set without a class; a word that no class has, for such cells have no label."""
_HALF = 0.5


class Reach(ABC):
    """What is said of predictions beside them.

    Attributes
    ----------
    fields
        Of the columns.
    """

    fields: tuple[pa.Field, ...]

    @abstractmethod
    def columns(self, predictions: Array, half: float) -> list[pa.Array]:
        """Return the columns of ``n`` predictions, null where nothing can be said.

        Parameters
        ----------
        predictions
            Shape (n,), NaN where there is none.
        half
            As ``intervals.half_width`` returns it.
        """

    @abstractmethod
    def promise(self, half: float, n: int, items: str) -> str:
        """Say what they are worth, from so many distinct validation items of a kind."""


class Interval(Reach):
    """Of numbers."""

    fields = (pa.field("lower", pa.float64()), pa.field("upper", pa.float64()))

    def columns(self, predictions: Array, half: float) -> list[pa.Array]:
        """Return the ends of the interval around each prediction."""
        reach = half if isfinite(half) else np.nan
        return [nulls(predictions - reach), nulls(predictions + reach)]

    def promise(self, half: float, n: int, items: str) -> str:
        """Say what the intervals are worth."""
        if not isfinite(half):
            return _too_few(n, items, "an interval")
        return (
            f"lower and upper are the prediction -/+ {half:.4g}: {_of_like(n, items)} lie "
            f"inside, {_NOT_MORE}."
        )


@dataclass(frozen=True)
class ClassSet(Reach):
    """Of classes: the likelier one, and those that cannot be ruled out.

    Attributes
    ----------
    words
        For 0 and 1.
    """

    words: tuple[str, str]
    fields = (pa.field("class", pa.string()), pa.field("prediction_set", pa.string()))

    @property
    def _both(self) -> str:
        return " or ".join(self.words)

    def columns(self, predictions: Array, half: float) -> list[pa.Array]:
        """Return the likelier class, and the set of classes, in words."""
        unknown = np.isnan(predictions)
        likelier = np.where(predictions > _HALF, self.words[1], self.words[0])
        zero, one = prediction_sets(predictions, half).T
        sets = np.select(
            [zero & one, zero, one], [self._both, self.words[0], self.words[1]], NO_CLASS
        )
        return [
            pa.array(likelier, pa.string(), mask=unknown),
            pa.array(sets, pa.string(), mask=unknown | (not isfinite(half))),
        ]

    def promise(self, half: float, n: int, items: str) -> str:
        """Say what predictions are, and what the sets are worth."""
        what = f"prediction is the probability of {spoken(self.words, 1)}"
        if not isfinite(half):
            return f"{what}. {_too_few(n, items, 'a prediction_set')}"
        middle = self._both if half >= _HALF else NO_CLASS
        return (
            f"{what}, prediction_set the classes within {half:.4g} of it, {middle!r} in between: "
            f"{_of_like(n, items)} have their class in it, {_NOT_MORE}. That is of both "
            "classes together; of the rarer one it can be far fewer."
        )


_NOT_MORE = (
    "a little fewer since penalties and use were chosen on these; of others nothing is promised"
)


def reach_of(classes: Sequence[str] | None) -> Reach:
    """Return what is said of predictions of numbers (None), or of two classes."""
    if classes is None:
        return Interval()
    zero, one = classes
    return ClassSet((zero, one))


def nulls(numbers: Array) -> pa.Array:
    """Return a column of numbers, null where they are NaN."""
    return pa.array(numbers, from_pandas=True)


def _of_like(n: int, items: str) -> str:
    return f"of {items} like the {n:,} of the validation parts about {COVERAGE:.0%}"


def _too_few(n: int, items: str, what: str) -> str:
    return f"note: {n} validation {items} are too few for {what}; there is none."
