"""From the name of an encoder to what it makes of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules
from w2s_mol.progress import Progress, silent

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Finder:
    """How encoders are found, and what is asked of them.

    Attributes
    ----------
    pooling
        Of transformers; others have none.
    device
        Where transformers run: ``auto``, ``cpu`` or ``cuda``.
    items
        What they are to read.
    mirror, offline, progress
        As in ``fetch``.
    moved
        What encoders that lie elsewhere on this machine are called here, by what they are asked as.
    addresses
        What models are to call encoders, by what they are asked as, where it is not their address
        on this machine.
    """

    pooling: str | None = None
    device: str = "auto"
    items: Items = field(default_factory=Molecules)
    mirror: str | None = None
    offline: bool = False
    progress: Progress = silent
    moved: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    addresses: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def encoded(self, name: str) -> Encoded:
        """Find an encoder; its weights are not loaded.

        Raises
        ------
        InputError
            If there is none, or it does not read such items or offer the pooling.
        DownloadError
            If it cannot be fetched.
        """
        encoder = find_encoder(
            self.moved.get(name, name),
            self.device,
            mirror=self.mirror,
            offline=self.offline,
            progress=self.progress,
            items=self.items,
        )
        return Encoded(encoder, self.pooling, self.addresses.get(name))
