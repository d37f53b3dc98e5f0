"""Test molecules one by one: what the student did to the error of its supervisor."""

from __future__ import annotations

import pandas as pd

from w2s_mol.advice.errors import ALL_USES
from w2s_mol.study.prediction_tables import item_column
from w2s_mol.tasks.contract import Task
from w2s_mol.uses.registry import STUDENT, WEAK


def molecules_of(predictions: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return one row a test molecule, means over the splits that test it.

    Parameters
    ----------
    predictions
        Of one supervisor and number of labels, as ``Predictions.on_test`` returns them. Molecules
        that the supervisor says nothing of are left out.
    task
        What the labels are.

    Returns
    -------
    DataFrame
        row, line, smiles (or text), truth, n_splits, gain (error of the supervisor minus that of
        the student, in the task's unit of errors), and the mean prediction of each use; by row.
    """
    said = predictions[predictions[WEAK].notna()]
    truth = said["truth"].to_numpy(float)
    weak, student = (task.loss(said[use].to_numpy(float), truth) for use in (WEAK, STUDENT.name))
    by_row = said.assign(gain=weak - student).groupby("row", sort=True)
    first = by_row[["line", item_column(said), "truth"]].first()
    means = by_row[["gain", *ALL_USES]].mean()
    sizes = by_row.size().rename("n_splits")
    return pd.concat([first, sizes, means], axis=1).reset_index()


def mended(molecules: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the molecules of which the student takes most error away, the most first."""
    better = molecules[molecules["gain"] > 0]
    return better.sort_values("gain", ascending=False, kind="stable").head(most)


def broken(molecules: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the molecules to which the student adds most error, the most first."""
    worse = molecules[molecules["gain"] < 0]
    return worse.sort_values("gain", kind="stable").head(most)
