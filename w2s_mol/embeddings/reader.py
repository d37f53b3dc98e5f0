"""Whoever reads molecules for a study: what supervisors and students have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from w2s_mol import files
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.together import EncodedTogether
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.heads.matrix import Rows
from w2s_mol.progress import Progress, silent


class Reader:
    """Molecules in; what it makes of them is its own. By itself it reads all and keeps nothing.

    Attributes
    ----------
    name
        What it is called in results.
    sha256
        A hash of everything that what it makes depends on, beside the lesson or the teaching.
    reads_with
        The encoders that it reads molecules with, and what is kept of each, if any.
    """

    name: str
    sha256: str
    reads_with: tuple[Encoded, ...] = ()

    @property
    def encoders(self) -> tuple[EncoderRef, ...]:
        """Return the encoders that it reads molecules with."""
        return tuple(one.encoder for one in self.reads_with)

    @property
    def reading(self) -> str:
        """What says which molecules it can read: the same for those with the same one."""
        return self.sha256

    def read(self, smiles: Sequence[str]) -> Sequence[str]:
        """Say of each molecule why it cannot be read, without computing anything."""
        return [""] * len(smiles)

    def among(self, smiles: Sequence[str], whole: Sequence[str], places: Rows) -> None:
        """Learn that some molecules are rows of a larger table, of which others need other rows.

        Who computes something of each molecule may compute it of the larger table, once.
        """
        return

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

    encoded: Encoded

    def __init__(self, encoded: Encoded) -> None:
        encoder = encoded.encoder
        self.encoded, self.reads_with, self.name = encoded, (encoded,), encoder.name
        self.sha256 = files.sha256_bytes(encoder.fingerprint.encode())

    @property
    def reading(self) -> str:
        """As the encoder's."""
        return self.encoded.encoder.reading

    def read(self, smiles: Sequence[str]) -> Sequence[str]:
        """Ask the encoder."""
        return self.encoded.read(smiles)

    def among(self, smiles: Sequence[str], whole: Sequence[str], places: Rows) -> None:
        """Embed the larger table."""
        self.encoded.among(smiles, whole, places)

    def begin(self, tables: Sequence[Sequence[str]], progress: Progress = silent) -> None:
        """Embed what is free."""
        self.encoded.begin(tables, progress)

    def prepare(self, smiles: Sequence[str], progress: Progress = silent) -> Sequence[str]:
        """Embed them."""
        return self.encoded.prepare(smiles, progress)


R = TypeVar("R", bound=Reader)


class Together(Reader, Generic[R]):
    """Some readers as one: it can read what all of them can."""

    def __init__(self, members: Sequence[R]) -> None:
        self.members = tuple(members)
        every = [one for member in members for one in member.reads_with]
        self.reads_with = tuple({id(one.encoder): one for one in every}.values())

    @property
    def reading(self) -> str:
        """As its members', where these read alike."""
        readings = sorted({member.reading for member in self.members})
        return readings[0] if len(readings) == 1 else files.sha256_json(readings)

    def read(self, smiles: Sequence[str]) -> Sequence[str]:
        """Ask the members, one of those that read alike."""
        one_of_a_kind = {member.reading: member for member in self.members}.values()
        return _first_reasons([member.read(smiles) for member in one_of_a_kind])

    def among(self, smiles: Sequence[str], whole: Sequence[str], places: Rows) -> None:
        """Tell the members."""
        for member in self.members:
            member.among(smiles, whole, places)

    def begin(self, tables: Sequence[Sequence[str]], progress: Progress = silent) -> None:
        """Let the members begin."""
        for member in self.members:
            member.begin(tables, progress)

    def prepare(self, smiles: Sequence[str], progress: Progress = silent) -> Sequence[str]:
        """Prepare the members; one that cannot read a molecule is enough."""
        return _first_reasons([member.prepare(smiles, progress) for member in self.members])


class ReaderOfSeveral(Together[EncodedReader]):
    """Reads molecules with several frozen encoders, whose vectors stand side by side."""

    def __init__(self, members: Sequence[EncodedReader]) -> None:
        super().__init__(members)
        self.encoded = EncodedTogether([member.encoded for member in members])


def _first_reasons(each: Sequence[Sequence[str]]) -> list[str]:
    """Return for each molecule the first reason why it cannot be read, or an empty text."""
    return [next(filter(None, reasons), "") for reasons in zip(*each, strict=True)]
