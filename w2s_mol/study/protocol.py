"""One split of a study: from embeddings and labels to the predictions of every model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.dataset import Split
from w2s_mol.heads.linear import FitHead
from w2s_mol.streams import stream
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
        Shape (n, k): one model in k columns, unless every supervisor teaches itself.
    weak_penalties, w2s_penalties, ceiling_penalties
        Chosen ridge penalties, shape (k,); NaN for other heads.
    """

    parts: dict[str, NDArray[np.int64]]
    weak: NDArray[np.float64]
    w2s: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    weak_penalties: NDArray[np.float64]
    w2s_penalties: NDArray[np.float64]
    ceiling_penalties: NDArray[np.float64]


def protocol_parts(split: Split, protocol: Protocol, seed: int) -> dict[str, NDArray[np.int64]]:
    """Return the row numbers of each part; ``disjoint`` halves the train part by seed."""
    if protocol == "paper":
        return split.parts()
    shuffled = stream(seed, "disjoint halves").permutation(split.train)
    half = len(shuffled) // 2
    return {
        "train-weak": np.sort(shuffled[:half]),
        "train-strong": np.sort(shuffled[half:]),
        "valid": split.valid,
        "test": split.test,
    }


def supervise(
    weak_features: Sequence[Array],
    strong_features: Array | None,
    truth: NDArray[np.float64],
    parts: dict[str, NDArray[np.int64]],
    fit: FitHead,
    shuffle_seed: int | None = None,
) -> SplitPredictions:
    """Fit weak heads on true labels, then the strong head on each one's labels.

    Parameters
    ----------
    weak_features
        ``k`` arrays of shape (n, d_i).
    strong_features
        Shape (n, d); None lets every supervisor teach its own representation.
    truth
        True labels, shape (n,).
    parts
        As ``protocol_parts`` returns them.
    fit
        A rule of ``heads.linear``.
    shuffle_seed
        If given, the student sees the weak labels permuted among the molecules of each part.

    Notes
    -----
    The students and the ceiling are columns of one fit, so the strong features are factorised
    once. A student's penalty is chosen on weak labels of the validation molecules; true labels
    reach only the weak heads and the ceiling's column.
    """
    weak_train = parts["train" if "train" in parts else "train-weak"]
    strong_train = parts["train" if "train" in parts else "train-strong"]
    valid = parts["valid"]
    y = truth[:, None]
    weak_heads = [
        fit(features[weak_train], y[weak_train], features[valid], y[valid])
        for features in weak_features
    ]
    weak = np.hstack([head.predict(x) for head, x in zip(weak_heads, weak_features, strict=True)])
    taught = weak if shuffle_seed is None else _shuffled(weak, [strong_train, valid], shuffle_seed)

    def teach(features: Array, labels: NDArray[np.float64]) -> tuple[Any, NDArray[np.float64]]:
        """Fit students on columns of weak labels, and the ceiling on the truth beside them."""
        labels = np.hstack([labels, y])
        head = fit(features[strong_train], labels[strong_train], features[valid], labels[valid])
        return head.penalties, head.predict(features)

    if strong_features is None:
        columns = np.split(taught, len(weak_features), axis=1)
        students = [teach(x, column) for x, column in zip(weak_features, columns, strict=True)]
    else:
        students = [teach(strong_features, taught)]
    each = len(weak_features) if strong_features is not None else 1
    return SplitPredictions(
        parts=parts,
        weak=weak,
        w2s=np.hstack([strong[:, :-1] for _, strong in students]),
        ceiling=np.hstack([np.repeat(strong[:, -1:], each, axis=1) for _, strong in students]),
        weak_penalties=np.concatenate([head.penalties for head in weak_heads]),
        w2s_penalties=np.concatenate([penalties[:-1] for penalties, _ in students]),
        ceiling_penalties=np.concatenate([np.repeat(p[-1], each) for p, _ in students]),
    )


def _shuffled(
    labels: NDArray[np.float64], parts: Sequence[NDArray[np.int64]], seed: int
) -> NDArray[np.float64]:
    """Permute the rows of labels within each part."""
    generator = stream(seed, "shuffled labels")
    shuffled = labels.copy()
    for rows in parts:
        shuffled[rows] = labels[generator.permutation(rows)]
    return shuffled
