"""Do the intervals of the statistics hold what they claim? By simulation; writes docs/coverage.md.

python benchmarks/coverage.py [--studies 400] [--docs DOCS] [--processes 2]

Worlds with known truth in the shape of real studies (``worlds.py``). Of every statistic that tables
print: the share of studies whose 95 % interval holds the truth, with its Monte-Carlo error; the
median width; the bias of the estimate; the share of studies that give an interval at all. The truth
is asked in two ways: of the very heads of a study, on all molecules of the population that they did
not learn from ("these heads"); and on average over all such studies ("expected").
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from common import report
from numpy.typing import NDArray
from worlds import WORLDS, Population, Study, World, draw_study, population

from w2s_mol.statistics.cases import PARTS, Cases, SplitTerms
from w2s_mol.statistics.controls import control_table
from w2s_mol.statistics.datasets import together
from w2s_mol.statistics.gain_misfit import FEW_MOLECULES, gain_misfit_table, statistics_of
from w2s_mol.statistics.ranking import (
    NOISE_CEILING,
    PAPERS_RULE,
    measures_of,
    ranked,
    ranking_table,
)
from w2s_mol.study.groups import NO_CONTROL, STUDY_KEYS
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import BINARY, REGRESSION
from w2s_mol.threads import one_thread

Array = NDArray[np.float64]
DRAWS = 1000
EIGHT = np.arange(0, 24, 3)
"""One pretraining seed of each size."""
_SETS = 1000
TOGETHER = (
    "relative_gain",
    "slope",
    "correlation",
    "share_gain",
    "spearman, rule - weak_error",
    "spearman, rule - hidden",
)
"""What could be put together over datasets."""
KINDS = ("these heads", "expected")


@dataclass(frozen=True)
class Said:
    """What a table says of one statistic of one study, and the numbers its truth is made of."""

    name: str
    estimate: float
    low: float
    high: float
    se: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--worlds", type=int, nargs="*", default=list(range(len(WORLDS))))
    parser.add_argument("--docs", type=Path)
    asked = parser.parse_args()
    pages, every = [], []
    for world in (WORLDS[place] for place in asked.worlds):
        found = simulated(world, asked.studies, asked.processes)
        if world.task == REGRESSION:
            every.append(found[24])
        for k, studies in found.items():
            page = f"### {world.name}, {k} supervisors\n\n{markdown(summary(studies))}"
            print(f"\n{page}", flush=True)
            pages.append(page)
    if every:
        pages.append(f"### Several datasets together\n\n{_together(every)}")
        print(f"\n{pages[-1]}", flush=True)
    if asked.docs:
        (asked.docs / "coverage.md").write_text(_INTRODUCTION + "\n\n".join(pages) + "\n")
    report("Coverage", [f"{asked.studies} studies of each world"], [])


_INTRODUCTION = """# Do the intervals hold what they claim?

Written by `python benchmarks/coverage.py --docs docs`; what it means is in
[statistics.md](statistics.md). Share of nominal 95 % intervals that hold the truth ± Monte-Carlo
error, of these heads and expected; median width; mean estimate and mean truth (of these heads);
the share of studies that give an interval.

