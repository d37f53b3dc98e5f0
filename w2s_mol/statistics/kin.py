"""Molecules of one scaffold, where a study's splits keep scaffolds together: they err alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_LOOKED_AT = 300
"""Molecules of either side that are compared before all are: most splits do not keep scaffolds."""


def groups_of_kin(predictions: pd.DataFrame, rows: Sequence[int]) -> NDArray[np.int64] | None:
    """Return the number of the scaffold of each of some molecules.

    None where a split has one scaffold in its train part and outside of it, as random splits have:
    there each molecule was drawn by itself. None where the predictions hold no SMILES.

    Parameters
    ----------
    predictions
        Of one dataset: row, split, part, smiles.
    rows
        Of the molecules that are asked for.
    """
    if "smiles" not in predictions:
        return None
    molecules = predictions.drop_duplicates(["split", "row"])[["split", "row", "part", "smiles"]]
    of_row = molecules.drop_duplicates("row").set_index("row")["smiles"]
    for _, split in molecules.groupby("split", sort=False):
        taught = split["part"] == "train"
        one, other = (tuple(map(str, split.loc[side, "smiles"])) for side in (taught, ~taught))
        if not one or not other or _shared(one, other):
            return None
    scaffolds = _scaffolds(tuple(map(str, of_row.loc[list(rows)])))
    return np.unique(scaffolds, return_inverse=True)[1].astype(np.int64)


@lru_cache(maxsize=64)
def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Say whether two lots of molecules have a scaffold in common."""
    few = set(_scaffolds(one[:_LOOKED_AT])) & set(_scaffolds(other[:_LOOKED_AT]))
    return bool(few or set(_scaffolds(one)) & set(_scaffolds(other)))


@lru_cache(maxsize=64)
def _scaffolds(smiles: tuple[str, ...]) -> tuple[str, ...]:
    from w2s_mol.datasets.splits import scaffolds

    return tuple(scaffolds(smiles))
