"""Every kind of supervisor, by how its names begin; a new one is a module and a line here."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable

from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.folders import ENCODER
from w2s_mol.encoders.names import family_of
from w2s_mol.errors import InputError, UnknownNameError, unknown_name
from w2s_mol.supervisors.combined import COMBINATIONS
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.names import (
    COLUMN,
    PROPERTY,
    RAW,
    TOP,
    count_of,
    expand_supervisors,
    members_of,
)
from w2s_mol.supervisors.numbers import Column, Property, Raw
from w2s_mol.supervisors.probe import Probe
from w2s_mol.supervisors.top import Top


def _property(name: str, finder: Finder) -> Supervisor:
    if finder.items.name != "molecules":
        raise InputError(
            f"{PROPERTY}{name} is a property of molecules, and the items are {finder.items.name}. "
            f"Name a column of the table, {COLUMN}NAME or {RAW}NAME."
        )
    return Property(name)


KINDS: dict[str, Callable[[str, Finder], Supervisor]] = {
    COLUMN: lambda name, _finder: Column(name),
    RAW: lambda name, _finder: Raw(name),
    PROPERTY: _property,
}
"""By prefix, with its colon: who makes a supervisor of the rest of its name, and finds encoders.

Combinations are in ``combined.COMBINATIONS``: they are made of supervisors, ``top:`` of all others
of a study. Any other name is that of an encoder, or of several, and each of them is a probe.
"""


def find_supervisors(names: Iterable[str], finder: Finder) -> list[Supervisor]:
    """Return the supervisors that some names stand for, each once; no weights are loaded.

    Raises
    ------
    InputError
        If there is none, one of them cannot be used, or two different ones are called alike.
    """
    found: dict[str, Supervisor] = {}
    making = _Making(finder)
    once = list(dict.fromkeys(names))
    for name in (name for name in once if not name.startswith(TOP)):
        for supervisor in making.named(name):
            found.setdefault(supervisor.sha256, supervisor)
    others = [*found.values()]
    for name in (name for name in once if name.startswith(TOP)):
        top = Top(name, count_of(name), others)
        found.setdefault(top.sha256, top)
    if not found:
        raise InputError(
            "there is no weak encoder: the project ships none here. Pretrain some with "
            "'w2s-mol pretrain-weak', and pass --weak with their folder."
        )
    called = Counter((supervisor.family, supervisor.name) for supervisor in found.values())
    [((family, name), count)] = called.most_common(1)
    if count > 1:
        raise InputError(
            f"{count} different weak encoders are called {name!r} in folders called {family!r}. "
            "Rename one of the folders."
        )
    return list(found.values())


class _Making:
    """Makes supervisors of names, each once: combinations share their members with the rest."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._made: dict[str, Supervisor] = {}

    def named(self, name: str) -> list[Supervisor]:
        return [self._one(one) for one in expand_supervisors(name)]

    def _one(self, name: str) -> Supervisor:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Supervisor:
        if name.startswith(TOP):
            raise InputError(
                f"{name} takes the best of all others of a study, and is no member of a "
                "combination. Name it alone."
            )
        for prefix, maker in KINDS.items():
            if name.startswith(prefix):
                return maker(name.removeprefix(prefix), self._finder)
        for prefix, combination in COMBINATIONS.items():
            if name.startswith(prefix):
                return combination(name, [one for m in members_of(name) for one in self.named(m)])
        try:
            return Probe(self._finder.encoded(name), family_of(name))
        except UnknownNameError as error:
            if error.kind != ENCODER:
                raise
            raise _unknown(name, error) from error


def _unknown(name: str, error: UnknownNameError) -> InputError:
    """Return the error for a name that is no encoder's and begins as no other kind's."""
    kinds = [*KINDS, *COMBINATIONS, TOP]
    begun, colon, rest = name.partition(":")
    near = difflib.get_close_matches(f"{begun.lower()}:", kinds, n=1, cutoff=0.75)
    hint = (
        f"{error.hint} What is no encoder begins with {', '.join(kinds)}, such as column:NAME of "
        "the table, property:MolLogP or mean:h96; see 'w2s-mol run --help'."
    )
    meant = f"{near[0]}{rest if colon else ''}" if near else ""
    return unknown_name("supervisor", name, error.known, hint, meant)
