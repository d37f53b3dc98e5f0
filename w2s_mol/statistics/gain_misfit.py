"""How gain goes with misfit over the supervisors of a study, freed of the test molecules' noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.intervals import (
    UNKNOWN,
    Interval,
    of_draws,
    of_influences,
    of_repetitions,
)
from w2s_mol.statistics.resampling import interval
from w2s_mol.statistics.sample import Sample
from w2s_mol.statistics.truths import FEWEST, draws_of_truth, streams_of
from w2s_mol.streams import stream
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import REGRESSION

Array = NDArray[np.float64]
Quantities = dict[str, Array]
Statistic = Callable[[Quantities], Array]

DRAWS = 2000
FEWEST_MOLECULES = 30
"""In the smallest test part (or scaffolds, where these are the units); of fewer no interval."""
FEWEST_OF_CLASS = 10
"""Of the rarer class in the smallest test part; of fewer no interval."""
FEWEST_SEEDS = 3
_LEAST_RELIABLE = 0.2
"""Share of the misfits' variance over supervisors that must not be noise for a slope."""
_NO_SPREAD = 1e-6
"""Differences below this share of the weak error are rounding."""

FEW_MOLECULES = f"a test part has fewer than {FEWEST_MOLECULES} molecules (or scaffolds, if kept)"
FEW_OF_CLASS = f"a test part has fewer than {FEWEST_OF_CLASS} molecules of one of the two classes"
FEW_SUPERVISORS = (
    f"fewer than {FEWEST} supervisors, they do not differ, or a molecule is most of the noise"
)
HEAVY = "a few molecules weigh most, and none that was tried holds"
NOT_SIMULATED = "what one would hold was not simulated"
NOISE = "the misfits differ by little but noise"


def correlation(q: Quantities) -> Array:
    """Return Pearson's correlation of gain and misfit over cases, the last axis."""
    gain, misfit = _centred(q["gain"]), _centred(q["misfit"])
    spread = np.sqrt((gain**2).mean(axis=-1) * (misfit**2).mean(axis=-1))
    return _where_misfit_varies(q, (gain * misfit).mean(axis=-1), spread)


def slope(q: Quantities) -> Array:
    """Return the least-squares slope of gain on misfit over cases."""
    gain, misfit = _centred(q["gain"]), _centred(q["misfit"])
    return _where_misfit_varies(q, (gain * misfit).mean(axis=-1), (misfit**2).mean(axis=-1))


def _centred(values: Array) -> Array:
    centred: Array = values - values.mean(axis=-1, keepdims=True)
    return centred


def _where_misfit_varies(q: Quantities, above: Array, below: Array) -> Array:
    """Divide; NaN where misfits are equal but for rounding (a model that copies its supervisor)."""
    varies = np.ptp(q["misfit"], axis=-1) > _NO_SPREAD * q["weak_error"].mean(axis=-1)
    return np.where(varies & (below > 0), above / np.where(below > 0, below, 1.0), np.nan)


def _mean(name: str) -> Statistic:
    return lambda q: q[name].mean(axis=-1)


def statistics_of(task: Task) -> dict[str, tuple[str, Statistic]]:
    """Return what is said of a study of a task, by name.

    Returns
    -------
    dict
        Words, and a function of quantities whose last axis is the cases. The means of terms come
        where their names stand, those of terms that stand nowhere at the end.
    """
    gain, misfit, slack = (task.words(name) for name in ("gain", "misfit", "slack"))
    means = {f"mean_{t.name}": (t.mean_words, _mean(t.name)) for t in task.terms if t.mean_words}
    first: dict[str, tuple[str, Statistic]] = {
        "correlation": (f"correlation of {gain} and {misfit} (Pearson)", correlation),
        "slope": (f"slope of {gain} on {misfit}", slope),
        "mean_gain": means["mean_gain"],
        "relative_gain": (
            f"mean {gain} as a share of the mean {task.words('weak_error')}",
            lambda q: q["gain"].mean(axis=-1) / q["weak_error"].mean(axis=-1),
        ),
        "median_gain": (f"median {gain}", lambda q: np.median(q["gain"], axis=-1)),
        "share_gain": (
            f"share with {gain} > 0",
            lambda q: (q["gain"] > _NO_SPREAD * q["weak_error"]).mean(axis=-1),
        ),
        "mean_misfit": means["mean_misfit"],
        "share_slack": (
            f"share with {slack} >= 0",
            lambda q: (q["slack"] >= -_NO_SPREAD * q["weak_error"]).mean(axis=-1),
        ),
    }
    return {**first, **means}


