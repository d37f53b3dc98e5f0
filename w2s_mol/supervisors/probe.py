"""A probe: a frozen encoder under a head that is fitted to true labels."""

from __future__ import annotations

from collections.abc import Sequence

from w2s_mol import files
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.progress import Progress, silent
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels


class Probe(Supervisor):
    """The paper's weak supervisor (Charikar et al. 2024, section 5.2)."""

    def __init__(self, encoded: Encoded, family: str) -> None:
        encoder = encoded.encoder
        self.encoded = encoded
        self.name, self.family = encoder.name, family
        self.sha256 = files.sha256_bytes(encoder.fingerprint.encode())
        self.hidden, self.made, self.notes = encoder.hidden, encoder.metadata, encoder.notes
        seed = encoder.metadata.get("seed")
        self.seed = seed if isinstance(seed, int) else None

    def prepare(self, smiles: Sequence[str], progress: Progress = silent) -> Sequence[str]:
        """Embed them."""
        return self.encoded.prepare(smiles, progress)

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Fit a head on true labels, and let it predict."""
        features = self.encoded.features(lesson.smiles)
        head = lesson.fit(features, lesson.truth[:, None], lesson.learn, lesson.choose)
        return WeakLabels(
            head.predict_rows(features, lesson.asked)[:, 0], float(head.penalties[0])
        )
