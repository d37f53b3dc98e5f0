"""What several datasets together say: random effects, an interval over datasets for each claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from w2s_mol import files
from w2s_mol.selection.rendering import in_short
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.gain_misfit import ratio_with_influences, too_few
from w2s_mol.statistics.intervals import LEVEL, holm, of_influences
from w2s_mol.study.groups import NO_CONTROL, STUDY_KEYS

Array = NDArray[np.float64]

FEWEST = 3
"""Datasets, of fewer nothing is said."""
_OF_A_DATASET = ("dataset", "unit", "dataset_sha256")
CLAIMS = ("gain", "slack", "slack_projection", "slack_epsilon")
"""Terms that are claimed of datasets, as shares of the weak error.

Not slope, correlation, shares and ranks: their estimates are drawn towards zero where a dataset
says little, and intervals of their means do not hold, see docs/statistics.md.
"""


@dataclass(frozen=True)
class Together:
    """The mean of an effect over datasets like these.

    Attributes
    ----------
    n
        Datasets.
    estimate, low, high, p
        Of the mean; ``p`` two-sided, of zero.
    between
        Standard deviation of the true effects between datasets.
    """

    n: int
    estimate: float
    low: float
    high: float
    p: float
    between: float


def together(estimates: Sequence[float], errors: Sequence[float]) -> Together:
    """Return the mean over datasets, each known with an error of its own.

    The variance between datasets is that of Paule and Mandel (1982), the interval that of Hartung
    and Knapp (2001, Statistics in Medicine 20, 1771-1782), no narrower than the datasets' own
    errors allow: Student's, n - 1 degrees of freedom.

    Parameters
    ----------
    estimates, errors
        Of each dataset, and the standard error of each, above zero; at least two.
    """
    y, own = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float) ** 2
    n = len(y)
    between = _between(y, own)
    weights = 1 / (own + between)
    mean = float(weights @ y / weights.sum())
    # Datasets that agree better than their own errors allow do so by chance.
    scatter = max(1.0, float(weights @ (y - mean) ** 2) / (n - 1))
    error = float(np.sqrt(scatter / weights.sum()))
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1))
    return Together(n, mean, mean - half, mean + half, p, float(np.sqrt(between)))


def _between(y: Array, own: Array) -> float:
    """Return the variance at which the weighted scatter is what it is expected to be."""

    def excess(between: float) -> float:
        weights = 1 / (own + between)
        mean = weights @ y / weights.sum()
        return float(weights @ (y - mean) ** 2) - (len(y) - 1)

    if excess(0.0) <= 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, 2 * float(y.var(ddof=1)) * len(y) + own.max()))


def over_datasets(claims: pd.DataFrame) -> pd.DataFrame:
    """Return every claim over the datasets that have it.

    Parameters
    ----------
    claims
        dataset, group (what is alike in those that are put together), study (that in words),
        claim, what, estimate, se; one row a dataset and claim.

    Returns
    -------
    DataFrame
        group, study, claim, what, datasets, estimate, low, high, p, p_holm (corrected for the
        claims of a group), between, above (datasets whose estimate is above zero). Claims of
        fewer than ``FEWEST`` datasets are left out.
    """
    rows: list[dict[str, object]] = []
    if claims.empty:
        return claims
    for (group, study, claim), found in claims.groupby(["group", "study", "claim"], sort=False):
        known = found[np.isfinite(found["estimate"]) & (found["se"] > 0)]
        if len(known) < FEWEST:
            continue
        of = together(known["estimate"].tolist(), known["se"].tolist())
        rows.append(
            {
                "group": group,
                "study": study,
                "claim": claim,
                "what": found["what"].iloc[0],
                "datasets": of.n,
                "estimate": of.estimate,
                "low": of.low,
                "high": of.high,
                "p": of.p,
                "between": of.between,
                "above": int((known["estimate"] > 0).sum()),
            }
        )
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    return table.assign(p_holm=table.groupby("group")["p"].transform(lambda p: holm(p.tolist())))


def study_claims(every: Sequence[Cases]) -> pd.DataFrame:
    """Return the claims of studies and controls, one row a dataset and claim.

    Studies of several datasets belong together that have the same supervisors, strong encoder,
    settings and control; a dataset that is there twice counts once.
    """
    found = []
    seen = set()
    for cases in every:
        keys = [cases.keys[key] for key in STUDY_KEYS if key not in _OF_A_DATASET]
        group = files.sha256_json([keys, cases.control, sorted(cases.every_weak)])[:16]
        study = f"{in_short({**cases.keys, 'dataset': 'all'})}{_control(cases)}"
        if (group, cases.keys["dataset_sha256"]) in seen:
            continue
        seen.add((group, cases.keys["dataset_sha256"]))
        claims = claims_of(cases)
        found.append(claims.assign(group=group, study=study))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _control(cases: Cases) -> str:
    return "" if cases.control == NO_CONTROL else f" (control: {cases.control})"


def claims_of(cases: Cases) -> pd.DataFrame:
    """Return what a study of one dataset says that others can be compared with.

    Means of terms as shares of the mean weak error. A study too small for intervals says nothing:
    its errors are NaN.
    """
    sample = cases.sample("test", ("weak_error", *CLAIMS))
    few = bool(too_few(cases))
    weak = cases.task.words("weak_error")
    rows = []
    for name in CLAIMS:
        found = of_influences(*ratio_with_influences(sample, name, "weak_error"))
        what = f"{cases.task.term(name).mean_words} as a share of the mean {weak}"
        se = np.nan if few else found.se
        rows.append({"claim": name, "what": what, "estimate": found.estimate, "se": se})
    return pd.DataFrame(rows).assign(dataset=str(cases.keys["dataset"]))
