"""The best of the other supervisors by the paper's rule, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from w2s_mol import files
from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.reader import Together
from w2s_mol.encoders.adapted import MARK, is_marked
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array
from w2s_mol.supervisors.combined import Mean, mean_of
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.supervisors.names import BETWEEN_TAKEN, MEAN, TOP

_LEAST_SAID = 0.5
_AT_ONCE = 24
"""Candidates: their students' heads need no more memory than those of a part of a study."""


def mean_of_taken(top: Supervisor, names: Sequence[str]) -> Supervisor:
    """Return the mean of some of those that a supervisor takes from, or the one, by name."""
    assert isinstance(top, Top)  # noqa: S101 -- nobody else takes
    taken = [next(one for one in top.members if one.name == name) for name in names]
    return taken[0] if len(taken) == 1 else Mean(f"{MEAN}{'+'.join(names)}", taken)


class Top(Together[Supervisor], Supervisor):
    """The mean of the labels of the ``count`` others that the rule ranks first.

    The rule (smallest weak error - misfit; Charikar et al. 2024, section 5.2) sees the molecules
    that the lesson lets a supervisor choose on, and the student that is to learn: another split,
    draw or student may have others. Who is silent on most of these molecules is not taken, and the
    rest are compared on those of which all of them speak; of several alike the first is taken.
    """

    asks_student = True

    def __init__(self, name: str, count: int, members: Sequence[Supervisor]) -> None:
        super().__init__(members)
        mark = MARK if any(is_marked(encoder.name) for encoder in self.encoders) else ""
        self.name, self.family, self._count = f"{name}{mark}", TOP.removesuffix(":"), count
        self.sha256 = self._hash([member.sha256 for member in members])
        self._said: tuple[Array | None, list[WeakLabels]] = (None, [])
        if len(members) <= count:
            raise InputError(
                f"{name} takes {count} of the other supervisors of a study, which should be more "
                f"than {count}; there {'is' if len(members) == 1 else 'are'} {len(members)}. Name "
                "more with --weak."
            )

    def content(self, examples: Examples) -> str:
        """Return a hash of what the others are."""
        return self._hash([member.content(examples) for member in self.members])

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Let the others say, rank them, and average the first."""
        said, rows = self._ask(lesson), lesson.choose
        labels = np.stack([one.labels for one in said], axis=1)
        speaks = ~np.isnan(labels[rows])
        candidates = np.flatnonzero(speaks.mean(axis=0) >= _LEAST_SAID)
        # Errors on other molecules do not compare.
        common = rows[speaks[:, candidates].all(axis=1)]
        if not len(candidates) or not len(common):
            return WeakLabels(np.full(len(labels), np.nan))
        assert lesson.rule  # noqa: S101 -- whoever asks the student is asked with one
        parts = [candidates[i : i + _AT_ONCE] for i in range(0, len(candidates), _AT_ONCE)]
        bounds = np.concatenate([lesson.rule(labels[:, some], common) for some in parts])
        ranked = [
            place for place in np.argsort(bounds, kind="stable") if np.isfinite(bounds[place])
        ]
        best = candidates[ranked[: self._count]]
        if not len(best):
            return WeakLabels(np.full(len(labels), np.nan))
        names = BETWEEN_TAKEN.join(self.members[place].name for place in best)
        return replace(mean_of([said[place] for place in best]), taken=names)

    def _ask(self, lesson: Lesson) -> list[WeakLabels]:
        """Return what the others say; once for all students of a split."""
        truth, said = self._said
        if truth is not lesson.truth:
            said = [member.labels(lesson) for member in self.members]
            self._said = lesson.truth, said
        return said

    def _hash(self, hashes: Sequence[str]) -> str:
        return files.sha256_json([self.family, self._count, *hashes])