@dataclass(frozen=True)
class Drawn:
    """A study's test quantities, measured and drawn.

    Attributes
    ----------
    sample
        Of all terms on test.
    truths
        Draws of gain, misfit and weak error of every supervisor, (r, k) each; None where there are
        too few supervisors, or nothing varies.
    """

    sample: Sample
    truths: Quantities | None

    @property
    def observed(self) -> Quantities:
        """Return what was measured, (k,) by name."""
        return dict(zip(self.sample.names, self.sample.observed, strict=True))


def draw(cases: Cases, draws: int = DRAWS, seed: int = 0) -> Drawn:
    """Measure a study's test quantities and draw what they truly are."""
    sample = cases.sample("test", [term.name for term in cases.task.terms])
    measured = Drawn(sample, None)
    if not np.isfinite(correlation(measured.observed)):
        return measured
    (gain, of_gain), (misfit, of_misfit) = sample.of("gain"), sample.of("misfit")
    noise, generator = streams_of(cases, draws, seed)
    found = draws_of_truth(
        np.stack([gain, misfit]), np.stack([of_gain, of_misfit], axis=1), noise, generator
    )
    if found is None:
        return measured
    weak = np.broadcast_to(sample.of("weak_error")[0], found[:, 0].shape)
    truths = {"gain": found[:, 0], "misfit": found[:, 1], "weak_error": weak}
    return Drawn(sample, {**truths, "slack": truths["gain"] - truths["misfit"]})


def slope_with_influences(sample: Sample) -> tuple[float, Array] | None:
    """Return the slope of gain on misfit, freed of noise, and its influences, (m,).

    Moments less what noise alone adds to them (errors in variables: Fuller, Measurement Error
    Models, 1987, section 1.2), their ratio linearised. None where misfits hardly differ but by
    noise.
    """
    (gain, of_gain), (misfit, of_misfit) = sample.of("gain"), sample.of("misfit")
    gain, misfit, of_gain, of_misfit = map(_centred, (gain, misfit, of_gain, of_misfit))
    raw = float((misfit**2).sum())
    below = raw - float((of_misfit**2).sum())
    if not raw > 0 or below <= _LEAST_RELIABLE * raw:
        return None
    b = (float((gain * misfit).sum()) - float((of_gain * of_misfit).sum())) / below
    return b, (of_gain @ misfit + of_misfit @ (gain - 2 * b * misfit)) / below


def ratio_with_influences(sample: Sample, above: str, below: str) -> tuple[float, Array]:
    """Return the ratio of two means over supervisors and its influences, linearised, (m,)."""
    (one, of_one), (two, of_two) = sample.of(above), sample.of(below)
    ratio = float(one.mean() / two.mean())
    return ratio, (of_one.mean(axis=1) - ratio * of_two.mean(axis=1)) / float(two.mean())


def mean_with_influences(sample: Sample, name: str) -> tuple[float, Array]:
    """Return the mean of a quantity over supervisors and its influences, (m,)."""
    values, influences = sample.of(name)
    return float(values.mean()), influences.mean(axis=1)


def too_few(cases: Cases) -> str:
    """Say why no interval can be given of a study's test molecules; empty if one can."""
    if cases.fewest("test") < FEWEST_MOLECULES:
        return FEW_MOLECULES
    if cases.rarest is not None and cases.rarest < FEWEST_OF_CLASS:
        return FEW_OF_CLASS
    return ""


