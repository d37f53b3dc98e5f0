"""The models of a run, read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array, Scaler
from w2s_mol.models.heads import ARRAYS, head_of
from w2s_mol.models.model import Input, Model
from w2s_mol.runs import FinishedRun

MODELS = "models"
SCALERS = "scalers"

SHARED = ""
"""Whose a model is that serves all supervisors."""


@dataclass(frozen=True)
class KeptModel:
    """What a run keeps of one use of a supervisor on one split.

    Attributes
    ----------
    split
        Its name.
    model
        None where only its labels are known: it says nothing of new molecules.
    misses
        Absolute errors on the validation part, shape (m,), in label units.
    penalty, weight
        What was chosen: the ridge penalty, and the weight of a weak label beside a true one; NaN
        where nothing was.
    """

    split: str
    model: Model | None
    misses: Array
    penalty: float
    weight: float


class KeptModels:
    """All models of a run.

    Raises
    ------
    InputError
        If it kept none, or they cannot be read.
    """

    def __init__(self, run: FinishedRun) -> None:
        if not (run.folder / f"{MODELS}.parquet").is_file():
            raise InputError(
                f"{run.folder} keeps no models: it was run with --keep predictions or results, or "
                "by an older w2s-mol. Run the study again into another folder."
            )
        self._models, scalers = run.table(MODELS), run.table(SCALERS)
        try:
            self._scalers = {
                row.scaler: Scaler(_numbers(row.mean), _numbers(row.scale))
                for row in scalers.itertuples()
            }
            self._of(self._models.head(1))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{run.folder / MODELS}.parquet holds no models of this version ({error!r}). "
                "Remove the folder and run the study again."
            ) from error

    def of_use(
        self,
        dataset: str,
        strong: str,
        supervisor: tuple[str, str],
        use: str,
        splits: Sequence[str],
    ) -> list[KeptModel]:
        """Return what is kept of a use, for each of some splits that has it.

        Parameters
        ----------
        dataset, strong, use
            By name.
        supervisor
            Its family and name.
        splits
            As results call them.
        """
        rows = self._rows(dataset, strong, supervisor)
        rows = rows[(rows["use"] == use) & rows["split"].isin(splits)]
        # What serves all supervisors is there once for each part of the study.
        by_split = {kept.split: kept for kept in self._of(rows)}
        return [by_split[split] for split in splits if split in by_split]

    def _rows(self, dataset: str, strong: str, supervisor: tuple[str, str]) -> pd.DataFrame:
        models = self._models
        family, weak = supervisor
        of_all = (models["family"] == SHARED) & (models["weak"] == SHARED)
        its = (models["family"] == family) & (models["weak"] == weak)
        here = (models["dataset"] == dataset) & models["strong"].isin([strong, ""])
        return models[here & (of_all | its)]

    def _of(self, rows: pd.DataFrame) -> list[KeptModel]:
        return [
            KeptModel(
                row["split"],
                self._model(row) if row["scaler"] else None,
                _numbers(row["misses"]),
                float(row["penalty"]),
                float(row["weight"]),
            )
            for row in rows.to_dict("records")
        ]

    def _model(self, row: dict[Any, Any]) -> Model:
        arrays = {name: _numbers(row[name]) for name in (*ARRAYS, "penalty")}
        arrays["penalty"] = arrays["penalty"].reshape(1)
        head = head_of(arrays, self._scalers[row["scaler"]])
        inputs = map(Input, row["encoders"], row["fingerprints"], row["poolings"])
        return Model(tuple(inputs), head, row["task"])


def _numbers(values: Any) -> Array:
    return np.asarray(values, dtype=np.float64)
