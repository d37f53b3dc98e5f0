"""One split of a study: from embeddings and labels to the predictions of every model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.dataset import Split
from w2s_mol.heads.linear import FitHead
from w2s_mol.study.config import Protocol

Array = NDArray[np.floating]


@dataclass(frozen=True)
class SplitPredictions:
    """The predictions of ``k`` supervisors' studies on all ``n`` molecules of a dataset.

    Attributes
    ----------
    parts
        Row numbers by the part of the split they are in.
    weak, w2s
        Shape (n, k).
    ceiling
        Shape (n,).
    weak_penalties, w2s_penalties, ceiling_penalty
        Chosen ridge penalties, shapes (k,), (k,) and a number; NaN for other heads.
    """

    parts: dict[str, NDArray[np.int64]]
    weak: NDArray[np.float64]
    w2s: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    weak_penalties: NDArray[np.float64]
    w2s_penalties: NDArray[np.float64]
    ceiling_penalty: float


def protocol_parts(split: Split, protocol: Protocol, seed: int) -> dict[str, NDArray[np.int64]]:
    """Return the row numbers of each part; ``disjoint`` halves the train part by seed."""
    if protocol == "paper":
        return split.parts()
    shuffled = np.random.default_rng(seed).permutation(split.train)
    half = len(shuffled) // 2
    return {
        "train-weak": np.sort(shuffled[:half]),
        "train-strong": np.sort(shuffled[half:]),
        "valid": split.valid,
        "test": split.test,
    }


def supervise(
    weak_features: Sequence[Array],
    strong_features: Array,
    truth: NDArray[np.float64],
    parts: dict[str, NDArray[np.int64]],
    fit: FitHead,
) -> SplitPredictions:
    """Fit weak heads on true labels, then the strong head on each one's labels.

    Parameters
    ----------
    weak_features
        ``k`` arrays of shape (n, d_i).
    strong_features
        Shape (n, d).
    truth
        True labels, shape (n,).
    parts
        As ``protocol_parts`` returns them.
    fit
        A rule of ``heads.linear``.

    Notes
    -----
    The students and the ceiling are columns of one fit, so the strong features are factorised
    once. A student's penalty is chosen on weak labels of the validation molecules; true labels
    reach only the weak heads and the ceiling's column.
    """
    weak_train = parts.get("train", parts.get("train-weak"))
    strong_train = parts.get("train", parts.get("train-strong"))
    valid = parts["valid"]
    y = truth[:, None]
    weak_heads = [
        fit(features[weak_train], y[weak_train], features[valid], y[valid])
        for features in weak_features
    ]
    weak = np.hstack([head.predict(x) for head, x in zip(weak_heads, weak_features, strict=True)])
    labels = np.hstack([weak, y])
    strong_head = fit(
        strong_features[strong_train],
        labels[strong_train],
        strong_features[valid],
        labels[valid],
    )
    strong = strong_head.predict(strong_features)
    return SplitPredictions(
        parts=parts,
        weak=weak,
        w2s=strong[:, :-1],
        ceiling=strong[:, -1],
        weak_penalties=np.concatenate([head.penalties for head in weak_heads]),
        w2s_penalties=strong_head.penalties[:-1],
        ceiling_penalty=float(strong_head.penalties[-1]),
    )
