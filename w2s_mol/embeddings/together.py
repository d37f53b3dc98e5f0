"""The vectors of several encoders as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.heads.head import Head
from w2s_mol.heads.matrix import Matrix
from w2s_mol.heads.side_by_side import SideBySide
from w2s_mol.models.model import Model, model_of


@dataclass(frozen=True)
class EncodedTogether:
    """Several encoders whose vectors stand side by side, each as it is."""

    each: Sequence[Encoded]

    def features(self, smiles: Sequence[str]) -> Matrix:
        """Return the vectors of some molecules, shape (n, d1 + d2 + ...)."""
        return SideBySide([one.features(smiles) for one in self.each])

    def model(self, head: Head, task: str) -> Model | None:
        """Return what these encoders and a head of a task predict together, None if not kept."""
        return model_of([one.input for one in self.each], head, task)
