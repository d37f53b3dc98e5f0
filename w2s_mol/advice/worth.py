"""What a supervisor is worth in true labels: how many more the strong encoder alone would need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.statistics.intervals import LEVEL

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Worth:
    """A number of true labels beside those that there are.

    Attributes
    ----------
    labels
        How many more would do as well directly; infinite where even the most that were tried do
        not, negative where fewer do.
    low, high
        An interval over molecules (percentile bootstrap, 95 %).
    most
        The most that were tried, beside those that there are.
    """

    labels: float
    low: float
    high: float
    most: float


def worth(
    n_labels: float, error: float, direct: pd.Series, errors: Array, directs: Array
) -> Worth | None:
    """Read off the curve of direct errors how many labels do as well as a supervisor does.

    Parameters
    ----------
    n_labels, error
        How many true labels there are, and the error with the supervisor.
    direct
        Errors of the strong encoder alone by number of labels, few labels first.
    errors, directs
        Bootstrap replicates of both, shapes (r,) and (numbers of labels, r).

    Returns
    -------
    Worth or None
        None where no more labels were tried than there are.

    Notes
    -----
    Between two numbers of labels the error goes straight over the logarithm of the number, and a
    curve that rises with more labels counts as level.
    """
    numbers = direct.index.to_numpy(float)
    if numbers[-1] <= n_labels:
        return None
    estimate = needed(numbers, direct.to_numpy(float), error) - n_labels
    each = zip(directs.T, errors, strict=True)
    drawn = np.array([needed(numbers, curve, one) for curve, one in each]) - n_labels
    drawn = drawn[~np.isnan(drawn)]
    if np.isnan(estimate) or not len(drawn):
        return None
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    return Worth(float(estimate), float(low), float(high), float(numbers[-1] - n_labels))


def needed(numbers: Array, curve: Array, error: float) -> float:
    """Return the number of labels at which a falling curve of errors reaches an error.

    Infinite beyond its end; the first number where the curve is below the error from the start.

    Examples
    --------
    >>> round(needed(np.array([100.0, 400.0]), np.array([2.0, 1.0]), 1.5))
    200
    """
    falling = np.minimum.accumulate(curve)
    if error >= falling[0]:
        return float(numbers[0])
    if error < falling[-1]:
        return float("inf")
    after = int(np.argmax(falling <= error))
    before = after - 1
    share = (falling[before] - error) / (falling[before] - falling[after])
    logs = np.log(numbers[[before, after]])
    return float(np.exp(logs[0] + share * (logs[1] - logs[0])))
