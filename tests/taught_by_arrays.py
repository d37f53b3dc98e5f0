"""Supervisors and students whose features are given arrays; nothing is embedded for them."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from w2s_mol.heads.linear import LinearHead
from w2s_mol.heads.matrix import InMemory
from w2s_mol.models.model import Input, Model
from w2s_mol.students.frozen import FrozenStudent
from w2s_mol.students.own import OwnStudent
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.supervisors.probe import Probe


class Given:
    """What ``embeddings.encoded.Encoded`` is to a probe or a student, of an array."""

    def __init__(self, array: np.ndarray, name: str = "given") -> None:
        self.array = array
        self.encoder = SimpleNamespace(
            name=name, fingerprint=name, hidden=None, metadata={}, reading=name
        )

    def features(self, smiles: Sequence[str]) -> InMemory:
        assert len(smiles) == len(self.array)
        return InMemory(self.array)

    def model(self, head: LinearHead, task: str) -> Model:
        return Model((self.input,), head, task)

    @property
    def input(self) -> Input:
        return Input(self.encoder.name, self.encoder.fingerprint, "fixed")


def probe(array: np.ndarray, name: str = "weak") -> Probe:
    return Probe(Given(array, name), "arrays")  # type: ignore[arg-type]


def student(array: np.ndarray | None, name: str = "strong") -> FrozenStudent | OwnStudent:
    """Return a student with given features, or with those of its supervisor."""
    return OwnStudent([]) if array is None else FrozenStudent(Given(array, name))  # type: ignore[arg-type]


class Says(Supervisor):
    """Says given labels, and remembers the lessons it had."""

    family = "says"

    def __init__(self, said: np.ndarray, name: str = "says") -> None:
        self.said, self.name, self.sha256 = said, name, name
        self.lessons: list[Lesson] = []

    def labels(self, lesson: Lesson) -> WeakLabels:
        self.lessons.append(lesson)
        return WeakLabels(self.said.copy())
