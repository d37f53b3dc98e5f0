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

from w2s_mol.heads.rules import LossName

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """A loss of each molecule.

    Attributes
    ----------
    of
        From logits and labels (between 0 and 1), of one shape, to the losses and their derivatives
        in the logits.
    """

    of: Callable[[Array, Array], tuple[Array, Array]]


def _sigmoid(logits: Array) -> tuple[Array, Array]:
    """Return ``1 / (1 + exp(-t))`` and ``ln(1 + exp(t))`` of one exponential, in t's precision."""
    small = np.exp(-np.abs(logits))
    whole = 1 + small
    return np.where(logits >= 0, 1, small) / whole, np.maximum(logits, 0) + np.log(whole)


def _cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    s, softplus = _sigmoid(logits)
    return softplus - labels * logits, s - labels


def _reverse_kl(logits: Array, labels: Array) -> tuple[Array, Array]:
    s, softplus = _sigmoid(logits)
    # ln(1 - p) of the label is -ln(1 + exp(its logit)).
    beyond = logits - (np.log(labels) - np.log1p(-labels))
    return s * beyond - softplus - np.log1p(-labels), s * (1 - s) * beyond


CROSS_ENTROPY, REVERSE_KL = Loss(_cross_entropy), Loss(_reverse_kl)

LOSSES: dict[LossName, Loss] = {"cross-entropy": CROSS_ENTROPY, "reverse-kl": REVERSE_KL}
