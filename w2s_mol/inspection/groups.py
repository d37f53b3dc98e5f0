"""Where a student gains: by scaffold, by size, by distance to what was learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdFingerprintGenerator
from rdkit.Chem.Scaffolds import MurckoScaffold

from w2s_mol.molecules.smiles import MoleculeError, parse, smiles_of
from w2s_mol.statistics.intervals import of_repetitions

Array = NDArray[np.float64]
MOST_SCAFFOLDS = 10
NO_RING, UNREADABLE = "no ring", "not readable"
_FEWEST = 5
"""Molecules of a group with an interval."""
_QUARTILES = 4


def read(smiles: Sequence[str]) -> list[Chem.Mol | None]:
    """Return molecules; None where RDKit cannot read one."""
    with rdBase.BlockLogs():
        return [_read(text) for text in smiles]


def scaffolds(mols: Sequence[Chem.Mol | None]) -> list[str]:
    """Return the generic Bemis-Murcko scaffold of each: its rings and what joins them.

    All atoms are carbon and all bonds single.
    """
    with rdBase.BlockLogs():
        return [UNREADABLE if mol is None else _scaffold(mol) for mol in mols]


def heavy_atoms(mols: Sequence[Chem.Mol | None]) -> Array:
    """Return how many heavy atoms each has; NaN where it is not readable."""
    return np.array([np.nan if mol is None else mol.GetNumHeavyAtoms() for mol in mols])


def nearest_similarity(
    tested: Mapping[str, Sequence[int]],
    learnt: Mapping[str, Sequence[Chem.Mol | None]],
    mols: Sequence[Chem.Mol | None],
) -> Array:
    """Return how similar each molecule is to the nearest that was learnt from.

    Parameters
    ----------
    tested
        Positions in ``mols`` of the molecules that each split tests.
    learnt
        The molecules that were learnt from in each split.
    mols
        Molecules.

    Returns
    -------
    ndarray
        Tanimoto similarity of ECFP4 bits (Morgan, radius 2, 2048), a mean over splits, shape (n,);
        NaN where it is not known.
    """
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)

    def bits(mol: Chem.Mol | None) -> DataStructs.ExplicitBitVect | None:
        return None if mol is None else generator.GetFingerprint(mol)

    of_mols = [bits(mol) for mol in mols]
    sums, counts = np.zeros(len(mols)), np.zeros(len(mols))
    for split, places in tested.items():
        known = [found for mol in learnt[split] if (found := bits(mol)) is not None]
        for place in places:
            mine = of_mols[place]
            if mine is not None and known:
                sums[place] += max(DataStructs.BulkTanimotoSimilarity(mine, known))
                counts[place] += 1
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def by_frequency(names: Sequence[str], most: int = MOST_SCAFFOLDS) -> dict[str, list[int]]:
    """Return positions by name, of the most frequent ones; the earlier name where two tie."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return dict(sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))[:most])


def by_quantile(values: Array, decimals: int, parts: int = _QUARTILES) -> dict[str, list[int]]:
    """Return positions by parts of equal size, few where values tie; what is NaN is in none.

    The name of a part is the least and the largest value in it.
    """
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return {}
    edges = np.unique(np.quantile(values[known], np.arange(1, parts) / parts))
    part = np.searchsorted(edges, values, side="left")
    found: dict[str, list[int]] = {}
    for number in range(len(edges) + 1):
        places = [int(place) for place in known if part[place] == number]
        if places:
            least, largest = values[places].min(), values[places].max()
            found.setdefault(_between(least, largest, decimals), []).extend(places)
    return found


def gains(gain: Array, groups: Mapping[str, Sequence[int]]) -> pd.DataFrame:
    """Return the mean gain of each group of molecules.

    Parameters
    ----------
    gain
        Of each molecule, shape (n,).
    groups
        Positions by name.

    Returns
    -------
    DataFrame
        group, n, gain, low, high (Student's interval, 95 %); no interval under five molecules.
    """
    rows = []
    for name, places in groups.items():
        found = of_repetitions(gain[list(places)].tolist())
        ends = (found.low, found.high) if len(places) >= _FEWEST else (np.nan, np.nan)
        rows.append((name, len(places), found.estimate, *ends))
    return pd.DataFrame(rows, columns=["group", "n", "gain", "low", "high"])


def _read(text: str) -> Chem.Mol | None:
    try:
        return parse(smiles_of(text))
    except MoleculeError:
        return None


def _scaffold(mol: Chem.Mol) -> str:
    scaffold = MurckoScaffold.GetScaffoldForMol(mol)
    if scaffold.GetNumAtoms() == 0:
        return NO_RING
    try:
        generic = MurckoScaffold.MakeScaffoldGeneric(scaffold)
    except ValueError:  # a carbon cannot stand for an atom of more than four bonds
        return UNREADABLE
    # Atoms outside the rings that a double bond held are held by nothing in the generic form.
    return str(Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(generic)))


def _between(least: float, largest: float, decimals: int) -> str:
    ends = [f"{value:.{decimals}f}" for value in (least, largest)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
