"""How well each selector ranks the supervisors by their true errors, and tests between selectors.

A ranking is what a selector made of the validation molecules; it is compared with true errors,
which the test molecules show with noise. That noise is taken off, see ``truths``: the errors'
logarithms are drawn, and may depend on the ranks that the selectors give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from w2s_mol.selection.tables import SELECTORS
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.gain_misfit import DRAWS, too_few
from w2s_mol.statistics.intervals import UNKNOWN, Interval, holm, of_draws
from w2s_mol.statistics.truths import FEWEST, draws_of_truth, streams_of

Array = NDArray[np.float64]
Pairs = NDArray[np.int64]
Measures = dict[str, Array]

PAPERS_RULE = "bound"
NOISE_CEILING = "noise ceiling"
"""The row of what a rule would score here that knew the true errors."""
FEW_TO_RANK = (
    f"fewer than {FEWEST} supervisors more than selectors, they do not differ, or a molecule is "
    "most of the noise"
)
PERFECT = "a student's score is perfect, or undefined for one"
TIES = "it picks several that tie"
ALIKE = "its scores are all alike"
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Ranked:
    """A study's selectors against its supervisors' errors.

    Attributes
    ----------
    scores
        Of every selector, (k,) by name.
    errors
        On test, (k,).
    truths
        Draws of what they truly are, (r, k); None where nothing can be said.
    kin
        Pairs of supervisors of one size and other seeds, (2, p).
    """

    scores: Mapping[str, Array]
    errors: Array
    truths: Array | None
    kin: Pairs

    def against(self, scores: Array, errors: Array) -> Measures:
        """Return the measures of scores, (k,), against errors, (r, k)."""
        return measures_of(np.broadcast_to(scores, errors.shape), errors, self.kin)


def ranked(
    cases: Cases,
    selector_split: str = "valid",
    draws: int = DRAWS,
    seed: int = 0,
    score: str = "",
) -> Ranked:
    """Score supervisors by every selector and draw their true errors.

    Errors are those of the student, or what it lacks of 1 in a score of ``tasks`` if one is named.
    """
    quantity = f"w2s_{score}" if score else "w2s_error"
    sample = cases.sample("test", (quantity,), of_these_heads=True)
    errors, influences = sample.of(quantity)
    if score:
        errors, influences = 1 - errors, -influences
    scores = _scores(cases, selector_split)
    return Ranked(
        scores,
        errors,
        _truths(cases, errors, influences, scores, draws, seed),
        _pairs_of_one_size(cases),
    )


def _scores(cases: Cases, selector_split: str) -> dict[str, Array]:
    """Return what each selector makes of a part; the smallest is picked."""
    seen = cases.sample(selector_split, ("bound", "weak_error"))
    found = {}
    for selector in SELECTORS:
        quantity = selector.column.removesuffix("_mean")
        if quantity in seen.names:
            found[selector.name] = seen.of(quantity)[0]
        elif quantity in cases.supervisors:  # predictions of unlabelled molecules are not kept
            sizes = cases.supervisors[quantity].to_numpy(dtype=float, na_value=np.nan)
            if not np.isnan(sizes).any():  # fixed representations have no hidden size
                found[selector.name] = selector.sign * sizes
    return found


def _truths(
    cases: Cases,
    errors: Array,
    influences: Array,
    scores: Mapping[str, Array],
    draws: int,
    seed: int,
) -> Array | None:
    if not (errors > 0).all():
        return None
    noise, generator = streams_of(cases, draws, seed)
    found = draws_of_truth(
        np.log(errors)[None],
        (influences / errors)[:, None],
        noise,
        generator,
        _independent(np.stack([stats.rankdata(one) for one in scores.values()], axis=1)),
    )
    return None if found is None else np.exp(found[:, 0])


def _independent(columns: Array) -> Array:
    """Return centred columns that span the same and do not depend on each other."""
    u, sizes, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
    kept: Array = u[:, sizes > _TOLERANCE * max(float(sizes[0]), 1.0)]
    return kept


def ranking_table(
    cases: Cases, selector_split: str = "valid", draws: int = DRAWS, seed: int = 0
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
        selector, what, measure; ``observed`` against the errors that test molecules show,
        ``estimate``, ``low`` and ``high`` against true ones, ``why_none`` where there is no
        interval; ``rule_minus_this``, the paper's rule's less its, with an interval from the same
        draws, two-sided ``p`` and ``p_holm``, corrected for the number of selectors. Measures are
        ``spearman``, ``kendall``, ``regret`` and, where one family has several pretraining seeds
        of a hidden size, ``kendall_seeds``: over the pairs of such supervisors alone, what a
        selector sees beyond their size; where the task has a headline score, the same of that as
        ``MEASURE_SCORE``. The selector ``noise ceiling`` is what a rule would score against the
        test molecules' errors that knew the true ones: compare it with ``observed``.
    """
    tables = [_against(cases, selector_split, draws, seed, "")]
    if headline := cases.task.headline:
        of_score = _against(cases, selector_split, draws, seed, headline)
        tables.append(of_score.assign(measure=of_score["measure"] + f"_{headline}"))
    return pd.concat(tables, ignore_index=True)