"""


def simulated(world: World, studies: int, processes: int) -> dict[int, list[_Study]]:
    """Return studies of 24 and of 8 supervisors."""
    population(world.population)  # once, before the processes part
    seeds = np.array_split(np.arange(studies), processes * 4)
    with ProcessPoolExecutor(processes) as pool:
        parts = list(pool.map(_several, [world] * len(seeds), seeds))
    return {k: [one for part in parts for one in part[k]] for k in (24, 8)}


def _together(worlds: list[list[_Study]]) -> str:
    """Return how often the interval over datasets holds the mean over worlds.

    A dataset is a study of a world drawn at random, of those that give an interval.
    """
    generator = np.random.default_rng(0)
    lines = ["| claim | datasets | holds | ± | width |", "| --- | ---: | ---: | ---: | ---: |"]
    for claim in TOGETHER:
        known = [[s for s in studies if _claim(s, claim).se > 0] for studies in worlds]
        known = [studies for studies in known if studies]
        truth = [
            np.mean([_truths(s.task, s.truth, s.control, s.scores)[claim] for s in w])
            for w in known
        ]
        for n in (3, 10, 30):
            ends = []
            for _ in range(_SETS):
                drawn = [known[w] for w in generator.integers(len(known), size=n)]
                said = [_claim(w[generator.integers(len(w))], claim) for w in drawn]
                of = together([one.estimate for one in said], [one.se for one in said])
                ends.append((of.low, of.high))
            low, high = np.array(ends).T
            holds = 100 * ((low <= np.mean(truth)) & (np.mean(truth) <= high)).mean()
            error = 100 * np.sqrt(0.95 * 0.05 / _SETS)
            width = np.median(high - low)
            lines.append(f"| {claim} | {n} | {holds:.1f} | {error:.1f} | {width:.3f} |")
    return "\n".join(lines)


def _claim(study: _Study, name: str) -> Said:
    return next(said for said in study.said if said.name == name)


@one_thread()
def _several(world: World, seeds: NDArray[np.int64]) -> dict[int, list[_Study]]:
    of = population(world.population)
    found: dict[int, list[_Study]] = {24: [], 8: []}
    for seed in seeds:
        study = draw_study(world, int(seed))
        for keep in (np.arange(24), EIGHT):
            found[len(keep)].append(_Study.of(world, of, study, keep, int(seed)))
    return found


@dataclass(frozen=True)
class _Study:
    """What the tables say of one study; its true means, (q, k), and the scores of its rules."""

    said: list[Said]
    truth: dict[str, Array]
    control: dict[str, Array]
    scores: dict[str, Array]
    task: Task

    @classmethod
    def of(
        cls, world: World, of: Population, study: Study, keep: NDArray[np.int64], seed: int
    ) -> _Study:
        cases = cases_of(world, of, study, keep, seed, control=False)
        control = cases_of(world, of, study, keep, seed, control=True)
        said = [
            Said(row.statistic, row.estimate, row.low, row.high, row.se)
            for row in gain_misfit_table(cases, DRAWS, seed).itertuples()
        ]
        ranking = ranking_table(cases, "valid", DRAWS, seed)
        for row in ranking[ranking["selector"] != NOISE_CEILING].itertuples():
            name = f"{row.measure} of {row.selector}"
            said.append(Said(name, row.estimate, row.low, row.high, row.se))
            if row.selector != PAPERS_RULE:
                ends = (row.rule_minus_this, row.difference_low, row.difference_high)
                said.append(Said(f"{row.measure}, rule - {row.selector}", *ends, row.difference_se))
        for row in control_table([cases, control], DRAWS, seed).itertuples():
            ends = (row.difference, row.difference_low, row.difference_high)
            said.append(Said(f"{row.effect} - control's", *ends, np.nan))
        both = (
            {n: np.mean([split[n][keep] for split in beyond], axis=0) for n in beyond[0]}
            for beyond in (study.beyond, study.beyond_control)
        )
        scores = dict(ranked(cases, "valid", 100, seed).scores)
        return cls(said, *both, scores, world.task)


def cases_of(
    world: World,
    of: Population,
    study: Study,
    keep: NDArray[np.int64],
    seed: int,
    *,
    control: bool,
) -> Cases:
    """Return a study as the statistics read it."""
    parts = {"valid": study.valid, "test": study.test}
    rows = np.unique(np.concatenate([p.rows for part in PARTS for p in parts[part]]))
    terms = {
        part: [
            SplitTerms(
                np.searchsorted(rows, p.rows),
                np.ones((len(p.rows), len(keep)), dtype=bool),
                {n: values[:, keep] for n, values in p.terms(control=control).items()},
            )
            for p in parts[part]
        ]
        for part in PARTS
    }
    supervisors = pd.DataFrame(
        {
            "family": "shipped",
            "weak": [f"{of.hidden[i]}-{of.seeds[i]}" for i in keep],
            "hidden": [of.hidden[i] for i in keep],
            "seed": [of.seeds[i] for i in keep],
        }
    )
    scaffold = world.split == "scaffold"
    kin = np.unique([of.groups[row] for row in rows], return_inverse=True)[1]
    held = len(study.valid[0].rows) + len(study.test[0].rows)
    name = "shuffled labels" if control else NO_CONTROL
    return Cases(
        keys=dict.fromkeys(STUDY_KEYS, "the same") | {"dataset": world.name},
        control=name,
        study=f"{seed} {name}",
        task=world.task,
        unit="",
        supervisors=supervisors,
        left_out=(),
        every_weak=frozenset(supervisors["weak"]),
        splits=tuple(str(i) for i in range(len(study.test))),
        molecules=f"{seed:016x}",
        n_rows=len(rows),
        learnt_from=[world.n - held] * len(study.test),
        rarest=min((world.task.rarest(part.truth) or 0 for part in study.test), default=0)
        if world.task == BINARY
        else None,
        kin=kin if scaffold else None,
        _terms=terms,
    )


def summary(studies: list[_Study]) -> pd.DataFrame:
    """Return a row a statistic: coverage of both truths, width, estimate, truth, share with one."""
    expected = _mean([one.truth for one in studies])
    expected_control = _mean([one.control for one in studies])
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for one in studies:
        here = _truths(one.task, one.truth, one.control, one.scores)
        there = _truths(one.task, expected, expected_control, one.scores)
        for said in one.said:
            values = (said.estimate, said.low, said.high, here[said.name], there[said.name])
            found[said.name].append(values)
    rows = []
    for name, values in found.items():
        estimate, low, high, here, there = np.array(values).T
        given = ~np.isnan(low)
        row = {"statistic": name, "intervals": given.mean()}
        for kind, truth in zip(KINDS, (here, there), strict=True):
            held = (low - 1e-9 <= truth) & (truth <= high + 1e-9)
            row[kind] = held[given].mean() if given.any() else np.nan
        row["error"] = np.sqrt(0.95 * 0.05 / given.sum()) if given.any() else np.nan
        row["width"] = np.median((high - low)[given]) if given.any() else np.nan
        row["estimate"] = np.nanmean(estimate) if given.any() else np.nan
        row["truth"] = np.nanmean(here) if given.any() else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _mean(each: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.mean([one[name] for one in each], axis=0) for name in each[0]}


def _truths(
    task: Task, truth: dict[str, Array], control: dict[str, Array], scores: dict[str, Array]
) -> dict[str, float]:
    """Return the true value of everything that tables say."""
    of_all = statistics_of(task)
    found = {name: float(of(truth)) for name, (_, of) in of_all.items()}
    for name in ("mean_gain", "median_gain", "correlation", "slope"):
        found[f"{name} - control's"] = found[name] - float(of_all[name][1](control))
    k = truth["w2s_error"].shape[0]
    size = np.arange(k) // (3 if k > len(EIGHT) else 1)
    kin = np.stack(np.nonzero(np.triu(size[:, None] == size, 1)))
    errors = {"": truth["w2s_error"]}
    errors |= {f"_{task.headline}": 1 - truth[name] for name in task.headline_of("w2s")}
    for suffix, error in errors.items():
        by = {n: measures_of(values[None], error[None], kin) for n, values in scores.items()}
        rule = by[PAPERS_RULE]
        for selector, measures in by.items():
            for measure, value in measures.items():
                called = f"{measure}{suffix}"
                found[f"{called} of {selector}"] = float(value[0])
                found[f"{called}, rule - {selector}"] = float(rule[measure][0] - value[0])
    of_control = measures_of(scores[PAPERS_RULE][None], control["w2s_error"][None], kin)
    found["rule_spearman - control's"] = found[f"spearman of {PAPERS_RULE}"] - float(
        of_control["spearman"][0]
    )
    return found


def markdown(rows: pd.DataFrame) -> str:
    if not rows["intervals"].any():
        return f"No interval is given: {FEW_MOLECULES}."
    lines = [
        "| statistic | these heads | expected | ± | width | estimate | truth | intervals |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows.itertuples(index=False):
        share = [f"{100 * value:.1f}" if value == value else "none" for value in (row[2], row[3])]
        numbers = [f"{value:.3f}" if value == value else "" for value in row[5:8]]
        given = row[4] == row[4]
        cells = [row[0], *share, f"{100 * row[4]:.1f}" if given else "", *numbers, f"{row[1]:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
