"""Every supervisor's student another seed of its own kind: a null control."""

from __future__ import annotations

from collections.abc import Sequence

from w2s_mol import files
from w2s_mol.embeddings.finding import Finder
from w2s_mol.embeddings.reader import Together
from w2s_mol.encoders.names import PEER
from w2s_mol.encoders.peers import peer_of
from w2s_mol.errors import InputError
from w2s_mol.students.contract import Student, Teaching
from w2s_mol.students.frozen import FrozenStudent
from w2s_mol.students.one_each import learned_by_each
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.probe import Probe
from w2s_mol.uses.contract import Exercise, Learned


class PeerStudent(Together[FrozenStudent], Student):
    """Every supervisor teaches another pretraining seed of its own kind: a null control.

    The student is another than its teacher and knows as much: what is left of an effect is what
    fitting a second model of the same strength gives.

    Raises
    ------
    InputError
        If one of the supervisors has no peer.
    """

    name = PEER

    def __init__(self, supervisors: Sequence[Supervisor], finder: Finder) -> None:
        asked = {supervisor.sha256: _peer(supervisor) for supervisor in supervisors}
        found = {
            name: FrozenStudent(finder.encoded(name)) for name in dict.fromkeys(asked.values())
        }
        super().__init__(list(found.values()))
        self._peers = {sha256: found[name] for sha256, name in asked.items()}
        pairs = [[sha256, peer.sha256] for sha256, peer in self._peers.items()]
        self.sha256 = files.sha256_json([PEER, *pairs])

    def learn(self, teaching: Teaching, exercises: Sequence[Exercise]) -> list[Learned]:
        """Fit heads on the features of each supervisor's peer."""
        peers = [self._peers[supervisor.sha256].encoded for supervisor in teaching.supervisors]
        return learned_by_each(peers, teaching, exercises)


def _peer(supervisor: Supervisor) -> str:
    found = peer_of(supervisor.encoded.encoder.asked) if isinstance(supervisor, Probe) else None
    if found is None:
        raise InputError(
            f"--strong {PEER} lets every supervisor teach another pretraining seed of its own "
            f"family and size, and {supervisor.name} has none: encoders have one that are shipped, "
            "were never trained, or lie beside one that was made alike with another seed. Leave "
            "one of the two out."
        )
    return found
