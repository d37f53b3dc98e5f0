"""Molecules that stand in two parts of a split, and those that differ in stereo alone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from w2s_mol.datasets.dataset import PARTS, Dataset, Split

PAIRS = tuple(itertools.combinations(PARTS, 2))
_EACH_NAMED = 5
"""Of more splits than these, the fewest and the most are told."""
_MARKS_OF_STEREO = set("@/\\")


def repeated_note(dataset: Dataset) -> list[str]:
    """Return a note that counts, for each split and pair of parts, molecules that are in both.

    Counted are those of the later part, and apart from them those of which only a stereoisomer is
    in the earlier part.
    """
    molecules, skeletons = _canonical(dataset.smiles)
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
            ("molecules that are in two parts of a split", same),
            ("molecules of which another stereoisomer is in an earlier part", twins),
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


def _canonical(smiles: Sequence[str]) -> tuple[NDArray, NDArray]:
    """Return a number for each molecule, and one for each molecule without its stereo."""
    molecules, skeletons = [], []
    with rdBase.BlockLogs():
        for text in smiles:
            mol = Chem.MolFromSmiles(text)
            canonical = Chem.MolToSmiles(mol)
            molecules.append(canonical)
            if set(canonical) & _MARKS_OF_STEREO:
                Chem.RemoveStereochemistry(mol)
                canonical = Chem.MolToSmiles(mol)
            skeletons.append(canonical)
    return _numbered(molecules), _numbered(skeletons)


def _numbered(texts: list[str]) -> NDArray:
    return np.unique(np.array(texts, dtype=object), return_inverse=True)[1]
