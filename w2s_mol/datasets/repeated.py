"""Items that stand in two parts of a split, and those that are nearly the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.dataset import PARTS, Dataset, Split

PAIRS = tuple(itertools.combinations(PARTS, 2))
_EACH_NAMED = 5
"""Of more splits than these, the fewest and the most are told."""


def repeated_note(dataset: Dataset) -> list[str]:
    """Return a note that counts, for each split and pair of parts, items that are in both.

    Counted are those of the later part, and apart from them those of which only a twin (of a
    molecule another stereoisomer) is in the earlier part.
    """
    items = dataset.items
    keys = [items.key(item) for item in dataset.smiles]
    molecules, skeletons = numbered(keys), numbered(map(items.twin, keys))
    same, twins = [], []
    for split in dataset.splits:
        exact = [_in_both(molecules, split, pair) for pair in PAIRS]
        alike = [_in_both(skeletons, split, pair) for pair in PAIRS]
        same.append([int(found.sum()) for found in exact])
        twins.append([int((a & ~e).sum()) for a, e in zip(alike, exact, strict=True)])
    names = [split.name for split in dataset.splits]
    said = [
        f"{what}: {_counted(names, counts)}"
        for what, counts in (
            (f"{items.name} that are in two parts of a split", same),
            (f"{items.name} {items.twins} is in an earlier part", twins),
        )
        if any(map(any, counts))
    ]
    return ["; ".join(said)] if said else []


def _counted(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return the counts of all splits, for the pairs of parts that have any.

    Examples
    --------
    >>> _counted(["0", "1"], [[0, 2, 0], [0, 3, 0]])
    'train and test 2 in split 0, 3 in split 1'
    """
    return ", ".join(
        f"{first} and {second} {_in_each(names, [of[number] for of in counts])}"
        for number, (first, second) in enumerate(PAIRS)
        if any(of[number] for of in counts)
    )


def _in_each(names: Sequence[str], counts: Sequence[int]) -> str:
    if len(names) > _EACH_NAMED:
        return f"{min(counts)} to {max(counts)} in each of {len(names):,} splits"
    return ", ".join(f"{n} in split {name}" for name, n in zip(names, counts, strict=True))


def _in_both(keys: NDArray, split: Split, pair: tuple[str, str]) -> NDArray[np.bool_]:
    earlier, later = (keys[getattr(split, part)] for part in pair)
    found: NDArray[np.bool_] = np.isin(later, earlier)
    return found


def numbered(texts: Iterable[str]) -> NDArray[np.int64]:
    """Return a number for each text, the same for the same one."""
    found: NDArray[np.int64] = np.unique(np.array([*texts], dtype=object), return_inverse=True)[1]
    return found
