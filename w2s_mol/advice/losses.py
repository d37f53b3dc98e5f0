"""The errors of uses molecule by molecule, on test: what is resampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.runs import FinishedRun
from w2s_mol.statistics.resampling import row_weights
from w2s_mol.study.prediction_tables import PREDICTION, PREDICTIONS, USES, with_molecules
from w2s_mol.tasks.contract import Task

Array = NDArray[np.float64]
_MOLECULE = ["dataset", "split", "strong", "family", "weak", "row"]


class Losses:
    """Of the test molecules of one run."""

    def __init__(self, run: FinishedRun) -> None:
        self._uses, self._plain = run.table(USES), run.table(PREDICTIONS)
        self._molecules = run.table("molecules")
        results = run.table("results")
        draws = results.drop_duplicates(["dataset", "split"])
        self._labels = draws.set_index(["dataset", "split"])["labels"].astype(str)
        self._distinct = set(
            results.drop_duplicates(["dataset", "split_sha256"])[["dataset", "split"]].itertuples(
                index=False, name=None
            )
        )

    def of(self, keys: Mapping[str, Any], family: str, weak: str, task: Task) -> pd.DataFrame:
        """Return one supervisor's losses, of every number of labels.

        Returns
        -------
        DataFrame
            labels, split, row, and a column for each use.
        """
        of_one = {"dataset": keys["dataset"], "strong": keys["strong"], "family": family,
                  "weak": weak}  # fmt: skip
        uses, plain = (_where(table, of_one) for table in (self._uses, self._plain))
        for table in (uses, plain):
            table[_MOLECULE[:-1]] = table[_MOLECULE[:-1]].astype(str)
        if uses.empty:
            return uses
        found = with_molecules(uses.merge(plain, on=_MOLECULE), self._molecules)
        places = list(zip(found["dataset"], found["split"], strict=True))
        first = np.array([place in self._distinct for place in places])
        found = found[(found["part"] == "test").to_numpy() & first]
        truth = found["truth"].to_numpy(float)
        losses = {
            column.removesuffix(PREDICTION): task.loss(found[column].to_numpy(float), truth)
            for column in found
            if str(column).endswith(PREDICTION)
        }
        labels = [self._labels[d, s] for d, s in zip(found["dataset"], found["split"], strict=True)]
        return pd.DataFrame({"labels": labels, "split": found["split"].to_numpy(),
                             "row": found["row"].to_numpy(), **losses})  # fmt: skip

    def replicates(
        self, losses: pd.DataFrame, uses: Sequence[str], replicates: int, seed: int
    ) -> dict[str, dict[str, Array]]:
        """Return bootstrap replicates over molecules of mean losses, by use and number of labels.

        A molecule counts as often in every split that tests it; a mean is that of the splits'.
        """
        known = sorted(losses["row"].unique())
        weights = row_weights(len(known), replicates, seed)
        places = pd.Series(range(len(known)), index=known)
        found: dict[str, dict[str, list[Array]]] = {use: {} for use in uses}
        for (labels, _), rows in losses.groupby(["labels", "split"], sort=False):
            of_split = weights[:, places[rows["row"]].to_numpy()].astype(np.float64)
            for use in uses:
                values = rows[use].to_numpy(float)
                said = ~np.isnan(values)
                drawn = of_split[:, said].sum(axis=1)
                means = of_split[:, said] @ values[said] / np.where(drawn > 0, drawn, np.nan)
                found[use].setdefault(str(labels), []).append(means)
        return {
            use: {labels: np.mean(each, axis=0) for labels, each in by_labels.items()}
            for use, by_labels in found.items()
        }


def _where(table: pd.DataFrame, values: Mapping[str, str]) -> pd.DataFrame:
    keep = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        keep &= (table[column] == value).to_numpy()
    return table[keep].copy()