def _against(cases: Cases, selector_split: str, draws: int, seed: int, score: str) -> pd.DataFrame:
    """Return the measures of every selector against students' errors, or a score of them."""
    found = ranked(cases, selector_split, draws, seed, score)
    why = few = too_few(cases)
    if not why and found.truths is None:
        why = PERFECT if score and not (found.errors > 0).all() else FEW_TO_RANK
    drawn = {
        name: {} if found.truths is None or few else found.against(scores, found.truths)
        for name, scores in found.scores.items()
    }
    rows: list[dict[str, object]] = []
    for selector in (one for one in SELECTORS if one.name in found.scores):
        scores = found.scores[selector.name]
        tied = bool((scores == scores.min()).sum() > 1)
        observed = found.against(scores, found.errors[None])
        for measure, values in observed.items():
            why_none = why or (TIES if tied and measure == "regret" else "")
            if not why_none and np.isnan(values[0]):
                why_none = ALIKE
            interval = UNKNOWN if why_none else of_draws(drawn[selector.name][measure])
            minus = UNKNOWN
            if not why_none and selector.name != PAPERS_RULE:
                both = (drawn[name][measure] for name in (PAPERS_RULE, selector.name))
                minus = of_draws(np.subtract(*both))
            what = selector.what(cases.task)
            of = (selector.name, what, measure, float(values[0]))
            rows.append(_row(*of, interval, minus, why_none))
    if found.truths is not None and not few:
        rows += _ceiling(found)
    table = pd.DataFrame(rows)
    table["p_holm"] = table.groupby("measure")["p"].transform(lambda p: holm(p.tolist()))
    return table


def _row(
    selector: str,
    what: str,
    measure: str,
    observed: float,
    found: Interval,
    minus: Interval,
    why: str,
) -> dict[str, object]:
    return {
        "selector": selector,
        "what": what,
        "measure": measure,
        "observed": observed,
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "se": found.se,
        "why_none": why,
        "rule_minus_this": minus.estimate,
        "difference_low": minus.low,
        "difference_high": minus.high,
        "difference_se": minus.se,
        "p": minus.p,
    }


def _ceiling(found: Ranked) -> list[dict[str, object]]:
    assert found.truths is not None  # noqa: S101 -- the caller looked
    errors = np.broadcast_to(found.errors, found.truths.shape)
    measured = measures_of(found.truths, errors, found.kin)
    what = "true errors, if they were known"
    return [
        _row(NOISE_CEILING, what, measure, float(np.median(values)), UNKNOWN, UNKNOWN, "")
        for measure, values in measured.items()
        if measure != "regret"
    ]


def _pairs_of_one_size(cases: Cases) -> Pairs:
    """Return the pairs of supervisors of one size and other seeds, shape (2, p)."""
    pairs = [pair for group in cases.seed_groups for pair in combinations(group, 2)]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2).T


def measures_of(scores: Array, errors: Array, kin: Pairs) -> Measures:
    """Return the measures of scores against errors, both of shape (r, k), for each of r.

    ``kin`` are the pairs of columns that ``kendall_seeds`` looks at; without any it is left out.
    """
    picked = scores == scores.min(axis=1, keepdims=True)  # ties count on average
    of_picked = (errors * picked).sum(axis=1) / picked.sum(axis=1)
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
