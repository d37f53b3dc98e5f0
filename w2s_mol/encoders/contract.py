"""The contract of every encoder: SMILES in, one vector each out, with a validity mask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol.errors import InputError, unknown_name
from w2s_mol.molecules.smiles import MoleculeError
from w2s_mol.progress import Progress, silent

Precision = Literal["fp32", "bf16"]

METADATA = "w2s_mol.json"
"""The file in an encoder's folder that says how it was made; it marks the folder as finished."""

UNFINISHED = ".training"
"""How the name of a folder ends that holds the checkpoints of encoders not yet finished."""


def check_precision(precision: str) -> None:
    """Raise InputError if arithmetic of this precision is not offered."""
    if precision not in get_args(Precision):
        raise unknown_name("precision", precision, get_args(Precision))


@dataclass(frozen=True)
class Embeddings:
    """What an encoder makes of ``n`` SMILES.

    Attributes
    ----------
    embeddings
        Shape (n, d), float32; rows of NaN where the SMILES is invalid.
    valid
        Shape (n,), bool.
    reasons
        For each SMILES why it is invalid, or an empty string.
    """

    embeddings: NDArray[np.float32]
    valid: NDArray[np.bool_]
    reasons: tuple[str, ...]


class Encoder(ABC):
    """SMILES in, one vector each out.

    A vector depends on its SMILES alone: not on the order, the batch size or the other molecules
    (equal within 1e-5 in float32).

    Attributes
    ----------
    name
        What the user called it.
    fingerprint
        A hash of everything its vectors depend on; two encoders with the same one agree.
    poolings
        The ways of making one vector that it offers; the first is the default.
    hidden
        Size of its hidden states, where it has any.
    precision
        Of its arithmetic.
    """

    name: str
    fingerprint: str
    poolings: tuple[str, ...]
    hidden: int | None = None
    precision: Precision = "fp32"

    @abstractmethod
    def dimension(self, pooling: str) -> int:
        """Return the length of a vector."""

    @abstractmethod
    def _prepare(self, smiles: str) -> Any:
        """Return what ``_vectors`` reads for one SMILES.

        Raises
        ------
        MoleculeError
            If the encoder cannot represent it.
        """

    @abstractmethod
    def _vectors(
        self, prepared: Sequence[Any], pooling: str, progress: Progress
    ) -> NDArray[np.float32]:
        """Return the vectors, shape (m, d), of ``m`` prepared molecules."""

    def resolve_pooling(self, pooling: str | None) -> str:
        """Return the pooling asked for, or the default for None.

        Raises
        ------
        InputError
            If this encoder does not offer it.
        """
        if pooling is None:
            return self.poolings[0]
        if pooling not in self.poolings:
            raise InputError(
                f"encoder {self.name} does not offer the pooling {pooling!r}. It should be one "
                f"of: {', '.join(self.poolings)}."
            )
        return pooling

    def embed(
        self, smiles: Sequence[str], pooling: str | None = None, progress: Progress = silent
    ) -> Embeddings:
        """Embed SMILES.

        Parameters
        ----------
        smiles
            ``n`` SMILES; surrounding blanks are ignored.
        pooling
            For transformers ``pooled`` (the pooler's output on the first token), ``mean`` (of the
            last layer over the molecule's own tokens) or ``mean+pooled`` (both, concatenated).
        progress
            Told the number of distinct molecules done.

        Returns
        -------
        Embeddings
            ``embeddings`` of shape (n, d) and ``valid`` of shape (n,), in the order given.

        Raises
        ------
        InputError
            If the encoder does not offer the pooling.
        """
        pooling = self.resolve_pooling(pooling)
        if isinstance(smiles, str):
            raise InputError(f"embed takes a list of SMILES; got one string, {smiles!r}.")
        rows: dict[str, int] = {}  # each distinct SMILES is computed once
        prepared: list[Any] = []
        refused: dict[str, str] = {}
        # A missing value of a pandas column is a float.
        stripped = [text.strip() if isinstance(text, str) else "" for text in smiles]
        with rdBase.BlockLogs():
            for text in stripped:
                if text in rows or text in refused:
                    continue
                try:
                    prepared.append(self._prepare(text))
                    rows[text] = len(prepared) - 1
                except MoleculeError as error:
                    refused[text] = str(error)
            vectors = self._vectors(prepared, pooling, progress)
        valid = np.array([text in rows for text in stripped], dtype=bool)
        embeddings = np.full((len(stripped), self.dimension(pooling)), np.nan, dtype=np.float32)
        embeddings[valid] = vectors[[rows[text] for text in stripped if text in rows]]
        return Embeddings(embeddings, valid, tuple(refused.get(text, "") for text in stripped))
