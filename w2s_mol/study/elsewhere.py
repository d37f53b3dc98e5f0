"""How other processes, on this machine or others, do parts of a study."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from w2s_mol.crews.goods import pictured
from w2s_mol.datasets.fetch import mirror_here
from w2s_mol.embeddings.finding import Finder
from w2s_mol.embeddings.reader import Reader
from w2s_mol.encoders.files import seen_from
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.supervisors.names import BETWEEN, written_members

if TYPE_CHECKING:
    from w2s_mol.study.plan import StudyPlan

_NAMES = ("dataset", "split_file", "unlabelled", "weak", "strong")


@dataclass(frozen=True)
class StudyElsewhere:
    """A study as any process opens it.

    Attributes
    ----------
    config
        Its settings.
    device, mirror, offline
        As in ``run_study``.
    run_id
        Of the study that it should be: content of tables and encoders is part of it.
    called
        What its results call supervisors and students.
    addresses
        What its models call encoders, by what they are asked as.
    """

    config: StudyConfig
    device: str
    mirror: str | None
    offline: bool
    run_id: str
    called: tuple[str, ...]
    addresses: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls,
        config: StudyConfig,
        finder: Finder,
        everyone: Iterable[Reader],
        encoders: Iterable[EncoderRef],
        run_id: str,
    ) -> StudyElsewhere:
        """Return it, as this process has it."""
        addresses = tuple((one.asked, one.address) for one in encoders)
        access = (finder.device, finder.mirror, finder.offline)
        return cls(config, *access, run_id, called_in(everyone), addresses)

    def open(self) -> StudyPlan:
        """Open it.

        Raises
        ------
        InputError
            If a table or an encoder has another content here, or another name.
        """
        from w2s_mol.study.plan import StudyPlan

        folder = pictured()
        config, addresses = self.config, dict(self.addresses)
        if folder is not None:
            names: dict[str, Any] = {
                name: tuple(_seen_from(one, folder) for one in getattr(config, name))
                for name in _NAMES
            }
            config = replace(config, **names)
            addresses = {seen_from(asked, folder): there for asked, there in self.addresses}
        mirror = mirror_here(self.mirror)
        finder = Finder(
            config.pooling, self.device, config.items, mirror, self.offline, addresses=addresses
        )
        plan = StudyPlan(config, finder, prepares_all=False)
        if plan.run_id != self.run_id:
            raise InputError(
                "a table or an encoder of the study has another content here than where it was "
                "begun. Use the same on all machines."
            )
        if plan.called != self.called:
            other = next(a for a, b in zip(self.called, plan.called, strict=True) if a != b)
            raise InputError(
                f"{other} is named by its whole path, which is another on this machine. Name it as "
                "it is seen from the working folder."
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
    name: str = field(compare=False)
    encoder: int = field(compare=False)
    dataset: int = field(compare=False)
    start: int = field(compare=False)

    def __str__(self) -> str:
        return f"embeddings of {self.name}, rows from {self.start}"


def called_in(everyone: Iterable[Reader]) -> tuple[str, ...]:
    """Return what results call supervisors, with their families, and students."""
    return tuple(f"{getattr(one, 'family', '')} {one.name}".strip() for one in everyone)


def _seen_from(name: str, folder: str) -> str:
    """Return a name as seen from a folder, also of one that is made of others."""
    prefix = next((one for one in BETWEEN if name.startswith(one)), None)
    if prefix is None:
        return seen_from(name, folder)
    members = (_seen_from(one, folder) for one in written_members(name))
    return f"{prefix}{BETWEEN[prefix].join(members)}"
