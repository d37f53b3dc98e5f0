"""Intervals of 95 %, and tests of zero: of sums of influences, and of draws of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate and how sure it is; ``low``, ``high``, ``p`` are NaN where nothing is claimed.

    Attributes
    ----------
    estimate
        Of what the study's molecules are a sample of.
    low, high
        Where it lies with 95 %.
    p
        Two-sided, of zero.
    se
        Its standard error.
    """

    estimate: float
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    se: float = np.nan

    def without(self) -> Interval:
        """Return the estimate alone."""
        return Interval(self.estimate)


UNKNOWN = Interval(np.nan)


def of_influences(estimate: float, influences: Array) -> Interval:
    """Return Student's interval of a sum of ``m`` influences, shape (m,).

    One that is a constant, of molecules that do not differ, is its own interval.
    """
    m = len(influences)
    se = float(np.sqrt((influences**2).sum()))
    if m <= 1 or not np.isfinite(estimate) or not np.isfinite(se):
        return Interval(estimate)
    half = float(stats.t.ppf((1 + LEVEL) / 2, m - 1)) * se
    p = float(2 * stats.t.sf(abs(estimate) / se, m - 1)) if se > 0 else float(estimate == 0)
    return Interval(estimate, estimate - half, estimate + half, p, se)


def of_draws(draws: Array) -> Interval:
    """Return the median of draws of the truth, shape (r,), and the interval that holds 95 %."""
    if not np.isfinite(draws).all():
        return UNKNOWN
    low, median, high = np.quantile(draws, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    spread = float((high - low) / (2 * stats.norm.ppf((1 + LEVEL) / 2)))
    return Interval(float(median), float(low), float(high), two_sided_p(draws), spread)


def of_repetitions(values: Sequence[float]) -> Interval:
    """Return the mean of independent repetitions and Student's interval of it."""
    found = np.asarray(values, dtype=float)
    if len(found) <= 1 or not np.isfinite(found).all():
        return Interval(float(found.mean()) if len(found) else np.nan)
    centred = (found - found.mean()) / np.sqrt(len(found) * (len(found) - 1))
    return of_influences(float(found.mean()), centred)


def two_sided_p(draws: Array) -> float:
    """Return the p at which the interval of draws begins to hold zero.

    Twice the smaller share of draws on either side of zero, ties counted on both, with one draw
    added to each so that no p is zero.
    """
    n = len(draws) + 1
    below, above = (draws <= 0).sum() + 1, (draws >= 0).sum() + 1
    return float(min(1.0, 2 * min(below, above) / n))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number; NaN stay NaN and do not count.

    Holm, Scandinavian Journal of Statistics 6, 65-70, 1979.
    """
    values = np.asarray(p, dtype=float)
    corrected = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * factors))
    return [float(value) for value in corrected]
