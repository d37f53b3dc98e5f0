"""What the engine carries out: a run, which is made of parts."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from w2s_mol.crews.contract import Kept
from w2s_mol.crews.goods import Reads
from w2s_mol.progress import Progress

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Part:
    """What came of one part.

    Attributes
    ----------
    tables
        By name; a table that the part says nothing of is left out.
    notes
        What a reader should know, by what it is about.
    seconds
        How long each piece of work took.
    made_of
        Hashes of what is computed on the way, by what it is: parts of one run must agree in them.
    measured
        What it was computed with, as ``Run.measured``, where that was another process.
    """

    tables: Tables
    notes: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    made_of: dict[str, str] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)


class Run(Protocol):
    """What a folder keeps.

    A part depends on the run's inputs alone, so that any process can do it, in any order, once.

    Attributes
    ----------
    kind
        ``study`` or ``synthetic``.
    run_id
        A hash of everything the results depend on.
    format
        A number that changes when the same settings no longer give the same results. A version
        of the program that keeps it reads and goes on with what an older one began.
    tables
        The names of its tables; ``results`` is one of them.
    """

    kind: str
    run_id: str
    format: int
    tables: tuple[str, ...]

    def config(self) -> dict[str, Any]:
        """Return the settings as TOML holds them."""

    def chosen(self) -> dict[str, Any]:
        """Return those of the settings that are not the defaults."""

    def part_names(self) -> list[str]:
        """Return a file name for each part, in order."""

    def do(self, part: str, progress: Progress) -> Part:
        """Do a part."""

    def manifest(self) -> dict[str, Any]:
        """Return what identifies the run's inputs, and ``notes``: what a reader should know."""

    def measured(self) -> dict[str, Any]:
        """Return what it is computed with."""


class Shared(Run, Protocol):
    """A run whose parts other processes can do as well."""

    def elsewhere(self) -> Elsewhere:
        """Return how another process opens it."""

    def needs(self, part: str) -> Sequence[Hashable]:
        """Return what a part reads that is made before it: the same for the same."""

    def make(self, need: Any) -> Sequence[Kept]:
        """Make that, and return it as it travels."""

    def files(self) -> Reads:
        """Return the files that it reads, but for those that the program ships."""

    def check(self, progress: Progress) -> None:
        """Look at all that is to be read, before anyone computes.

        Raises
        ------
        InputError
            If something cannot be used.
        """


class Elsewhere(Hashable, Protocol):
    """How any process opens a run: small, picklable, the same for the same run.

    Attributes
    ----------
    run_id
        The run's.
    """

    @property
    def run_id(self) -> str:
        """Return the run's id."""

    def open(self) -> Shared:
        """Open it.

        Raises
        ------
        InputError
            If what is found there makes it another run.
        """
