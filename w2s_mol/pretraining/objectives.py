"""The objectives of pretraining and their weights."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from w2s_mol.errors import InputError, unknown_name

IN_WORDS = {
    "mlm": "masked tokens",
    "descriptors": "200 normalised RDKit descriptors",
    "pairs": "pairs of one molecule",
}
"""What each objective learns, as model cards say it."""


@dataclass(frozen=True)
class Objectives:
    """The weight of each objective in the loss; 0 leaves it out.

    Attributes
    ----------
    mlm
        Masked-language modelling: cross-entropy of the masked tokens (Devlin et al. 2018).
    descriptors
        Mean squared error of 200 normalised descriptors, read off the pooler output.
    pairs
        MolBERT's third task: cross-entropy of whether two SMILES, read as one sequence, are one
        molecule; half of them are, in another atom order.
    """

    mlm: float = 1.0
    descriptors: float = 1.0
    pairs: float = 0.0

    def __post_init__(self) -> None:
        for name, weight in self.weights().items():
            if not 0 <= weight < math.inf:
                raise InputError(
                    f"objective {name} has the weight {weight}; it must be a finite number, 0 or "
                    "more."
                )
        if not self.used():
            raise InputError(
                f"no objective has a weight above 0. Give one of {', '.join(self.weights())}."
            )

    def weights(self) -> dict[str, float]:
        """Return every objective's weight."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def used(self) -> list[str]:
        """Return the objectives whose weight is above 0."""
        return [name for name, weight in self.weights().items() if weight > 0]

    def in_words(self) -> str:
        """Say them and their weights, as model cards do."""
        weights = self.weights()
        return ", ".join(f"{IN_WORDS[name]} (weight {weights[name]:g})" for name in self.used())

    @classmethod
    def parse(cls, text: str) -> Objectives:
        """Read objectives from text; those not named are left out.

        Raises
        ------
        InputError
            If an objective is unknown or named twice, or its weight is no number.

        Examples
        --------
        >>> Objectives.parse("mlm,descriptors=10")
        Objectives(mlm=1.0, descriptors=10.0, pairs=0.0)
        """
        weights = dict.fromkeys((field.name for field in fields(cls)), 0.0)
        named: set[str] = set()
        for part in text.split(","):
            name, _, weight = part.strip().partition("=")
            if name not in weights:
                raise unknown_name("objective", name, weights)
            if name in named:
                raise InputError(f"objective {name} is named twice. Name it once, with its weight.")
            named.add(name)
            try:
                weights[name] = float(weight or 1)
            except ValueError:
                raise InputError(
                    f"objective {name} has the weight {weight!r}. It should be a number, as in "
                    "mlm=1,descriptors=10."
                ) from None
        return cls(**weights)
