"""How gain goes with misfit over the cases of a study, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.resampling import REPLICATES, interval, resampled
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import REGRESSION

Array = NDArray[np.float64]
Quantities = dict[str, Array]
Statistic = Callable[[Quantities], Array]

_FEWEST_TASKS = 3
_NO_SPREAD = 1e-9
"""Differences below this share of the weak error are rounding."""


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
        "median_gain": (f"median {gain}", lambda q: np.median(q["gain"], axis=-1)),
        "share_gain": (
            f"share of cases with {gain} > 0",
            lambda q: (q["gain"] > _NO_SPREAD * q["weak_error"]).mean(axis=-1),
        ),
        "mean_misfit": means["mean_misfit"],
        "share_slack": (
            f"share of cases with {slack} >= 0",
            lambda q: (q["slack"] >= -_NO_SPREAD * q["weak_error"]).mean(axis=-1),
        ),
    }
    return {**first, **means}


def gain_misfit_replicates(
    cases: Cases, replicates: int = REPLICATES, seed: int = 0
) -> tuple[Quantities, Quantities, Quantities]:
    """Return test quantities observed (s k,), over molecules (r, s k), and over all three.

    The last resamples molecules, splits, and pretraining seeds of equal supervisors.
    """
    names = tuple(term.name for term in cases.task.terms)
    observed = {name: cases.means("test", name).reshape(-1) for name in names}
    by_molecules = cases.replicates("test", names, replicates, seed)
    everything = {}
    for name, values in by_molecules.items():
        over_splits = resampled(values, [list(range(len(cases.splits)))], 1, seed + 1)
        everything[name] = resampled(over_splits, cases.seed_groups, 2, seed + 2)

    def flat(found: Quantities) -> Quantities:
        return {name: values.reshape(len(values), -1) for name, values in found.items()}

    return observed, flat(by_molecules), flat(everything)


def gain_misfit_table(cases: Cases, replicates: int = REPLICATES, seed: int = 0) -> pd.DataFrame:
    """Return every statistic of ``statistics_of`` with its 95 % intervals.

    Returns
    -------
    DataFrame
        statistic, what, estimate; ``low`` and ``high`` over molecules (paired over supervisors
        and splits); ``low_all`` and ``high_all`` over molecules, splits and seeds.
    """
    observed, molecules, everything = gain_misfit_replicates(cases, replicates, seed)
    return pd.DataFrame(_statistic_rows(cases.task, observed, molecules, everything))


def _statistic_rows(
    task: Task, observed: Quantities, narrow: Quantities, everything: Quantities
) -> list[dict[str, object]]:
    """Return every statistic with its intervals over two kinds of replicates."""
    rows: list[dict[str, object]] = []
    for name, (what, statistic) in statistics_of(task).items():
        low, high = interval(statistic(narrow))
        low_all, high_all = interval(statistic(everything))
        rows.append(
            {
                "statistic": name,
                "what": what,
                "estimate": float(statistic(observed)),
                "low": low,
                "high": high,
                "low_all": low_all,
                "high_all": high_all,
            }
        )
    return rows


def synthetic_table(
    results: pd.DataFrame, replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Return the statistics of every synthetic experiment; a case is a finetuning task.

    Returns
    -------
    DataFrame
        experiment, panel, n (cases), then as ``gain_misfit_table``: ``low`` and ``high`` over
        tasks, ``low_all`` and ``high_all`` over tasks and seeds.
    """
    names = [term.name for term in REGRESSION.terms if term.name in results]
    tables = []
    for (name, panel), rows in results.groupby(["experiment", "panel"], sort=False):
        by_seed = [group for _, group in rows.groupby("seed", sort=False)]
        values = {q: np.stack([g[q].to_numpy(float) for g in by_seed]) for q in names}
        observed = {q: v.reshape(-1) for q, v in values.items()}
        tasks, everything = {}, {}
        for q, found in values.items():
            s, m = found.shape
            copies = np.broadcast_to(found, (replicates, s, m))
            of_tasks = resampled(copies, [list(range(m))], 2, seed)
            tasks[q] = of_tasks.reshape(replicates, -1)
            of_seeds = resampled(of_tasks, [list(range(s))], 1, seed + 1)
            everything[q] = of_seeds.reshape(replicates, -1)
        few = dict.fromkeys(("low", "high", "low_all", "high_all"), np.nan)
        for row in _statistic_rows(REGRESSION, observed, tasks, everything):
            known = row if m >= _FEWEST_TASKS else {**row, **few}
            tables.append({"experiment": name, "panel": panel, "n": len(rows), **known})
    return pd.DataFrame(tables)


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