def gain_misfit_table(cases: Cases, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return every statistic of ``statistics_of`` with its 95 % interval.

    Returns
    -------
    DataFrame
        statistic, what, observed (as the test molecules have it), estimate (freed of their noise),
        low, high, p (of zero), se; ``why_none`` where there is no interval. They are about these
        supervisors on other molecules to learn from and to measure on.
    """
    drawn = draw(cases, draws, seed)
    few = too_few(cases)
    rows = []
    for name, (what, statistic) in statistics_of(cases.task).items():
        observed = float(statistic(drawn.observed))
        found, why = _interval(name, statistic, drawn, observed)
        if few and np.isfinite(found.estimate):
            found, why = found.without(), few
        rows.append(_row(name, what, observed, found, why))
    return pd.DataFrame(rows)


def _row(name: str, what: str, observed: float, found: Interval, why: str) -> dict[str, object]:
    return {
        "statistic": name,
        "what": what,
        "observed": observed,
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "se": found.se,
        "why_none": why,
    }


def _interval(
    name: str, statistic: Statistic, drawn: Drawn, observed: float
) -> tuple[Interval, str]:
    """Return a statistic's interval, and why there is none."""
    if name in ("mean_misfit", "mean_misfit_forward"):
        return Interval(observed), HEAVY
    if name.startswith("mean_") and "misfit" in name:
        return Interval(observed), NOT_SIMULATED
    if name == "relative_gain":
        return of_influences(*ratio_with_influences(drawn.sample, "gain", "weak_error")), ""
    if name.startswith("mean_"):
        return of_influences(*mean_with_influences(drawn.sample, name.removeprefix("mean_"))), ""
    if not np.isfinite(observed):
        return UNKNOWN, FEW_SUPERVISORS
    if name == "slope":
        found = slope_with_influences(drawn.sample)
        if found is None or drawn.sample.observed.shape[1] < FEWEST:
            return Interval(observed), NOISE if found is None else FEW_SUPERVISORS
        return of_influences(*found), ""
    if drawn.truths is None:
        return Interval(observed), FEW_SUPERVISORS
    of_truth = of_draws(statistic(drawn.truths))
    # A share is never below zero: there is nothing to test.
    return (replace(of_truth, p=np.nan) if name.startswith("share_") else of_truth), ""


def synthetic_table(results: pd.DataFrame, replicates: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return the statistics of every synthetic experiment; a case is a finetuning task.

    With ``FEWEST_SEEDS`` seeds or more each statistic is taken in each of them, and the estimate
    is the mean over seeds with Student's interval. With fewer it is that of all tasks, with a
    bootstrap over tasks (percentiles) that says nothing of other seeds.

    Returns
    -------
    DataFrame
        experiment, panel, n (cases), seeds, ``lowest`` and ``highest`` of the seeds' own values,
        then as ``gain_misfit_table``.
    """
    names = [term.name for term in REGRESSION.terms if term.name in results]
    tables = []
    for (name, panel), rows in results.groupby(["experiment", "panel"], sort=False):
        by_seed = [group for _, group in rows.groupby("seed", sort=False)]
        values = {q: np.stack([g[q].to_numpy(float) for g in by_seed]) for q in names}
        pooled = {q: v.reshape(-1) for q, v in values.items()}
        for statistic, (what, of) in statistics_of(REGRESSION).items():
            each = [float(of({q: v[s] for q, v in values.items()})) for s in range(len(by_seed))]
            several = len(by_seed) >= FEWEST_SEEDS
            found = (
                _bounded(statistic, of_repetitions(each))
                if several
                else _over_tasks(of, values, replicates, seed)
            )
            beside = {"lowest": min(each), "highest": max(each), "seeds": len(by_seed)}
            row = _row(statistic, what, float(of(pooled)), found, "")
            tables.append({"experiment": name, "panel": panel, "n": len(rows), **beside, **row})
    return pd.DataFrame(tables)


def _bounded(statistic: str, found: Interval) -> Interval:
    """Return an interval within what a correlation or a share can be."""
    least = {"correlation": -1.0, "share_gain": 0.0, "share_slack": 0.0}.get(statistic)
    if least is None:
        return found
    return replace(found, low=max(found.low, least), high=min(found.high, 1.0))


def _over_tasks(of: Statistic, values: Quantities, replicates: int, seed: int) -> Interval:
    """Return an interval over tasks, drawn anew within each seed."""
    seeds, tasks = next(iter(values.values())).shape
    generator = stream(seed, "truths of supervisors", tasks)
    drawn = generator.integers(tasks, size=(replicates, seeds, tasks))
    place = np.arange(seeds)[:, None]
    replicated = of({q: v[place, drawn].reshape(replicates, -1) for q, v in values.items()})
    estimate = float(of({q: v.reshape(-1) for q, v in values.items()}))
    if tasks < FEWEST_SEEDS or not np.isfinite(replicated).all():
        return Interval(estimate)
    low, high = interval(replicated)
    spread = float(replicated.std())
    p = float(2 * stats.norm.sf(abs(estimate) / spread)) if spread > 0 else float(estimate == 0)
    return Interval(estimate, low, high, p, spread)


def synthetic_summary(results: pd.DataFrame) -> pd.DataFrame:
    """Return one row an experiment: mean errors, and how gain goes with misfit."""
    rows = []
    shown = ("weak_error", "w2s_error", "ceiling_error", "misfit", "gain")
    for (name, panel), group in results.groupby(["experiment", "panel"], sort=False):
        q = {n: group[n].to_numpy(float) for n in REGRESSION.names() if n in group}
        rows.append(
            {
                "figure": panel,
                "experiment": name,
                **{column: float(group[column].mean()) for column in shown},
                "correlation": float(correlation(q)),
                "slope": float(slope(q)),
                "slack>=0": float(statistics_of(REGRESSION)["share_slack"][1](q)),
            }
        )
    return pd.DataFrame(rows)
