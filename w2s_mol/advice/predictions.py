"""The predictions of every use of a supervisor, molecule by molecule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from w2s_mol.runs import FinishedRun
from w2s_mol.study.prediction_tables import (
    APART,
    MOLECULES,
    PART,
    PREDICTION,
    PREDICTIONS,
    USES,
    item_column,
    with_molecules,
)

_SUPERVISOR = ["dataset", "split", "strong", "family", "weak"]
_TOLD = ("labels", "split", "row", "line")


def keeps_predictions(run: FinishedRun) -> bool:
    """Say whether a run holds the predictions of every use; those of before 0.4 do not."""
    needed = {f"{table}.parquet" for table in (USES, PREDICTIONS, MOLECULES)}
    return needed <= {*run.manifest.get("files", {})}


class Predictions:
    """Of the molecules of one run."""

    def __init__(self, run: FinishedRun) -> None:
        self._uses, self._plain = run.table(USES), run.table(PREDICTIONS)
        self._molecules = run.table(MOLECULES)
        results = run.table("results")
        draws = results.drop_duplicates(["dataset", "split"])
        self._labels = draws.set_index(["dataset", "split"])["labels"].astype(str)
        self._distinct = set(
            results.drop_duplicates(["dataset", "split_sha256"])[["dataset", "split"]].itertuples(
                index=False, name=None
            )
        )

    def on_test(self, keys: Mapping[str, Any], family: str, weak: str) -> pd.DataFrame:
        """Return one supervisor's, of every number of labels and distinct split.

        Parameters
        ----------
        keys
            Of a study: its ``dataset`` and ``strong``.
        family, weak
            The supervisor.

        Returns
        -------
        DataFrame
            labels, split, row, line, smiles (or text), truth, and a column for each use; NaN where
            the supervisor says nothing. No rows where the run does not have it.
        """
        of_one = {"dataset": keys["dataset"], "strong": keys["strong"], "family": family,
                  "weak": weak}  # fmt: skip
        uses, plain = (_where(table, of_one) for table in (self._uses, self._plain))
        for table in (uses, plain):
            table[_SUPERVISOR] = table[_SUPERVISOR].astype(str)
        if uses.empty:
            return uses
        found = with_molecules(uses.merge(plain, on=[*_SUPERVISOR, "row"]), self._molecules)
        places = list(zip(found["dataset"], found["split"], strict=True))
        first = np.array([place in self._distinct for place in places])
        found = found[(found["part"] == "test").to_numpy() & first]
        labels = [self._labels[d, s] for d, s in zip(found["dataset"], found["split"], strict=True)]
        columns = {column: str(column).removesuffix(PREDICTION) for column in found
                   if str(column).endswith(PREDICTION)}  # fmt: skip
        named = found.drop(columns=["family", "weak"])  # a use is called as the supervisor's column
        told = named.assign(labels=labels).rename(columns=columns)
        return pd.DataFrame(
            told[[*_TOLD, item_column(told), "truth", *columns.values()]]
        ).reset_index(drop=True)

    def apart(self, dataset: str) -> tuple[str, pd.Series] | None:
        """Return the column that says whose errors are told apart, and the rows of these.

        None where no column does.
        """
        of_dataset = self._molecules[self._molecules["dataset"] == dataset]
        for column in of_dataset.filter(regex=f"^{APART}"):
            marked = of_dataset[column].astype("boolean").fillna(value=False).to_numpy(bool)
            if marked.any():
                return str(column).removeprefix(APART), of_dataset["row"][marked]
        return None

    def trained_on(self, dataset: str, split: str) -> pd.DataFrame:
        """Return the row and SMILES (or text) of what anyone learnt from in a split."""
        of_dataset = self._molecules[self._molecules["dataset"] == dataset]
        learnt = of_dataset[f"{PART}{split}"].astype(str).str.startswith("train")
        return pd.DataFrame(of_dataset.loc[learnt, ["row", item_column(of_dataset)]])


def _where(table: pd.DataFrame, values: Mapping[str, str]) -> pd.DataFrame:
    keep = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        keep &= (table[column] == value).to_numpy()
    return table[keep].copy()
