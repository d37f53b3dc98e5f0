"""The paper's student: a frozen encoder under a head that is fitted to weak labels."""

from __future__ import annotations

import numpy as np

from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.reader import EncodedReader
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.models.model import Model
from w2s_mol.students.contract import Student, Taught, Teaching


class FrozenStudent(EncodedReader, Student):
    """A frozen encoder and a head."""

    def learn(self, teaching: Teaching) -> Taught:
        """Fit all heads at once: the features are factorised once for the labels of all."""
        return taught_heads(self.encoded, teaching, teaching.labels)


def taught_heads(encoded: Encoded, teaching: Teaching, labels: Array) -> Taught:
    """Fit heads on columns of weak labels, and the ceiling on the truth beside them."""
    features = encoded.features(teaching.smiles)
    k = labels.shape[1]
    predictions = np.empty((len(labels), k + 1))
    penalties = np.empty(k + 1)
    models: dict[int, Model] = {}
    everything = np.hstack([labels, teaching.truth[:, None]])
    for columns in _columns_of_the_same_rows(everything, teaching.learn, teaching.choose):
        known = ~np.isnan(everything[:, columns[0]])
        head = teaching.fit(
            features,
            everything[:, columns],
            teaching.learn[known[teaching.learn]],
            teaching.choose[known[teaching.choose]],
        )
        predictions[:, columns] = head.predict_rows(features, teaching.asked)
        penalties[columns] = head.penalties
        models |= {c: encoded.model(head.column(place)) for place, c in enumerate(columns)}
    return Taught(
        predictions[:, :k],
        np.repeat(predictions[:, k:], k, axis=1),
        penalties[:k],
        np.repeat(penalties[k:], k),
        tuple(models[column] for column in range(k)),
    )


def _columns_of_the_same_rows(labels: Array, learn: Rows, choose: Rows) -> list[list[int]]:
    """Group the columns that have labels of the same molecules: these are fitted together.

    One that is infinite somewhere (a supervisor that overflowed) is fitted alone: in a
    factorisation with others it would make all of them NaN.
    """
    groups: dict[tuple[bytes, int], list[int]] = {}
    rows = np.concatenate([learn, choose])
    for column in range(labels.shape[1]):
        said = labels[rows, column]
        alone = column if np.isinf(said).any() else -1
        groups.setdefault((np.isnan(said).tobytes(), alone), []).append(column)
    return list(groups.values())
