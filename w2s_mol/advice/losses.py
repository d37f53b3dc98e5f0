"""The errors of uses molecule by molecule, on test: what is resampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.advice.predictions import Predictions
from w2s_mol.statistics.resampling import row_weights
from w2s_mol.tasks.contract import Task
from w2s_mol.uses.registry import USES

Array = NDArray[np.float64]


class Losses:
    """Of the test molecules of one run."""

    def __init__(self, predictions: Predictions) -> None:
        self._predictions = predictions

    def of(self, keys: Mapping[str, Any], family: str, weak: str, task: Task) -> pd.DataFrame:
        """Return one supervisor's losses, of every number of labels.

        Returns
        -------
        DataFrame
            labels, split, row, and a column for each use.
        """
        found = self._predictions.on_test(keys, family, weak)
        found = found[found["weak"].notna()]  # errors are of molecules that it speaks of
        if found.empty:
            return found
        truth = found["truth"].to_numpy(float)
        losses = {use: task.loss(found[use].to_numpy(float), truth) for use in ("weak", *USES)}
        return found[["labels", "split", "row"]].assign(**losses)

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
