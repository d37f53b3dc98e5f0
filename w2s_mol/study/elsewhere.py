"""How other processes, on this machine or others, do parts of a study."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.files import seen_from_here
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.supervisors.names import BETWEEN

if TYPE_CHECKING:
    from w2s_mol.study.plan import StudyPlan

_NAMES = ("dataset", "split_file", "unlabelled", "weak", "strong")
_WHOLE_PATH = re.compile(rf"(?<![^:{re.escape(''.join(set(BETWEEN.values())))}])/[^+>]*")


@dataclass(frozen=True)
class StudyElsewhere:
    """A study as any process opens it.

    Attributes
    ----------
    config
        Its settings; paths in them are as seen from the working folder.
    device, mirror, offline
        As in ``run_study``.
    run_id
        Of the study that it should be: content of tables and encoders is part of it.
    addresses
        What its models call encoders, by their names in the settings.
    """

    config: StudyConfig
    device: str
    mirror: str | None
    offline: bool
    run_id: str
    addresses: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, config: StudyConfig, finder: Finder, encoders: Iterable[EncoderRef], run_id: str
    ) -> StudyElsewhere:
        """Return it, of settings whose paths may be whole."""
        names: dict[str, Any] = {n: tuple(map(_from_here, getattr(config, n))) for n in _NAMES}
        addresses = {seen_from_here(e.asked): e.address for e in encoders}
        return cls(
            replace(config, **names), finder.device, finder.mirror, finder.offline, run_id,
            tuple(addresses.items()),
        )  # fmt: skip

    def open(self) -> StudyPlan:
        """Open it.

        Raises
        ------
        InputError
            If a table or an encoder has another content here.
        """
        from w2s_mol.study.plan import StudyPlan

        config = self.config
        finder = Finder(
            config.pooling, self.device, config.items, self.mirror, self.offline,
            addresses=dict(self.addresses),
        )  # fmt: skip
        plan = StudyPlan(config, finder, prepares_all=False)
        if plan.run_id != self.run_id:
            raise InputError(
                "a table or an encoder of the study has another content here than where it was "
                "begun. Use the same on all machines."
            )
        return plan


@dataclass(frozen=True)
class BlockNeed:
    """A block of embeddings of a study.

    Attributes
    ----------
    key
        A hash of its encoder and molecules: what is the same for two studies is made once.
    name
        Of the encoder.
    encoder, dataset, start
        Which of the study's, and the first row.
    """

    key: str
    name: str
    encoder: int
    dataset: int
    start: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BlockNeed) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return f"embeddings of {self.name}, rows from {self.start}"


def _from_here(name: str) -> str:
    if name.startswith((*BETWEEN,)):
        return _WHOLE_PATH.sub(lambda found: os.path.relpath(found[0]), name)
    return seen_from_here(name)
