"""What a run keeps of its predictions: molecules once, predictions by row number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.study.cell import Cells
from w2s_mol.study.prediction_tables import NUMBERS, PART
from w2s_mol.study.protocols import Roles
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.uses.registry import CEILING, STUDENT


def prediction_rows(
    dataset: Dataset, split: Split, supervisors: Sequence[Supervisor], roles: Roles, cells: Cells
) -> pd.DataFrame:
    """Return one row a molecule and supervisor, by the molecule's row in the source.

    All supervisors of a molecule follow each other, so that equal values do.
    """
    rows = np.sort(np.concatenate(list(roles.parts.values())))
    k = len(supervisors)
    of_source = np.array(dataset.rows, dtype=np.int32)[rows]

    def repeated(texts: list[str]) -> pd.Categorical:
        known = list(dict.fromkeys(texts))
        codes = np.array([known.index(text) for text in texts], dtype=np.int16)
        return _coded(np.tile(codes, len(rows)), known)

    def same(text: str) -> pd.Categorical:
        return repeated([text] * k)

    numbers = (cells.weak, *(cells.made[use.name].predictions for use in (STUDENT, CEILING)))
    return pd.DataFrame(
        {
            "dataset": same(dataset.name),
            "split": same(split.name),
            "strong": same(cells.student.name),
            "family": repeated([s.family for s in supervisors]),
            "weak": repeated([s.name for s in supervisors]),
            "row": np.repeat(of_source, k),
            **{name: n[rows].ravel() for name, n in zip(NUMBERS, numbers, strict=True)},
        }
    )


def _coded(codes: NDArray[np.int16], known: list[str]) -> pd.Categorical:
    """Return texts that repeat, each by its number."""
    return cast("pd.Categorical", pd.Categorical.from_codes(codes, pd.Index(known)))


def molecule_rows(dataset: Dataset, places: NDArray[np.int64], roles: list[Roles]) -> pd.DataFrame:
    """Return one row a molecule that can be used: its label, and its part of each split.

    Parameters
    ----------
    dataset
        All of it.
    places
        The rows of it that can be used.
    roles
        Of each split, by rows of the whole dataset.
    """
    source = np.array(dataset.rows, dtype=np.int64)
    lines = np.array(dataset.lines, dtype=np.int64)[places] if dataset.lines else None
    parts = {}
    for split, of_split in zip(dataset.splits, roles, strict=True):
        part = np.full(len(dataset), None, dtype=object)
        for name, rows in of_split.parts.items():
            part[rows] = name
        parts[f"{PART}{split.name}"] = pd.Categorical(part[places], list(of_split.parts))
    return pd.DataFrame(
        {
            "dataset": _coded(np.zeros(len(places), np.int16), [dataset.name]),
            "row": source[places],
            "line": pd.array(lines if lines is not None else [None] * len(places), dtype="Int64"),
            "smiles": [dataset.smiles[place] for place in places],
            "truth": dataset.labels[places],
            **parts,
        }
    )
