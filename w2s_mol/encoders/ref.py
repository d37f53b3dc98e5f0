"""An encoder by its name and content: its weights are loaded where they are needed, and let go."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol import files, kept
from w2s_mol.encoders.contract import Described, Encoder
from w2s_mol.encoders.devices import Precision, place_of, resolve_device
from w2s_mol.encoders.folder import (
    COMPUTED_WITH,
    folder_fingerprint,
    folder_metadata,
    folder_revision,
)
from w2s_mol.encoders.names import FILE_PREFIX, HUB_PREFIX
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.items.contract import Items, ItemsName
from w2s_mol.items.molecules import Molecules
from w2s_mol.manifest import versions

if TYPE_CHECKING:
    import torch

_FACTS = "facts.json"


def check_reads(name: str, reads: frozenset[ItemsName], items: Items) -> None:
    """Raise InputError if an encoder does not read such items."""
    if items.name not in reads:
        raise InputError(
            f"encoder {name} reads {' and '.join(sorted(reads))}, and the items are {items.name}. "
            "Give hf:NAME_OR_FOLDER, the folder of a Hugging Face text encoder, or "
            "file:EMBEDDINGS.parquet, weak and strong alike."
        )


def _unless_molecules(items: Items) -> list[str]:
    """Return what tells facts found out with other items from those found out with molecules."""
    return [] if items.name == Molecules.name else [items.name]


def dimension_of(hidden: int, pooling: str) -> int:
    """Return the length of what a pooling makes of a transformer's states."""
    return hidden * (2 if pooling == "mean+pooled" else 1)


class EncoderRef(Described):
    """What an encoder is, and how to open it.

    Attributes
    ----------
    asked
        What a user called it, as ``load_encoder`` takes it.
    """

    asked: str

    @abstractmethod
    def open(self) -> Encoder:
        """Return the encoder, with its weights loaded."""

    @abstractmethod
    def dimension(self, pooling: str) -> int:
        """Return the length of a vector."""

    @property
    def address(self) -> str:
        """Return what it is called from any working folder."""
        return self.asked

    @property
    def place(self) -> str:
        """Say where it computes."""
        return "cpu"


class OpenRef(EncoderRef):
    """An encoder that is open, for it has no weights, or is code that is not ours."""

    def __init__(self, encoder: Encoder, asked: str) -> None:
        self.asked = asked
        self.encoder = encoder
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.poolings, self.hidden, self.notes = encoder.poolings, encoder.hidden, encoder.notes
        self.precision, self.revision = encoder.precision, encoder.revision
        self.metadata, self.items = encoder.metadata, encoder.items

    @property
    def reading(self) -> str:
        """As the encoder's."""
        return self.encoder.reading

    @property
    def arithmetic(self) -> Mapping[str, str | None]:
        """As the encoder's."""
        return self.encoder.arithmetic

    @property
    def place(self) -> str:
        """As the encoder says it."""
        return str(getattr(self.encoder, "device", "cpu"))

    @property
    def address(self) -> str:
        """Return the whole path of a file of embeddings."""
        if not self.asked.startswith(FILE_PREFIX):
            return self.asked
        path = Path(self.asked.removeprefix(FILE_PREFIX)).expanduser()
        return f"{FILE_PREFIX}{path.resolve()}"

    def dimension(self, pooling: str) -> int:
        """As the encoder's."""
        return self.encoder.dimension(pooling)

    def open(self) -> Encoder:
        """Return the encoder."""
        self.encoder.items = self.items
        return self.encoder


@dataclass(frozen=True)
class EncoderFolder:
    """A transformer in a folder, and how it is to be opened.

    Attributes
    ----------
    asked, name
        What a user called it, and what results call it.
    folder
        Its files.
    device
        Where it runs; what ``auto`` means is torch's to say.
    max_tokens, precision, items
        As in ``load_encoder``.
    """

    asked: str
    name: str
    folder: Path
    device: str | torch.device = "auto"
    max_tokens: int | None = None
    precision: Precision = "fp32"
    items: Items = field(default_factory=Molecules)

    @property
    def fingerprint(self) -> str:
        """Return a hash of what it is."""
        return folder_fingerprint(self.folder, self.max_tokens, self.precision)

    def open(self) -> Encoder:
        """Load its weights.

        Raises
        ------
        InputError
            If it does not read such items, or its files are damaged.
        """
        from w2s_mol.encoders import transformer

        kind = (
            transformer.SmilesBertEncoder
            if transformer.uses_smiles_vocabulary(self.folder)
            else transformer.TextEncoder
        )
        check_reads(self.name, kind.reads, self.items)
        device = resolve_device(self.device)
        return kind(self.name, self.folder, device, self.max_tokens, self.precision, self.items)


class FolderRef(EncoderRef):
    """A transformer in a folder.

    What its files do not say at a glance (its poolings, how it reads) is found out by opening it
    once, and kept by its content and the versions of what reads it.
    """

    def __init__(self, of: EncoderFolder) -> None:
        self._of = of
        self.asked, self.name, self.folder = of.asked, of.name, of.folder
        self.precision, self.items = of.precision, of.items
        self.metadata, self.revision = folder_metadata(of.folder), folder_revision(of.folder)
        self.fingerprint = of.fingerprint
        facts = self._facts()
        self.hidden: int = facts["hidden"]
        self._reading = facts["reading"]
        self.poolings, self.notes = tuple(facts["poolings"]), tuple(facts["notes"])

    @property
    def reading(self) -> str:
        """As it was found out."""
        return str(self._reading)

    @property
    def address(self) -> str:
        """Return the whole path of a folder that was asked for as such."""
        prefix = HUB_PREFIX if self.asked.startswith(HUB_PREFIX) else ""
        is_path = self.folder == Path(self.asked.removeprefix(HUB_PREFIX))
        return f"{prefix}{self.folder.resolve()}" if is_path else self.asked

    @property
    def arithmetic(self) -> Mapping[str, str | None]:
        """As the encoder's."""
        return {**versions(*COMPUTED_WITH), "device": self.place.partition(":")[0]}

    @property
    def place(self) -> str:
        """Say where it computes."""
        return place_of(self._of.device)

    def dimension(self, pooling: str) -> int:
        """Return the hidden size, twice it for ``mean+pooled``."""
        return dimension_of(self.hidden, pooling)

    def open(self) -> Encoder:
        """Load its weights.

        Raises
        ------
        W2SMolError
            If its folder is another than when it was found.
        """
        encoder = self._opened()
        encoder.items = self.items
        return encoder

    def _opened(self) -> Encoder:
        encoder = self._of.open()
        if encoder.fingerprint != self.fingerprint:
            raise W2SMolError(
                f"{self.folder} changed while it was in use. Run the same command again; what was "
                "embedded is kept."
            )
        return encoder

    def _facts(self) -> dict[str, Any]:
        made_by = [self.fingerprint, versions(*COMPUTED_WITH), *_unless_molecules(self.items)]
        entry = kept.Entry("facts", files.sha256_json(made_by))
        if folder := kept.whole(entry):
            facts: dict[str, Any] = files.read_json(folder / _FACTS)
            return facts
        encoder = self._opened()
        facts = {
            "hidden": encoder.hidden,
            "reading": encoder.reading,
            "poolings": encoder.poolings,
            "notes": encoder.notes,
        }
        # Opening is quicker than waiting for another process that finds out the same.
        with kept.claimed(entry) as mine:
            if mine and not kept.whole(entry):
                kept.write(entry, lambda place: files.write_json(place / _FACTS, facts))
        return facts
