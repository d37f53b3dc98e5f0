"""Losses of a probability that is predicted for another one, and their slopes in the logit.

With the label p and the prediction s of logit t, cross-entropy is ``ln(1 + exp(t)) - p t``: up to a
constant KL(p, s), the divergence that a classifier is usually fitted by. Reverse KL is KL(s, p), of
which the student is the projection that Mulgund and Pabbaraju (2025, arXiv 2501.19105) need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from w2s_mol.heads.probability import logit
from w2s_mol.heads.rules import LossName

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """A loss of each molecule.

    Attributes
    ----------
    of
        From logits and labels, of one shape, to the losses and their derivatives in the logits.
    """

    of: Callable[[Array, Array], tuple[Array, Array]]


def _cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    return np.logaddexp(0, logits) - labels * logits, expit(logits) - labels


def _reverse_kl(logits: Array, labels: Array) -> tuple[Array, Array]:
    s, of_label = expit(logits), logit(labels)
    beyond = logits - of_label
    # ln(1 - p) of the label is -ln(1 + exp(its logit)).
    losses = s * beyond - np.logaddexp(0, logits) + np.logaddexp(0, of_label)
    return losses, s * (1 - s) * beyond


CROSS_ENTROPY, REVERSE_KL = Loss(_cross_entropy), Loss(_reverse_kl)

LOSSES: dict[LossName, Loss] = {"cross-entropy": CROSS_ENTROPY, "reverse-kl": REVERSE_KL}
