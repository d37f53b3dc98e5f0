"""Features of several matrices side by side, read a block at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from w2s_mol.heads.matrix import Features, InMemory, Matrix, Rows, gathered


@dataclass(frozen=True)
class SideBySide:
    """Matrices of the same ``n`` molecules as one, shape (n, d1 + d2 + ...)."""

    matrices: Sequence[Matrix]

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n, d)."""
        return self.matrices[0].shape[0], sum(matrix.shape[1] for matrix in self.matrices)

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Features]]:
        """Yield them by the blocks of one that is on disk, if any is: all there have the same."""
        on_disk = (matrix for matrix in self.matrices if not isinstance(matrix, InMemory))
        leading = next(on_disk, self.matrices[0])
        for places, block in leading.blocks(rows):
            here = rows[places]
            beside = [block if m is leading else gathered(m, here) for m in self.matrices]
            yield places, np.hstack(beside)
