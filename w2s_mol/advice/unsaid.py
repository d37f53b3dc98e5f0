"""What is not advised on in some runs, and where intervals are missing: a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

from w2s_mol.advice.predictions import keeps_predictions
from w2s_mol.advice.report import Advice
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.tables import studies_of
from w2s_mol.statistics.controls import CONTROLS
from w2s_mol.study.groups import NO_CONTROL, study_groups


def unsaid(found: Sequence[Advice], runs: Sequence[FinishedRun]) -> Iterator[str]:
    """Yield a sentence on the null controls of runs, and one on each reason for no interval.

    Parameters
    ----------
    found
        What is advised from the runs.
    runs
        All of them.
    """
    controls = {control for _, control, _ in study_groups(studies_of(runs))} - {NO_CONTROL}
    if controls:
        which = "; ".join(words for name, words in CONTROLS.items() if name in controls)
        yield (
            f"null controls are left out ({which}): 'w2s-mol statistics --what controls' compares "
            "studies with theirs"
        )
    by_id = {run.id: run for run in runs}
    without: dict[str, list[str]] = {}
    for advice in found:
        if all(isnan(choice.low) for choice in advice.choices):
            keys = advice.group[0].keys
            without.setdefault(_why(advice, by_id), []).append(
                f"{keys['dataset']}, strong {keys['strong']}"
            )
    for why, studies in without.items():
        yield f"there is no interval for {'; '.join(dict.fromkeys(studies))}: {why}"


def _why(advice: Advice, by_id: dict[str, FinishedRun]) -> str:
    studies = {study for errors in advice.group for study in errors.study_of.values()}
    if len(studies) > 1:
        return "its supervisors are of several runs, and molecules are resampled within one"
    [study] = studies
    if study not in by_id or not keeps_predictions(by_id[study]):
        return "its predictions are not kept (--keep results leaves them out)"
    return "no test molecule has a prediction of every use"
