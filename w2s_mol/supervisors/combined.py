"""Supervisors that are made of others: side by side, averaged, each taught by the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from w2s_mol import files
from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.reader import Reader, Together
from w2s_mol.embeddings.together import EncodedTogether
from w2s_mol.encoders.adapted import is_marked
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array
from w2s_mol.models.model import averaged
from w2s_mol.progress import Progress, silent
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.supervisors.names import BETWEEN, CHAIN, CONCAT, MEAN
from w2s_mol.supervisors.numbers import Raw
from w2s_mol.supervisors.probe import Probe, probed


class Combined(Together[Supervisor], Supervisor):
    """Some supervisors as one: it reads with the encoders of all of them.

    It has the seed that all of them have. It has no hidden size, even if they have one: it is
    not an encoder of that size, and is to stand in no table or line of those.
    """

    def __init__(self, name: str, members: Sequence[Supervisor]) -> None:
        super().__init__(members)
        self.family, between = next(
            (prefix.removesuffix(":"), sign)
            for prefix, sign in BETWEEN.items()
            if name.startswith(prefix)
        )
        # Encoders are called as their folders are, wherever these lie, and none loses its mark.
        names = between.join(member.name for member in members)
        said = "/" in name or any(is_marked(encoder.name) for encoder in self.encoders)
        self.name = f"{self.family}:{names}" if said else name
        self.seed = _shared([member.seed for member in members])
        self.sha256 = self._hash([member.sha256 for member in members])
        check_each_once(name, self._once())

    def content(self, examples: Examples) -> str:
        """Return a hash of what the members are."""
        return self._hash([member.content(examples) for member in self.members])

    def remarks(
        self, examples: Examples, truth: Array, progress: Progress = silent
    ) -> Sequence[str]:
        """Return what the members have to say."""
        every = [member.remarks(examples, truth, progress) for member in self.members]
        return [remark for remarks in every for remark in remarks]

    def _once(self) -> Sequence[Supervisor]:
        """Return the supervisors that make no sense twice."""
        return self.members

    def _hash(self, hashes: Sequence[str]) -> str:
        return files.sha256_json([self.family, *hashes])


class Concat(Combined):
    """The features of several encoders side by side under one head, each block as it is."""

    def __init__(self, name: str, members: Sequence[Supervisor]) -> None:
        super().__init__(name, members)
        probes = [member for member in members if isinstance(member, Probe)]
        self.encoded = EncodedTogether([probe.encoded for probe in probes])
        if len(probes) < len(members):
            [other, *_] = [member for member in members if not isinstance(member, Probe)]
            raise InputError(
                f"{name} puts the features of encoders side by side, and {other.name} has none. "
                f"Leave it out, or take the mean of labels: {MEAN}{name.removeprefix(CONCAT)}."
            )

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Fit one head on true labels, and let it predict."""
        said, head = probed(self.encoded.features(lesson.examples.smiles), lesson)
        return replace(said, model=self.encoded.model(head, lesson.task))


class Mean(Combined):
    """The mean of the labels of molecules of which all members say something."""

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Average."""
        return mean_of([member.labels(lesson) for member in self.members])


class Chain(Combined):
    """Bootstrapping: the first learns true labels, each other one those of the one before."""

    def __init__(self, name: str, members: Sequence[Supervisor]) -> None:
        super().__init__(name, members)
        for member in members[1:]:
            if isinstance(member, Raw):
                raise InputError(
                    f"{name}: {member.name} learns nothing, so that what stands before it in a "
                    f"chain is lost. Put it first, or write {member.name.replace('raw', 'column')}."
                )

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Teach one after another; the last one's labels are the weak labels."""
        taught_on = np.union1d(lesson.learn, lesson.choose)
        asked, lesson = lesson.asked, replace(lesson, asked=taught_on)
        for member in self.members[:-1]:
            lesson = _taught_by(member.labels(lesson).labels, lesson)
            if not len(lesson.learn) or not len(lesson.choose):
                return WeakLabels(np.full(len(lesson.truth), np.nan))
        return self.members[-1].labels(replace(lesson, asked=asked))

    def _once(self) -> Sequence[Supervisor]:
        return [leaf for member in self.members for leaf in _leaves(member)]


COMBINATIONS: dict[str, type[Combined]] = {CONCAT: Concat, MEAN: Mean, CHAIN: Chain}
"""By how their names begin."""


def check_each_once(name: str, members: Sequence[Reader]) -> None:
    """Raise InputError if what a name puts together holds one of them several times."""
    called = {member.sha256: member.name for member in members}
    [(sha256, count)] = Counter(member.sha256 for member in members).most_common(1)
    if count > 1:
        raise InputError(f"{name} names {called[sha256]} {count} times. Name each once.")


def mean_of(each: Sequence[WeakLabels]) -> WeakLabels:
    """Return the mean of what some supervisors say, where all of them say something.

    A mean of the others would be another supervisor on each molecule, which no error describes.
    """
    labels = np.mean([one.labels for one in each], axis=0)
    models = [one.model for one in each if one.model]
    model = averaged(models) if len(models) == len(each) else None
    return WeakLabels(labels, model=model)


def _taught_by(labels: Array, lesson: Lesson) -> Lesson:
    """Return a lesson with someone's labels for true ones, where he says something."""
    learn, choose = (rows[~np.isnan(labels[rows])] for rows in (lesson.learn, lesson.choose))
    shown = np.full(len(labels), np.nan)
    shown[learn], shown[choose] = labels[learn], labels[choose]
    return replace(lesson, truth=shown, learn=learn, choose=choose)


def _leaves(supervisor: Supervisor) -> list[Supervisor]:
    if not isinstance(supervisor, Combined):
        return [supervisor]
    return [leaf for member in supervisor.members for leaf in _leaves(member)]


def _shared(values: Sequence[int | None]) -> int | None:
    return values[0] if len({*values}) == 1 else None
