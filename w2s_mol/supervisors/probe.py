"""A probe: a frozen encoder under a head that is fitted to true labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2s_mol import files
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.progress import Progress, silent
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels


class Probe(Supervisor):
    """The paper's weak supervisor (Charikar et al. 2024, section 5.2)."""

    def __init__(self, encoded: Encoded, family: str) -> None:
        encoder = encoded.encoder
        self.encoded, self.encoder = encoded, encoder
        self.name, self.family = encoder.name, family
        self.sha256 = files.sha256_bytes(encoder.fingerprint.encode())
        self.hidden, self.made = encoder.hidden, encoder.metadata
        seed = encoder.metadata.get("seed")
        self.seed = seed if isinstance(seed, int) else None

    @property
    def reading(self) -> str:
        """As the encoder's."""
        return self.encoded.encoder.reading

    def read(self, smiles: Sequence[str]) -> Sequence[str]:
        """Ask the encoder."""
        return self.encoded.read(smiles)

    def begin(self, tables: Sequence[Sequence[str]], progress: Progress = silent) -> None:
        """Embed what is free."""
        self.encoded.begin(tables, progress)

    def prepare(self, smiles: Sequence[str], progress: Progress = silent) -> Sequence[str]:
        """Embed them."""
        return self.encoded.prepare(smiles, progress)

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Fit a head on true labels, and let it predict."""
        features = self.encoded.features(lesson.smiles)
        head = lesson.fit(features, lesson.truth[:, None], lesson.learn, lesson.choose)
        labels = head.predict_rows(features, lesson.asked)[:, 0]
        # A probe has something to say of every molecule: NaN here is a head that overflowed.
        said = labels[lesson.asked]
        labels[lesson.asked] = np.where(np.isnan(said), np.inf, said)
        return WeakLabels(labels, float(head.penalties[0]))
