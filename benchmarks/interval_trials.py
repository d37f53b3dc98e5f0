"""What else was tried for the intervals of the statistics, on the worlds of coverage.py.

python benchmarks/interval_trials.py [--studies 200]

Share of intervals that hold the truth of these heads, 24 supervisors: percentiles of resampled
molecules (versions up to 0.3), the same reflected at the estimate, and what is used. For means:
percentiles, bootstrap-t (studentised), Hall's transformation, and Student's t, which is used.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
from common import report
from coverage import cases_of
from numpy.typing import NDArray
from worlds import WORLDS, Study, World, draw_study, population

from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.gain_misfit import gain_misfit_table, statistics_of
from w2s_mol.statistics.intervals import of_influences
from w2s_mol.statistics.ranking import measures_of, ranked, ranking_table
from w2s_mol.statistics.sample import Sample
from w2s_mol.tasks.registry import REGRESSION
from w2s_mol.threads import one_thread

Array = NDArray[np.float64]
DRAWS = 1000
EVERYONE = np.arange(24)
ENDS = (0.025, 0.975)
NO_KIN = np.empty((2, 0), dtype=np.int64)
OVER_SUPERVISORS = ("correlation", "slope", "median_gain", "share_gain")
MEANS = ("gain", "misfit", "slack", "slack_epsilon")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--worlds", type=int, nargs="*", default=list(range(len(WORLDS))))
    asked = parser.parse_args()
    for world in (WORLDS[place] for place in asked.worlds):
        print(f"\n### {world.name}\n")
        for (statistic, method), held in tried(world, asked.studies).items():
            print(f"| {statistic} | {method} | {100 * np.mean(held):.1f} |", flush=True)
    report("Trials", [f"{asked.studies} studies of each world"], [])


@one_thread()
def tried(world: World, studies: int) -> dict[tuple[str, str], list[bool]]:
    """Return whether each method's interval holds the truth, study by study."""
    of = population(world.population)
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for seed in range(studies):
        study = draw_study(world, seed)
        cases = cases_of(world, of, study, EVERYONE, seed, control=False)
        for name, method, low, high, truth in _said(cases, study, np.random.default_rng(seed)):
            if not np.isnan(low):
                held[name, method].append(low - 1e-9 <= truth <= high + 1e-9)
    return held


def _said(cases: Cases, study: Study, generator: np.random.Generator):
    """Yield statistic, method, low, high and truth."""
    names = [term.name for term in REGRESSION.terms]
    sample = cases.sample("test", names)  # all methods with the allowance for training
    true = {n: np.mean([part[n] for part in study.beyond], axis=0) for n in names}
    m = len(sample.influences)
    weights = generator.multinomial(m, np.full(m, 1 / m), size=DRAWS) - 1.0
    again = sample.observed + np.tensordot(weights, sample.influences, 1)
    replicated = dict(zip(names, again.transpose(1, 0, 2), strict=True))
    observed = dict(zip(names, sample.observed, strict=True))
    used = gain_misfit_table(cases, DRAWS).set_index("statistic")
    of_all = statistics_of(REGRESSION)
    for name in OVER_SUPERVISORS:
        statistic = of_all[name][1]
        values = (float(statistic(observed)), statistic(replicated))
        yield from _resampled(name, *values, float(statistic(true)))
        yield name, "used", *used.loc[name, ["low", "high"]], float(statistic(true))
    scores = ranked(cases, "valid", 100).scores["bound"]
    rank = [
        measures_of(np.broadcast_to(scores, errors.shape), errors, NO_KIN)["spearman"]
        for errors in (observed["w2s_error"][None], replicated["w2s_error"],
                       true["w2s_error"][None])
    ]  # fmt: skip
    yield from _resampled("spearman of the rule", float(rank[0][0]), rank[1], float(rank[2][0]))
    ranking = ranking_table(cases, "valid", DRAWS)
    row = ranking[(ranking["selector"] == "bound") & (ranking["measure"] == "spearman")].iloc[0]
    yield "spearman of the rule", "used", row["low"], row["high"], float(rank[2][0])
    yield from _saved(sample, true, scores, weights)
    for name in MEANS:
        influences = sample.of(name)[1].mean(axis=1)
        for method, low, high in _of_a_mean(float(observed[name].mean()), influences, weights):
            yield f"mean {name}", method, low, high, float(true[name].mean())


def _saved(sample: Sample, true: dict[str, Array], scores: Array, weights: Array):
    """Yield intervals of the share of direct's error that the picked student saves."""
    pick = int(np.argmin(scores))
    (errors, of_errors), (direct, of_direct) = sample.of("w2s_error"), sample.of("ceiling_error")
    x, y, ix, iy = errors[pick], direct[pick], of_errors[:, pick], of_direct[:, pick]
    truth = float(1 - true["w2s_error"][pick] / true["ceiling_error"][pick])
    low, high = np.quantile(1 - (x + weights @ ix) / (y + weights @ iy), ENDS)
    yield "saved against direct", "percentiles", low, high, truth
    found = of_influences(float(1 - x / y), x * iy / y**2 - ix / y)
    yield "saved against direct", "Student", found.low, found.high, truth


def _resampled(name: str, estimate: float, drawn: Array, truth: float):
    low, high = np.nanquantile(drawn, ENDS)
    yield name, "percentiles", low, high, truth
    yield name, "reflected", 2 * estimate - high, 2 * estimate - low, truth


def _of_a_mean(mean: float, influences: Array, weights: Array):
    """Yield method, low and high."""
    m, se = len(influences), float(np.sqrt((influences**2).sum()))
    drawn = weights @ influences
    low, high = np.quantile(drawn, ENDS)
    yield "percentiles", mean + low, mean + high
    spread = np.sqrt(np.maximum((weights + 1) @ influences**2 - drawn**2 / m, 1e-30))
    low, high = np.quantile(drawn / spread, ENDS)
    yield "bootstrap-t", mean - high * se, mean - low * se
    skew = float((influences**3).sum()) / se**3
    ends = [3 / skew * (np.cbrt(1 + skew * (z - skew / 6)) - 1) for z in (1.96, -1.96)]
    yield "Hall", mean - se * ends[0], mean - se * ends[1]
    found = of_influences(mean, influences)
    yield "Student", found.low, found.high


if __name__ == "__main__":
    main()
