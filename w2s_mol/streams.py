"""Streams of random numbers: one a purpose, so that one seed serves several without ties.

Random splits (``datasets.splits``) are older than this module: they draw from the seed itself,
which is the stream of no purpose here.
"""

from __future__ import annotations

import numpy as np

_PURPOSES = (
    "disjoint halves",
    "shuffled labels",
    "molecules of a replicate",
    "splits and seeds of a replicate",
    "order of an epoch",
    "masks of a step",
    "atom orders of a line",
    "labelled molecules",
    "labelled validation molecules",
    "known molecules",
    "noise of molecules",
    "truths of supervisors",
)
"""A purpose's place is its stream: add at the end."""


def stream(seed: int, purpose: str, *place: int) -> np.random.Generator:
    """Return the random numbers of a seed for a purpose, and for a step or line of it."""
    key = (_PURPOSES.index(purpose) + 1, *place)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
