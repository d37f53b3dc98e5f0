"""How well each selector ranks the supervisors, with intervals, and tests between selectors."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from w2s_mol.selection.tables import SELECTORS
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.resampling import REPLICATES, interval, resampled, two_sided_p

Array = NDArray[np.float64]
Pairs = NDArray[np.int64]

PAPERS_RULE = "bound"


def ranking_table(
    cases: Cases, selector_split: str = "valid", replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Return each selector's rank correlations and regret with 95 % intervals.

    Parameters
    ----------
    cases
        Of one study and dataset.
    selector_split
        The part that selectors are measured on; the true error is always that on test.

    Returns
    -------
    DataFrame
        selector, what, measure, estimate, low and high over molecules and splits; ``difference``
        from the paper's rule with its interval and two-sided bootstrap ``p`` (the same replicates
        for both, so the test is paired). Measures are ``spearman``, ``kendall``, ``regret`` and,
        where one family has several pretraining seeds of a hidden size, ``kendall_seeds``: over
        the pairs of such supervisors alone, what a selector sees beyond their size.
    """
    observed, found = _measured(cases, selector_split, replicates, seed)
    rows = []
    for selector in SELECTORS:
        if selector.name not in observed:
            continue
        for measure, here in found[selector.name].items():
            difference = found[PAPERS_RULE][measure] - here
            papers = selector.name == PAPERS_RULE
            low, high = interval(here)
            d_low, d_high = (np.nan, np.nan) if papers else interval(difference)
            rows.append(
                {
                    "selector": selector.name,
                    "what": selector.what(cases.task),
                    "measure": measure,
                    "estimate": observed[selector.name][measure],
                    "low": low,
                    "high": high,
                    "rule_minus_this": np.nan
                    if papers
                    else observed[PAPERS_RULE][measure] - observed[selector.name][measure],
                    "difference_low": d_low,
                    "difference_high": d_high,
                    "p": np.nan if papers or np.isnan(d_low) else two_sided_p(difference),
                }
            )
    return pd.DataFrame(rows)


def rule_replicates(
    cases: Cases, selector_split: str = "valid", replicates: int = REPLICATES, seed: int = 0
) -> tuple[float, Array]:
    """Return the Spearman correlation of the paper's rule, observed and replicated."""
    observed, found = _measured(cases, selector_split, replicates, seed)
    return observed[PAPERS_RULE]["spearman"], found[PAPERS_RULE]["spearman"]


def _measured(
    cases: Cases, selector_split: str, replicates: int, seed: int
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, Array]]]:
    errors = cases.means("test", "w2s_error").mean(axis=0)[None]
    drawn = cases.replicates("test", ("w2s_error",), replicates, seed)["w2s_error"]
    seen = cases.replicates(selector_split, ("bound", "weak_error"), replicates, seed)
    splits = [list(range(len(cases.splits)))]
    kin = _pairs_of_one_size(cases)
    error_draws = resampled(drawn, splits, 1, seed + 1).mean(axis=1)
    observed, found = {}, {}
    for selector in SELECTORS:
        quantity = selector.column.removesuffix("_mean")
        if quantity in seen:
            scores = cases.means(selector_split, quantity).mean(axis=0)[None]
            score_draws = resampled(seen[quantity], splits, 1, seed + 1).mean(axis=1)
        elif quantity not in cases.supervisors:
            continue  # predictions of unlabelled molecules are not kept
        else:
            sizes = cases.supervisors[quantity].to_numpy(dtype=float, na_value=np.nan)
            if np.isnan(sizes).any():
                continue  # fixed representations have no hidden size
            scores = selector.sign * sizes[None]
            score_draws = np.broadcast_to(scores, error_draws.shape)
        one = _score(scores, errors, kin)
        observed[selector.name] = {measure: float(values[0]) for measure, values in one.items()}
        found[selector.name] = _score(score_draws, error_draws, kin)
    return observed, found


def _pairs_of_one_size(cases: Cases) -> Pairs:
    """Return the pairs of supervisors of one size and other seeds, shape (2, p)."""
    pairs = [pair for group in cases.seed_groups for pair in combinations(group, 2)]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2).T


def _score(scores: Array, errors: Array, kin: Pairs) -> dict[str, Array]:
    """Return the measures of scores against errors, both of shape (r, k), for each of r.

    ``kin`` are the pairs of columns that ``kendall_seeds`` looks at; without any it is left out.
    """
    picked = scores == scores.min(axis=1, keepdims=True)  # ties count on average
    n_picked = picked.sum(axis=1)  # 0 where a replicate has no molecule of a tiny part
    of_picked = (errors * picked).sum(axis=1) / np.where(n_picked > 0, n_picked, np.nan)
    every_pair = np.stack(np.triu_indices(scores.shape[1], 1))
    of_kin = {"kendall_seeds": _kendall(scores, errors, kin)} if kin.size else {}
    return {
        "spearman": _pearson(stats.rankdata(scores, axis=1), stats.rankdata(errors, axis=1)),
        "kendall": _kendall(scores, errors, every_pair),
        **of_kin,
        "regret": of_picked - errors.min(axis=1),
    }


def _pearson(a: Array, b: Array) -> Array:
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    below = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.where(below > 0, (a * b).sum(axis=1) / np.where(below > 0, below, 1.0), np.nan)


def _kendall(a: Array, b: Array, pairs: Pairs) -> Array:
    """Return Kendall's tau-b of each row: how the signs of pairs' differences correlate."""
    i, j = pairs
    sign_a, sign_b = np.sign(a[:, i] - a[:, j]), np.sign(b[:, i] - b[:, j])
    below = np.sqrt((sign_a**2).sum(axis=1) * (sign_b**2).sum(axis=1))
    above = (sign_a * sign_b).sum(axis=1)
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)
