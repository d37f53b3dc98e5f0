from collections.abc import Iterator

import numpy as np

from w2s_mol.heads.matrix import InMemory, gathered
from w2s_mol.heads.side_by_side import SideBySide


class OnDisk:
    """An array whose blocks hold every third row, and which counts how often one is read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.read = array, array.shape, 0

    def blocks(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for block in range(3):
            places = np.flatnonzero(rows % 3 == block)
            if len(places):
                self.read += 1
                yield places, self.array[rows[places]]


def test_features_stand_side_by_side_whatever_their_blocks() -> None:
    generator = np.random.default_rng(0)
    arrays = [generator.normal(size=(50, d)) for d in (2, 3, 1)]
    disks = [OnDisk(array) for array in arrays[1:]]
    found = SideBySide([InMemory(arrays[0]), *disks])
    assert found.shape == (50, 6)
    rows = np.array([40, 2, 3, 49, 7, 0])
    np.testing.assert_array_equal(gathered(found, rows), np.hstack(arrays)[rows])
    assert [disk.read for disk in disks] == [3, 3]  # each block of each once
    alone = SideBySide([InMemory(arrays[0]), InMemory(arrays[2])])
    np.testing.assert_array_equal(gathered(alone, rows), np.hstack([arrays[0], arrays[2]])[rows])
