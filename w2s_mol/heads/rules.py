"""How heads can be fitted, by name. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

HeadRule = Literal["ridge", "ols", "adamw", "mlp", "mixture"]

WIDTH, HEADS = 32, 4
"""Hidden units of ``mlp``, as in the synthetic experiments; heads of ``mixture``."""

LossName = Literal["cross-entropy", "reverse-kl"]
"""What a student of classes is fitted by."""

Teach = Literal["probabilities", "classes"]
"""What a student of classes learns: a supervisor's probabilities, or the likelier class."""

Threshold = Literal["share", "half"]
"""Where a student's own predictions are hardened."""


@dataclass(frozen=True)
class Confidence:
    """The auxiliary confidence loss (Burns et al. 2023, section 4.3 and appendix A.4).

    The target is ``(1 - a) weak + a [own prediction > t]``.

    Attributes
    ----------
    strength
        The largest a; 0 for none.
    warmup
        The share of the steps over which a rises to it from 0.
    threshold
        ``share`` takes t such that own predictions above it are as large a share as the weak
        labels' mean, found again before each epoch; ``half`` takes 0.5.
    """

    strength: float = 0.0
    warmup: float = 0.2
    threshold: Threshold = "share"


@dataclass(frozen=True)
class HeadSettings:
    """All that decides how heads are fitted.

    Attributes
    ----------
    rule
        By name; a task may not have each.
    epochs, width, heads
        Of ``adamw``, ``mlp`` and ``mixture``.
    seed
        Of what is drawn.
    loss, confidence, teach
        How a student of classes learns weak labels.
    """

    rule: HeadRule = "ridge"
    epochs: int = 1000
    width: int = WIDTH
    heads: int = HEADS
    seed: int = 0
    loss: LossName = "cross-entropy"
    confidence: Confidence = field(default_factory=Confidence)
    teach: Teach = "probabilities"
