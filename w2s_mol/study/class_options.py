"""The options of a study that are for classes alone: how students learn them."""

from __future__ import annotations

from typing import Annotated

from w2s_mol.heads.rules import LossName, Teach, Threshold
from w2s_mol.option import Option
from w2s_mol.settings_check import Count, Range

_CLASSES = "Classes"

Heads = Annotated[Count, Option(help="Logistic heads of a mixture.", panel=_CLASSES)]
TeachOption = Annotated[
    Teach,
    Option(
        help="What a student learns of its supervisor: probabilities, or the likelier class.",
        panel=_CLASSES,
    ),
]
LossOption = Annotated[
    LossName,
    Option(
        help="By which loss a student learns: cross-entropy, KL(weak, student) but for a "
        "constant, or reverse-kl, KL(student, weak), of which gain >= misfit is proved.",
        panel=_CLASSES,
    ),
]
Strength = Annotated[
    float,
    Range(0, 1),
    Option(
        help="Of --head adamw: how much a student's own hardened prediction counts in its target "
        "at the end of the warm-up, the auxiliary confidence loss of Burns et al.; 0 for none.",
        panel=_CLASSES,
        metavar="A",
    ),
]
Warmup = Annotated[
    float,
    Range(0, 1),
    Option(help="Share of the steps over which it rises from 0.", panel=_CLASSES),
]
ThresholdOption = Annotated[
    Threshold,
    Option(
        help="Where own predictions are hardened: such that classes keep the weak labels' share, "
        "or at one half.",
        panel=_CLASSES,
    ),
]
