"""The paper's student: a frozen encoder, or several, under heads that are fitted to labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2s_mol import files
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.reader import EncodedReader, ReaderOfSeveral
from w2s_mol.embeddings.together import EncodedTogether
from w2s_mol.heads.fitter import Given
from w2s_mol.heads.head import Head
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Matrix
from w2s_mol.models.model import Model
from w2s_mol.students.contract import Student, Teaching
from w2s_mol.students.groups import Group, grouped
from w2s_mol.supervisors.names import BETWEEN, CONCAT
from w2s_mol.uses.contract import Exercise, Learned


class FrozenStudent(EncodedReader, Student):
    """A frozen encoder and a head for each column of labels."""

    def learn(self, teaching: Teaching, exercises: Sequence[Exercise]) -> list[Learned]:
        """Fit heads; columns that are learnt from the same rows share one factorisation."""
        return learned_heads(self.encoded, teaching, exercises)


class SeveralStudent(ReaderOfSeveral, Student):
    """Several frozen encoders side by side, and a head for each column of labels."""

    def __init__(self, members: Sequence[FrozenStudent]) -> None:
        super().__init__(members)
        self.name = f"{CONCAT}{BETWEEN[CONCAT].join(member.name for member in members)}"
        self.sha256 = files.sha256_json([CONCAT, *(member.sha256 for member in members)])

    def learn(self, teaching: Teaching, exercises: Sequence[Exercise]) -> list[Learned]:
        """Fit heads on the features of all."""
        return learned_heads(self.encoded, teaching, exercises)


def learned_heads(
    encoded: Encoded | EncodedTogether, teaching: Teaching, exercises: Sequence[Exercise]
) -> list[Learned]:
    """Do exercises with heads on features of encoders."""
    features = encoded.features(teaching.examples.smiles)
    predictions = [np.full(exercise.labels.shape, np.nan) for exercise in exercises]
    penalties = [np.full(exercise.labels.shape[1], np.nan) for exercise in exercises]
    models: list[dict[int, Model | None]] = [{} for _ in exercises]
    for group in grouped(exercises, weak_apart=teaching.fit.tells_weak_apart):
        if not len(group.learn) or not len(group.choose):
            continue  # a supervisor that says nothing of the molecules with true labels
        head = _fitted(features, teaching, exercises, group)
        for number, columns, places in group.by_exercise():
            exercise, some = exercises[number], head.columns(places)
            some = some if exercise.start is None else some.correcting()
            beside = None if exercise.reads is None else exercise.reads[:, columns]
            predictions[number][:, columns] = some.predict_rows(features, exercise.read, beside)
            penalties[number][columns] = some.penalties
            kept = {
                c: encoded.model(some.columns([i]), teaching.task) for i, c in enumerate(columns)
            }
            models[number] |= kept
    return [
        Learned(of_all, chosen, tuple(made.get(column) for column in range(len(chosen))))
        for of_all, chosen, made in zip(predictions, penalties, models, strict=True)
    ]


def _fitted(
    features: Matrix, teaching: Teaching, exercises: Sequence[Exercise], group: Group
) -> Head:
    n = features.shape[0]

    def columns(of: str) -> Array | None:
        """Return what exercises have of each molecule, NaN in columns of those without."""
        each = [(getattr(exercises[e], of), column) for e, column in group.members]
        if all(one is None for one, _ in each):
            return None
        nothing = np.full(n, np.nan)
        return np.column_stack([nothing if one is None else one[:, c] for one, c in each])

    labels = columns("labels")
    assert labels is not None  # noqa: S101 -- every exercise has some
    given = Given(group.weights, columns("beside"), columns("start"))
    return teaching.fit(features, labels, group.learn, group.choose, given, weak=group.weak)
