"""The best of the other supervisors by the paper's rule, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from w2s_mol import files
from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.reader import Together
from w2s_mol.errors import InputError
from w2s_mol.supervisors.combined import mean_of
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.supervisors.names import BETWEEN_TAKEN, TOP


class Top(Together[Supervisor], Supervisor):
    """The mean of the labels of the ``count`` others that the rule ranks first.

    The rule (smallest weak error - misfit; Charikar et al. 2024, section 5.2) sees the molecules
    that the lesson lets a supervisor choose on, and the student that is to learn: another split,
    draw or student may have others. Of several that are alike the first is taken; who is silent
    there is not.
    """

    asks_student = True

    def __init__(self, name: str, count: int, members: Sequence[Supervisor]) -> None:
        super().__init__(members)
        self.name, self.family, self._count = name, TOP.removesuffix(":"), count
        self.sha256 = self._hash([member.sha256 for member in members])
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
        said = [member.labels(lesson) for member in self.members]
        assert lesson.rule  # noqa: S101 -- whoever asks the student is asked with one
        bounds = lesson.rule(np.stack([one.labels for one in said], axis=1))
        best = np.argsort(bounds, kind="stable")[: self._count]
        taken = [place for place in best if np.isfinite(bounds[place])]
        if not taken:
            return WeakLabels(np.full(len(lesson.examples), np.nan))
        names = BETWEEN_TAKEN.join(self.members[place].name for place in taken)
        return replace(mean_of([said[place] for place in taken]), taken=names)

    def _hash(self, hashes: Sequence[str]) -> str:
        return files.sha256_json([self.family, self._count, *hashes])
