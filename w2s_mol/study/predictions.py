"""What a run keeps of its predictions: molecules once, predictions by row number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.arrays import BooleanArray

from w2s_mol.datasets.apart import Apart
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.study.cell import Cells
from w2s_mol.study.prediction_tables import APART, NUMBERS, PART, PREDICTION
from w2s_mol.study.protocols import Roles
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.uses.registry import BESIDE, CEILING, STUDENT


def prediction_rows(
    dataset: Dataset, split: str, supervisors: Sequence[Supervisor], roles: Roles, cells: Cells
) -> pd.DataFrame:
    """Return one row a molecule and supervisor, by the molecule's row in the source.

    All supervisors of a molecule follow each other, so that equal values do.
    """
    rows = np.sort(np.concatenate(list(roles.parts.values())))
    plain = (cells.weak, *(cells.made[use.name].predictions for use in (STUDENT, CEILING)))
    numbers = dict(zip(NUMBERS, plain, strict=True))
    return _rows(dataset, split, supervisors, cells, rows, numbers)


def use_rows(
    dataset: Dataset, split: str, supervisors: Sequence[Supervisor], roles: Roles, cells: Cells
) -> pd.DataFrame:
    """Return the predictions of the other uses, in the same way, of validation and test."""
    numbers = {f"{name}{PREDICTION}": cells.made[name].predictions for name in BESIDE}
    return _rows(dataset, split, supervisors, cells, roles.measured, numbers)


def _rows(
    dataset: Dataset,
    split: str,
    supervisors: Sequence[Supervisor],
    cells: Cells,
    rows: Rows,
    numbers: Mapping[str, Array],
) -> pd.DataFrame:
    k = len(supervisors)
    of_source = np.array(dataset.rows, dtype=np.int32)[rows]

    def repeated(texts: list[str]) -> pd.Categorical:
        known = list(dict.fromkeys(texts))
        codes = np.array([known.index(text) for text in texts], dtype=np.int16)
        return _coded(np.tile(codes, len(rows)), known)

    def same(text: str) -> pd.Categorical:
        return repeated([text] * k)

    return pd.DataFrame(
        {
            "dataset": same(dataset.name),
            "split": same(split),
            "strong": same(cells.student.name),
            "family": repeated([s.family for s in supervisors]),
            "weak": repeated([s.name for s in supervisors]),
            "row": np.repeat(of_source, k),
            **{name: n[rows].ravel() for name, n in numbers.items()},
        }
    )


def _coded(codes: NDArray[np.int16], known: list[str]) -> pd.Categorical:
    """Return texts that repeat, each by its number."""
    return cast("pd.Categorical", pd.Categorical.from_codes(codes, pd.Index(known)))


def molecule_rows(
    dataset: Dataset, places: NDArray[np.int64], parts_of: Mapping[str, Mapping[str, Rows]]
) -> pd.DataFrame:
    """Return one row a molecule that can be used: its label, and its part of each split.

    Parameters
    ----------
    dataset
        All of it; the line of a molecule is null where it is from another table.
    places
        The rows of it that can be used.
    parts_of
        The rows of each part of each draw, by rows of the whole dataset.
    """
    source = np.array(dataset.rows, dtype=np.int64)
    own = dataset.origin(0)
    lines = [
        dataset.lines[at] if dataset.lines and dataset.origin(at) == own else None for at in places
    ]
    parts = {}
    for draw, rows_of in parts_of.items():
        part = np.full(len(dataset), -1, dtype=np.int16)
        for code, rows in enumerate(rows_of.values()):
            part[rows] = code
        parts[f"{PART}{draw}"] = _coded(part[places], list(rows_of))
    return pd.DataFrame(
        {
            "dataset": _coded(np.zeros(len(places), np.int16), [dataset.name]),
            "row": source[places],
            "line": pd.array(lines, dtype="Int64"),
            dataset.items.column: [dataset.smiles[place] for place in places],
            "truth": dataset.labels[places],
            **_marks(dataset.apart, places),
            **parts,
        }
    )


def _marks(apart: Apart | None, places: NDArray[np.int64]) -> dict[str, BooleanArray]:
    """Return which molecules are told apart, null where nothing is said, by a column's name."""
    if apart is None:
        return {}
    marks = apart.marks[places]
    return {f"{APART}{apart.column}": BooleanArray(marks == 1, np.isnan(marks))}
