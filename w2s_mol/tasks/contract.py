"""The contract of a task: what a label is, what is measured of predictions, and in which words.

Every quantity is defined once, here and in a task's module. Results are means of its terms, the
intervals are of the same terms, and tables, figures and messages take its words from it. Imports
nothing heavy, for the command line's help reads the names of tasks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from w2s_mol.heads.rules import HeadSettings, Teach

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from w2s_mol.heads.fitter import FitHead

    Array = NDArray[np.float64]

_ROUNDING = 1e-12
_NO_GAP = 1e-9
"""Of the weak error: a supervisor that is the student as well differs by rounding alone."""


@dataclass(frozen=True)
class Predicted:
    """Labels and predictions of ``n`` molecules by all models of a study.

    Attributes
    ----------
    truth
        True labels.
    weak, w2s, ceiling
        Predictions of the weak model, of the strong model under its supervision, and of the
        strong model fitted on true labels.

    beside
        Those of the other uses of the supervisor, by name; NaN where they are not measured.

    All are of one shape, (n,), or (n, k) for the cases of k supervisors, in label units.
    """

    truth: Array
    weak: Array
    w2s: Array
    ceiling: Array
    beside: Mapping[str, Array] = field(default_factory=dict)

    def said(self) -> Predicted:
        """Return that of the molecules of which one supervisor, shape (n,), says something."""
        import numpy as np

        said = ~np.isnan(self.weak)
        if said.all():
            return self
        beside = {name: of_use[said] for name, of_use in self.beside.items()}
        return Predicted(
            self.truth[said], self.weak[said], self.w2s[said], self.ceiling[said], beside
        )


@dataclass(frozen=True)
class Term:
    """A quantity that is a mean over molecules.

    Attributes
    ----------
    name
        Its column in results.
    words
        What tables, figures and messages call it.
    what
        What it is, in the task's unit of errors.
    of
        From predictions to one value a molecule, of their shape.
    in_summary
        Whether ``w2s-mol run`` prints it.
    mean_in_words
        What the statistics call its mean over cases; empty where they do not give it.
    """

    name: str
    words: str
    what: str
    of: Callable[[Predicted], Array]
    in_summary: bool = True
    mean_in_words: str | None = None

    @property
    def mean_words(self) -> str:
        """Say what the statistics call its mean; empty where they do not give it."""
        return f"mean {self.words}" if self.mean_in_words is None else self.mean_in_words


@dataclass(frozen=True)
class Ratio:
    """A quantity without unit that is made of the means of terms; NaN where it is undefined."""

    name: str
    words: str
    what: str
    of: Callable[[Mapping[str, float]], float]
    in_summary: bool = True


@dataclass(frozen=True)
class Score:
    """A number that readers know, of one model's predictions.

    Attributes
    ----------
    name
        Its column in tables.
    words
        What tables and messages call it.
    what
        What it is, and in which unit.
    of
        From predictions and true labels, shapes (n,), to the number; NaN where it is undefined.
    higher_is_better
        Whether a better model has more of it.
    ideal
        What it should be, where neither more nor less is better.
    """

    name: str
    words: str
    what: str
    of: Callable[[Array, Array], float]
    higher_is_better: bool = False
    ideal: float | None = None

    def lack(self, value: float) -> float:
        """Return what a model of this score has the less of, the better it is."""
        if self.ideal is not None:
            return abs(value - self.ideal)
        return -value if self.higher_is_better else value


class Task(ABC):
    """What a label is.

    Attributes
    ----------
    name
        In the registry, ``tasks.registry.TASKS``.
    error
        What its errors are, in words.
    terms, ratios
        Its quantities, in the order of results.
    scores
        What is told beside its errors, of every use of a supervisor.
    headline
        The score that readers look for beside the error: the terms ``weak_SCORE``, ``w2s_SCORE``,
        ``ceiling_SCORE`` and ``gain_SCORE`` are of it. Empty where that is the error itself.
    scored_models
        Whose scores results have, as ``MODEL_SCORE``.
    floor
        What the use ``mean`` predicts, in words.
    """

    name: str
    error: str
    terms: tuple[Term, ...]
    ratios: tuple[Ratio, ...]
    scores: tuple[Score, ...]
    headline: str = ""
    scored_models: tuple[str, ...] = ()
    floor: str = "the mean of the labels"

    def __eq__(self, other: object) -> bool:
        """Say whether it is the same task, though perhaps another process's copy of it."""
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(self.name)

    @abstractmethod
    def error_unit(self, unit: object) -> str:
        """Return the unit of the terms, in words, for labels of a unit."""

    @abstractmethod
    def loss(self, prediction: Array, truth: Array) -> Array:
        """Return the error of each molecule, of the shape of the two."""

    @abstractmethod
    def fitter(self, settings: HeadSettings) -> FitHead:
        """Return what fits heads on labels of this kind.

        Raises
        ------
        InputError
            If the task has no such rule.
        """

    @abstractmethod
    def penalties(self) -> Array:
        """Return the path that its ridge heads choose a penalty of, from one end to the other."""

    def is_rounding(self, error: float, beside: float) -> bool:
        """Say whether a mean error is that of the labels themselves, beside one of usual size."""
        return error <= _ROUNDING * beside

    def rarest(self, truth: Array) -> int | None:
        """Return how many labels are of the rarer class; None where there are no classes."""
        return None

    def sayable(self, labels: Array) -> NDArray[np.bool_]:
        """Say which of some numbers are labels of this kind; NaN is none."""
        import numpy as np

        return ~np.isnan(labels)

    def said(self, labels: Array, name: str) -> Array:
        """Return a supervisor's labels as they count.

        Raises
        ------
        InputError
            If they are no labels of this kind.
        """
        return labels

    def taught(self, weak: Array, teach: Teach) -> Array:
        """Return weak labels as students learn them."""
        return weak

    def quantities(self) -> tuple[Term | Ratio, ...]:
        """Return all of them, in the order of results."""
        return (*self.terms, *self.ratios)

    def names(self) -> tuple[str, ...]:
        """Return the names of all quantities."""
        return tuple(quantity.name for quantity in self.quantities())

    def headline_of(self, model: str) -> list[str]:
        """Return the term of the headline score of a model, if the task has such a score."""
        return [f"{model}_{self.headline}"] if self.headline else []

    def term(self, name: str) -> Term:
        """Return a term by its name."""
        return next(term for term in self.terms if term.name == name)

    def words(self, name: str) -> str:
        """Return what a quantity is called."""
        return next(q.words for q in self.quantities() if q.name == name)

    def per_molecule(self, predicted: Predicted) -> dict[str, Array]:
        """Return the terms by name, each of the predictions' shape."""
        import numpy as np

        with np.errstate(over="ignore", invalid="ignore"):  # whoever is not finite is left out
            return {term.name: term.of(predicted) for term in self.terms}

    def measured(self, predicted: Predicted) -> dict[str, float]:
        """Return every quantity of one supervisor and student on some molecules, by name.

        Molecules of which the supervisor says nothing (NaN) do not count; a quantity is NaN where
        there is no other.
        """
        means = _means(self.per_molecule(predicted.said()))
        return {**means, **{ratio.name: ratio.of(means) for ratio in self.ratios}}

    def misfit(self, predicted: Predicted) -> float:
        """Return the mean of the term ``misfit`` alone, which needs no true label.

        Molecules of which the supervisor says nothing do not count; NaN where there is no other.
        """
        import numpy as np

        with np.errstate(over="ignore", invalid="ignore"):
            return _means({"misfit": self.term("misfit").of(predicted.said())})["misfit"]

    def errors_beside(self, predicted: Predicted) -> dict[str, float]:
        """Return the errors of the other uses of a supervisor, on the same molecules.

        By name, ``USE_error``; NaN where a use is not measured.
        """
        import numpy as np

        said = predicted.said()
        with np.errstate(over="ignore", invalid="ignore"):
            errors = {n: self.loss(of_use, said.truth) for n, of_use in said.beside.items()}
        return _means({f"{name}_error": of_use for name, of_use in errors.items()})

    def score_names(self) -> tuple[str, ...]:
        """Return the columns of scores in results that are no quantities."""
        quantities = self.names()
        models = [f"{model}_{score.name}" for score in self.scores for model in self.scored_models]
        gaps = [f"pgr_{score.name}" for score in self.scores if self.scored_models]
        return tuple(name for name in (*models, *gaps) if name not in quantities)

    def scores_of(self, predicted: Predicted) -> dict[str, float]:
        """Return the scores of ``score_names`` on some molecules, by name."""
        if not self.scored_models:
            return {}
        said = predicted.said()
        models = {"weak": said.weak, "w2s": said.w2s, "ceiling": said.ceiling, **said.beside}
        found: dict[str, float] = {}
        for score in self.scores:
            of = {model: _defined(score, models[model], said.truth) for model in self.scored_models}
            found |= {f"{model}_{score.name}": value for model, value in of.items()}
            lacks = [score.lack(of[model]) for model in ("weak", "w2s", "ceiling")]
            found[f"pgr_{score.name}"] = recovered(*lacks)
        return {name: found[name] for name in self.score_names()}

    def scored(self, prediction: Array, truth: Array) -> dict[str, float]:
        """Return every score of some molecules by name; NaN where it is undefined."""
        return {score.name: score.of(prediction, truth) for score in self.scores}


def recovered(weak: float, student: float, ceiling: float) -> float:
    """Return the performance gap recovered of a number of which less is better.

    NaN where the ceiling is not better than the supervisor by more than sums are rounded.
    """
    room = weak - ceiling
    return (weak - student) / room if room > _NO_GAP * abs(weak) else float("nan")


def _defined(score: Score, prediction: Array, truth: Array) -> float:
    """Return a score, NaN where some prediction is missing."""
    import numpy as np

    return float("nan") if np.isnan(prediction).any() else score.of(prediction, truth)


def _means(terms: Mapping[str, Array]) -> dict[str, float]:
    return {n: float(t.mean()) if len(t) else float("nan") for n, t in terms.items()}
