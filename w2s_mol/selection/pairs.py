"""Which supervisor and student to use, where several students had the same supervisors."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from w2s_mol.selection.tables import WEAK_KEYS, SelectorSplit, mean_and_std
from w2s_mol.study.groups import NO_CONTROL, STUDY_KEYS, study_groups
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import task_of

_OF_STUDENT = ("strong", "strong_sha256")


@dataclass(frozen=True)
class Pairs:
    """The best supervisor of each of several students.

    Attributes
    ----------
    dataset, dataset_sha256, task, unit
        Of what they are.
    selector_split
        The part of the splits that pairs are compared on.
    table
        One row a student, the best pair first: ``strong``, ``family``, ``weak`` of the supervisor
        under which it has the smallest true error there, that error (``seen_mean``, ``seen_std``)
        and that on test (``w2s_error_mean``, ``w2s_error_std``); ``picked``, ``oracle`` (of these
        the smallest error on test).

    Notes
    -----
    Pairs are compared by true errors, not by weak error - misfit: a student that learns less of
    its supervisor differs more from it, so that misfits of different students do not compare.
    """

    dataset: str
    dataset_sha256: str
    task: Task
    unit: str
    selector_split: SelectorSplit
    table: pd.DataFrame


def best_pairs(results: pd.DataFrame, selector_split: SelectorSplit = "valid") -> list[Pairs]:
    """Return for each group of studies that differ in their student alone which pair is best.

    Parameters
    ----------
    results
        Of one or several runs. Null controls are left out.
    selector_split
        The part that pairs are compared on, by true labels: ``valid``, or ``test``.
    """
    part: SelectorSplit = "valid" if selector_split == "val" else selector_split
    groups: dict[tuple[str, ...], list[pd.DataFrame]] = {}
    for keys, control, study in study_groups(results):
        if control == NO_CONTROL:
            shared = [str(keys[name]) for name in STUDY_KEYS if name not in _OF_STUDENT]
            splits = sorted(set(study["split_sha256"]))  # errors on other splits do not compare
            groups.setdefault((*shared, *splits), []).append(study)
    return [_compared(studies, part) for studies in groups.values() if len(studies) > 1]


def _compared(studies: list[pd.DataFrame], part: SelectorSplit) -> Pairs:
    best = pd.DataFrame([_best(study, part) for study in studies])
    best = best.sort_values("seen_mean", kind="stable", ignore_index=True)
    best["picked"] = best.index == 0
    best["oracle"] = best["w2s_error_mean"] == best["w2s_error_mean"].min()
    first = studies[0].iloc[0]
    return Pairs(
        str(first["dataset"]),
        str(first["dataset_sha256"]),
        task_of(studies[0]),
        str(first["unit"]),
        part,
        best,
    )


def _best(study: pd.DataFrame, part: SelectorSplit) -> pd.Series:
    """Return the supervisor under which a student has the smallest true error on a part."""
    by = [*WEAK_KEYS, "weak_sha256"]
    rows = study.drop_duplicates(["weak_sha256", "split_sha256", "eval_split"])
    seen = mean_and_std(rows[rows["eval_split"] == part], by, ["w2s_error"])
    test = mean_and_std(rows[rows["eval_split"] == "test"], by, ["w2s_error"])
    table = pd.concat(
        [seen.set_axis(["seen_mean", "seen_std"], axis=1), test], axis=1
    ).reset_index()
    best = table.sort_values("seen_mean", kind="stable").iloc[0]
    for name in _OF_STUDENT:
        best[name] = study[name].iloc[0]
    return best
