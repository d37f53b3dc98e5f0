"""Whoever reads molecules for a study: what supervisors and students have in common."""

from __future__ import annotations

from collections.abc import Sequence

from w2s_mol import files
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.progress import Progress, silent


class Reader:
    """Molecules in; what it makes of them is its own. By itself it reads all and keeps nothing.

    Attributes
    ----------
    name
        What it is called in results.
    sha256
        A hash of everything that what it makes depends on, beside the lesson or the teaching.
    encoders
        Those that it reads molecules with, if any.
    """

    name: str
    sha256: str
    encoders: tuple[EncoderRef, ...] = ()

    @property
    def reading(self) -> str:
        """What says which molecules it can read: the same for those with the same one."""
        return self.sha256

    def read(self, smiles: Sequence[str]) -> Sequence[str]:
        """Say of each molecule why it cannot be read, without computing anything."""
        return [""] * len(smiles)

    def begin(self, tables: Sequence[Sequence[str]], progress: Progress = silent) -> None:
        """Compute what ``prepare`` will keep of some datasets, but for what others are at."""
        return

    def prepare(self, smiles: Sequence[str], progress: Progress = silent) -> Sequence[str]:
        """Compute what can be kept for some molecules, before any lesson on them.

        Returns
        -------
        sequence of str
            For each molecule why it cannot be read, or an empty text. A study leaves such
            molecules out, or stops, as ``--on-invalid`` says.
        """
        return [""] * len(smiles)


class EncodedReader(Reader):
    """Reads molecules with a frozen encoder, whose vectors are kept."""

    def __init__(self, encoded: Encoded) -> None:
        encoder = encoded.encoder
        self.encoded, self.encoders, self.name = encoded, (encoder,), encoder.name
        self.sha256 = files.sha256_bytes(encoder.fingerprint.encode())

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
