"""A probe: a frozen encoder under a head that is fitted to true labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.reader import EncodedReader
from w2s_mol.heads.head import Head
from w2s_mol.heads.matrix import Matrix
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels


class Probe(EncodedReader, Supervisor):
    """The paper's weak supervisor (Charikar et al. 2024, section 5.2)."""

    def __init__(self, encoded: Encoded, family: str) -> None:
        super().__init__(encoded)
        encoder = encoded.encoder
        self.family, self.hidden, self.made = family, encoder.hidden, encoder.metadata
        seed = encoder.metadata.get("seed")
        self.seed = seed if isinstance(seed, int) else None

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Fit a head on true labels, and let it predict."""
        said, head = probed(self.encoded.features(lesson.examples.smiles), lesson)
        return replace(said, model=self.encoded.model(head, lesson.task))


def probed(features: Matrix, lesson: Lesson) -> tuple[WeakLabels, Head]:
    """Return what a head on features of shape (n, d) says of a lesson, and the head."""
    head = lesson.fit(features, lesson.truth[:, None], lesson.learn, lesson.choose)
    labels = head.predict_rows(features, lesson.asked)[:, 0]
    # A probe has something to say of every molecule: NaN here is a head that overflowed.
    said = labels[lesson.asked]
    labels[lesson.asked] = np.where(np.isnan(said), np.inf, said)
    return WeakLabels(labels, float(head.penalties[0])), head
