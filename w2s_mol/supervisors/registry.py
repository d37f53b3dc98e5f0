"""Every kind of supervisor, by how its names begin; a new one is a module and a line here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.names import expand_encoders, family_of
from w2s_mol.errors import InputError
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.probe import Probe

KINDS: dict[str, Callable[[str, Finder], Supervisor]] = {}
"""By prefix, with its colon: who makes a supervisor of the rest of its name, and finds encoders.

Any other name is that of an encoder, or of several, and each of them is a probe.
"""


def find_supervisors(names: Iterable[str], finder: Finder) -> list[Supervisor]:
    """Return the supervisors that some names stand for, each once; no weights are loaded.

    Raises
    ------
    InputError
        If there is none, one of them cannot be used, or two different ones are called alike.
    """
    found: dict[str, Supervisor] = {}
    for name in dict.fromkeys(names):
        for supervisor in _named(name, finder):
            found.setdefault(supervisor.sha256, supervisor)
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


def _named(name: str, finder: Finder) -> list[Supervisor]:
    for prefix, maker in KINDS.items():
        if name.startswith(prefix):
            return [maker(name.removeprefix(prefix), finder)]
    return [Probe(finder.encoded(one), family_of(one)) for one in expand_encoders(name)]
