"""All that is advised from finished runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from w2s_mol.advice.choice import Choice, choices
from w2s_mol.advice.errors import UseErrors, beside_each_other, use_errors
from w2s_mol.advice.losses import Losses
from w2s_mol.advice.predictions import Predictions, keeps_predictions
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.tables import UNLABELLED, SelectorSplit, selections, studies_of
from w2s_mol.statistics.resampling import REPLICATES
from w2s_mol.study.groups import NO_CONTROL, key_of
from w2s_mol.uses.registry import DIRECT


@dataclass(frozen=True)
class Advice:
    """Of one dataset and student, for each number of true labels.

    Attributes
    ----------
    group
        The errors of every use, few labels first.
    choices
        What to do, one for each that has a supervisor with finite errors.
    ranking
        How well the paper's rule and the smallest weak error rank supervisors, one row each:
        ``rule``, ``weak_error`` (Spearman), ``rule_unlabelled`` (the rule with its misfit on
        unlabelled molecules; NaN where there are none), ``rule_regret``, ``weak_error_regret``.
    """

    group: list[UseErrors]
    choices: list[Choice]
    ranking: pd.DataFrame


def advise(
    runs: Sequence[FinishedRun],
    selector_split: SelectorSplit = "valid",
    replicates: int = REPLICATES,
    seed: int = 0,
) -> list[Advice]:
    """Say for every study of some runs what to do with its supervisors.

    Raises
    ------
    InputError
        If there is no study, or one is of an older version.
    """
    by_id: dict[str, Losses | None] = {}
    found = []
    for group, ranking in by_budget(runs, selector_split):
        studies = {study for one in group for study in one.study_of.values()}
        losses = _losses(studies, runs, by_id)
        found.append(Advice(group, choices(group, losses, replicates, seed), ranking))
    return found


def by_budget(
    runs: Sequence[FinishedRun], selector_split: SelectorSplit = "valid", fewest: int = 1
) -> Iterator[tuple[list[UseErrors], pd.DataFrame]]:
    """Yield the ``group`` and the ``ranking`` of each advice, whose choices take longer.

    Parameters
    ----------
    runs, selector_split
        As for ``advise``.
    fewest
        Numbers of labels that a group has at least.

    Raises
    ------
    InputError
        If there is no study, or one is of an older version.
    """
    results = studies_of(runs)
    found = beside_each_other(list(use_errors(results)))
    groups = [[one for one in group if len(one.valid)] for group in found]
    groups = [group for group in groups if len(group) >= fewest]
    if not groups:
        return
    ranks = {
        key_of(one.keys): one.selectors.set_index("selector")
        for one in selections(results, selector_split)
        if one.control == NO_CONTROL
    }
    for group in groups:
        yield group, pd.DataFrame([_ranks(ranks[key_of(one.keys)]) for one in group])


def of_newer(runs: Sequence[FinishedRun]) -> list[FinishedRun]:
    """Return the studies that have the uses: runs of before 0.4 lack them."""
    studies = [run for run in runs if run.kind == "study"]
    return [run for run in studies if f"{DIRECT}_error" in run.table("results")]


def advised(
    runs: Sequence[FinishedRun], replicates: int = REPLICATES, seed: int = 0
) -> list[Advice]:
    """Return what ``advise`` does, nothing for runs of before 0.4: these lack the uses."""
    newer = of_newer(runs)
    return advise(newer, replicates=replicates, seed=seed) if newer else []


def _losses(
    studies: set[str], runs: Sequence[FinishedRun], known: dict[str, Losses | None]
) -> Losses | None:
    """Return the losses of the one run that a group of studies is from."""
    if len(studies) != 1:
        return None
    [study] = studies
    if study not in known:
        run = next((run for run in runs if run.id == study), None)
        known[study] = Losses(Predictions(run)) if run and keeps_predictions(run) else None
    return known[study]


def _ranks(selectors: pd.DataFrame) -> dict[str, float]:
    return {
        "rule": float(selectors["spearman"]["bound"]),
        "weak_error": float(selectors["spearman"]["weak_error"]),
        "rule_unlabelled": float(selectors["spearman"].get(UNLABELLED, math.nan)),
        "rule_regret": float(selectors["regret"]["bound"]),
        "weak_error_regret": float(selectors["regret"]["weak_error"]),
    }
