"""Probabilities that a head predicts or learns, and their logits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]

LEAST = 1e-6
"""No probability counts as less, or as more than one minus this: a single molecule that is wrong
costs 13.8 nats at most, and labels that can be told apart without fault have a finite head."""


def within(probabilities: Array) -> Array:
    """Return probabilities as they count: from ``LEAST`` to ``1 - LEAST``."""
    found: Array = np.clip(probabilities, LEAST, 1 - LEAST)
    return found


def logit(probabilities: Array) -> Array:
    """Return ``ln p / (1 - p)`` of probabilities as they count."""
    p = within(probabilities)
    found: Array = np.log(p) - np.log1p(-p)
    return found


def offsets_of(start: Array) -> Array:
    """Return what logits begin with that correct a prediction: its logits, 0 where it is NaN."""
    found: Array = np.where(np.isnan(start), 0.0, logit(start))
    return found


def probability(logits: Array) -> Array:
    """Return ``1 / (1 + exp(-t))``, as it counts."""
    return within(expit(logits))
