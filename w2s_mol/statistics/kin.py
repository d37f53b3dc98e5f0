"""Molecules of one scaffold, where a study's splits keep scaffolds together: they err alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TRAIN = "train"
"""How the names of parts begin that heads are fitted on."""
_LEARNT = 0.1
"""Of more test molecules than this share the scaffold was learnt from: splits do not keep them."""
_LOOKED_AT = 300
"""Molecules of either side that are compared before all are: most splits do not keep scaffolds."""


def groups_of_kin(predictions: pd.DataFrame, rows: Sequence[int]) -> NDArray[np.int64] | None:
    """Return the number of the scaffold of each of some molecules.

    None where a split's train part has the scaffolds of its test molecules, as that of random
    splits has: there each molecule was drawn by itself. None where the predictions hold no SMILES.

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
    for _, split in molecules.groupby("split", sort=False, observed=True):
        part = split["part"].astype(str)
        learnt = split.loc[part.str.startswith(TRAIN), "smiles"].tolist()
        tested = split.loc[part == "test", "smiles"].tolist()
        if not learnt or not tested or _share_learnt(tested, learnt) > _LEARNT:
            return None
    of_row = molecules.drop_duplicates("row").set_index("row")["smiles"]
    scaffolds = _scaffolds(of_row.loc[list(rows)])
    return np.unique(scaffolds, return_inverse=True)[1].astype(np.int64)


def _share_learnt(tested: Sequence[str], learnt: Sequence[str]) -> float:
    """Return the share of some molecules whose scaffold others have; at least, if it is large."""
    for n in (_LOOKED_AT, max(len(tested), len(learnt))):
        known = set(_scaffolds(learnt[:n]))
        share = float(np.mean([one in known for one in _scaffolds(tested[:n])]))
        if share > _LEARNT:
            break
    return share


def _scaffolds(smiles: Iterable[str]) -> list[str]:
    return [_scaffold(str(text)) for text in smiles]


@lru_cache(maxsize=1 << 18)
def _scaffold(smiles: str) -> str:
    from w2s_mol.datasets.splits import scaffolds

    return scaffolds([smiles])[0]
