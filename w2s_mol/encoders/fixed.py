"""Fixed representations that need no weights: RDKit's descriptors and counted Morgan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from w2s_mol.encoders.contract import Computed, Encoder
from w2s_mol.manifest import versions
from w2s_mol.molecules import descriptors
from w2s_mol.molecules.smiles import parse
from w2s_mol.progress import Progress

_REPORT_EVERY = 100


class FixedEncoder(Encoder):
    """A representation that a formula gives: nothing of it was trained."""

    poolings = ("fixed",)

    @property
    def reading(self) -> str:
        """All fixed representations read every molecule."""
        return "any molecule"

    def _prepare(self, smiles: str) -> Chem.Mol:
        return parse(smiles)

    def _chunk(self, mols: Sequence[Chem.Mol]) -> NDArray[np.floating]:
        raise NotImplementedError

    def _compute(self, prepared: Sequence[Any], pooling: str, progress: Progress) -> Computed:
        vectors = np.empty((len(prepared), self.dimension(pooling)), dtype=np.float32)
        for start in range(0, len(prepared), _REPORT_EVERY):
            part = prepared[start : start + _REPORT_EVERY]
            vectors[start : start + len(part)] = self._chunk(part)
            progress(f"embedding with {self.name}", start + len(part), len(prepared))
        return Computed(vectors)


class DescriptorEncoder(FixedEncoder):
    """The 200 RDKit descriptors, each mapped to [0, 1] by ``descriptastorus``."""

    name = "rdkit2d"
    fingerprint = "rdkit2d:1"

    @property
    def arithmetic(self) -> Mapping[str, str | None]:
        """The versions of what computes it."""
        return versions("rdkit", "descriptastorus", "numpy")

    def dimension(self, pooling: str) -> int:
        """Return 200."""
        return descriptors.N_DESCRIPTORS

    def _chunk(self, mols: Sequence[Chem.Mol]) -> NDArray[np.floating]:
        return descriptors.normalized_descriptors(mols)


class MorganEncoder(FixedEncoder):
    """Counts of circular substructures up to radius 2, folded to 2048 places (ECFP4 counts).

    Rogers and Hahn, J. Chem. Inf. Model. 50, 742-754, 2010.
    """

    name = "ecfp"
    fingerprint = "ecfp:radius-2:2048:counts"

    @property
    def arithmetic(self) -> Mapping[str, str | None]:
        """The versions of what computes it."""
        return versions("rdkit")

    _SIZE = 2048

    def __init__(self) -> None:
        self._generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=self._SIZE)

    def dimension(self, pooling: str) -> int:
        """Return 2048."""
        return self._SIZE

    def _chunk(self, mols: Sequence[Chem.Mol]) -> NDArray[np.floating]:
        return np.stack([self._generator.GetCountFingerprintAsNumPy(mol) for mol in mols])
