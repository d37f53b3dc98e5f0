"""From results to the paper's selection table and the quality of its ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import Rows
from w2s_mol.numbers import counted
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.scores import score_table
from w2s_mol.study.groups import no_finite_supervisor, of_a_study, study_groups
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import task_of

SelectorSplit = Literal["valid", "val", "test"]
WEAK_KEYS = ("family", "weak")


@dataclass(frozen=True)
class Selector:
    """A rule that scores weak supervisors; the one with the smallest score is picked.

    Attributes
    ----------
    name
        Short, for columns.
    what
        In a task's words.
    column
        Of the selection table, that has the scores.
    sign
        -1 where the largest is picked.
    """

    name: str
    what: Callable[[Task], str]
    column: str
    sign: float = 1.0


UNLABELLED = "bound_unlabelled"
"""The paper's rule with its misfit measured where nobody has a true label."""

SELECTORS = (
    Selector("bound", lambda task: f"smallest {task.words('bound')}", "bound_mean"),
    Selector(UNLABELLED, lambda task: f"smallest {task.words('bound')}", f"{UNLABELLED}_mean"),
    Selector("weak_error", lambda task: f"smallest {task.words('weak_error')}", "weak_error_mean"),
    Selector("hidden", lambda _: "largest hidden size", "hidden", -1.0),
)
"""The paper's rule and the baselines that look at something; who lacks a score is left out."""


@dataclass(frozen=True)
class StudySelection:
    """The selection of one study.

    Attributes
    ----------
    keys
        What tells the study from others: dataset, strong encoder, protocol, head, ...
    control
        Which null control it is, ``none`` for a study proper.
    task, unit
        What the labels are, and their unit.
    n_splits
        Distinct splits behind the means; standard deviations need two.
    selector_split
        The part of the splits that the selectors are measured on.
    table
        One row a weak encoder, sorted by the bound: ``bound_mean``, ``bound_std`` (on the
        selector's part), ``w2s_error_mean``, ``w2s_error_std`` (on test), ``picked``, ``oracle``.
        Those whose bound or true error is not finite come last, and are never chosen. With
        ``bound_unlabelled_mean`` and ``_std`` where misfit was measured on unlabelled molecules.
    selectors
        One row a selector: what it picked, ``spearman`` and ``kendall`` between its scores and
        the true errors (NaN where undefined), and its ``regret``; where the task has a headline
        score (``roc_auc``), the student's under the pick and what that is below the best,
        ``w2s_SCORE`` and ``regret_SCORE``.
    scores
        As ``score_table`` returns them.
    """

    keys: dict[str, Any]
    control: str
    task: Task
    unit: str
    n_splits: int
    selector_split: SelectorSplit
    table: pd.DataFrame
    selectors: pd.DataFrame
    scores: pd.DataFrame

    @property
    def finite(self) -> pd.DataFrame:
        """Return the rows of the table that can be compared."""
        return self.table[_is_finite(self.table)]

    @property
    def not_finite(self) -> list[str]:
        """Return the names of the others."""
        return [str(name) for name in supervisor_names(self.table)[~_is_finite(self.table)]]

    def marks(self) -> list[str]:
        """Return what is said beside each row of the table."""
        said = ("pick", "oracle", "not finite")
        flags = zip(
            self.table["picked"], self.table["oracle"], ~_is_finite(self.table), strict=True
        )
        return [" + ".join(text for text, on in zip(said, row, strict=True) if on) for row in flags]


def studies_of(runs: Sequence[FinishedRun]) -> pd.DataFrame:
    """Read the results of all studies of molecules among some runs.

    Raises
    ------
    InputError
        If there is none, or one cannot be read or is of an older version.
    """
    studies = []
    for run in runs:
        if run.kind == "study":
            try:
                studies.append(of_a_study(run.table("results")))
            except InputError as error:
                raise InputError(f"{run.folder}: {error}") from error
    if not studies:
        where = ", ".join(str(run.folder) for run in runs)
        raise InputError(
            f"{where} holds no study of molecules. Make one with 'w2s-mol run --dataset lipop'."
        )
    return pd.concat(studies, ignore_index=True)


def selections(
    results: pd.DataFrame, selector_split: SelectorSplit = "valid"
) -> Iterator[StudySelection]:
    """Yield the selection of every study found in results.

    Parameters
    ----------
    results
        The results of one or several runs; rows that occur twice count once.
    selector_split
        ``valid`` (or ``val``) is the honest use: the rule sees the validation molecules, true
        errors are those on test. ``test`` measures both on test, as the paper did.

    Raises
    ------
    InputError
        If the results hold no rows, or not the columns of a study.
    """
    part: SelectorSplit = "valid" if selector_split == "val" else selector_split
    if part not in ("valid", "test"):
        raise InputError(f"selector split {selector_split!r} should be one of: valid, test.")
    for keys, control, study in study_groups(results):
        yield _select(keys, control, study, part)


def selection_table(results: pd.DataFrame, selector_split: SelectorSplit = "valid") -> pd.DataFrame:
    """Return the paper's selection table (Charikar et al. 2024, Table 1) for every study.

    Parameters
    ----------
    results, selector_split
        As in ``selections``.

    Returns
    -------
    DataFrame
        One row a study and weak encoder, each study sorted by ``bound_mean`` = mean over splits
        of weak error - misfit. The first is ``picked``; the one with the smallest true error of
        the weakly supervised strong model, ``w2s_error_mean``, is the ``oracle``. Standard
        deviations are over distinct splits, with n - 1.

    Raises
    ------
    InputError
        If the results hold no rows, or not the columns of a study.
    """
    found = selections(results, selector_split)
    return pd.concat([_with_keys(s.keys, s.table) for s in found], ignore_index=True)


def selector_table(results: pd.DataFrame, selector_split: SelectorSplit = "valid") -> pd.DataFrame:
    """Return the rank correlations and regrets of every selector for every study."""
    found = selections(results, selector_split)
    return pd.concat([_with_keys(s.keys, s.selectors) for s in found], ignore_index=True)


def _with_keys(keys: dict[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(keys, index=table.index), table], axis=1)


def _select(
    keys: dict[str, Any], control: str, study: pd.DataFrame, selector_split: SelectorSplit
) -> StudySelection:
    # Identical splits (BACE, BBBP) count once: a spread over copies means nothing.
    identity = ["weak_sha256", "split_sha256", "eval_split"]
    rows = study.drop_duplicates(identity)
    seen = rows[rows["eval_split"] == selector_split]
    test = rows[rows["eval_split"] == "test"]
    _refuse_uneven_splits(test, str(keys["dataset"]))
    by_weak = [*WEAK_KEYS, "weak_sha256"]
    task = task_of(study)
    first = seen.groupby(by_weak, sort=False, dropna=False)[["hidden", "seed"]].first()
    table = pd.concat(
        [
            first,
            mean_and_std(seen, by_weak, ["bound", "weak_error", "misfit", *_on_unlabelled(seen)]),
            mean_and_std(test, by_weak, ["w2s_error", "gain", *task.headline_of("w2s")]),
        ],
        axis=1,
    ).reset_index()
    # A model that is not finite on some molecule is no candidate, however its means compare.
    table["finite"] = _is_finite(table)
    if not table["finite"].any():
        raise no_finite_supervisor(keys)
    table = table.sort_values(
        ["finite", "bound_mean", "weak_sha256"], ascending=[False, True, True], ignore_index=True
    )
    candidates = table[table.pop("finite")]
    table["picked"] = table.index == 0
    table["oracle"] = table.index == candidates["w2s_error_mean"].idxmin()
    return StudySelection(
        keys=keys,
        control=control,
        task=task,
        unit=str(study["unit"].iloc[0]),
        n_splits=int(test["split_sha256"].nunique()),
        selector_split=selector_split,
        table=table,
        selectors=_score_selectors(candidates, task, _number_unlabelled(seen)),
        scores=score_table(task, test, list(candidates["weak_sha256"])),
    )


def _on_unlabelled(seen: pd.DataFrame) -> list[str]:
    """Return the rule on unlabelled molecules where there are such; older results lack it."""
    return [UNLABELLED] if UNLABELLED in seen and seen[UNLABELLED].notna().any() else []


def _number_unlabelled(seen: pd.DataFrame) -> str:
    """Say on how many molecules that misfit is measured, over splits and supervisors."""
    if not _on_unlabelled(seen):
        return ""
    return counted(seen["n_misfit_unlabelled"][seen[UNLABELLED].notna()])


def _is_finite(table: pd.DataFrame) -> pd.Series:
    errors = table[["bound_mean", "w2s_error_mean"]].to_numpy(float)
    return pd.Series(np.isfinite(errors).all(axis=1), index=table.index)


def _refuse_uneven_splits(test: pd.DataFrame, dataset: str) -> None:
    """Raise InputError if supervisors were measured on different splits: they do not compare."""
    splits = test.groupby([*WEAK_KEYS, "weak_sha256"], dropna=False)["split_sha256"].agg(frozenset)
    if len(set(splits)) > 1:
        few = min(splits.items(), key=lambda item: len(item[1]))[0]
        raise InputError(
            f"the supervisors of {dataset} were not all measured on the same splits (look at "
            f"{few}). Run them on the same splits, or select from fewer runs."
        )


def mean_and_std(rows: pd.DataFrame, by: list[str], names: list[str]) -> pd.DataFrame:
    """Return means and standard deviations (n - 1) over splits, ``NAME_mean`` and ``NAME_std``."""
    grouped = rows.groupby(by, sort=False, dropna=False)[names]
    mean = grouped.mean(skipna=False).add_suffix("_mean")
    std = grouped.std(ddof=1).add_suffix("_std")
    pairs = [f"{name}_{kind}" for name in names for kind in ("mean", "std")]
    return pd.concat([mean, std], axis=1)[pairs]


def supervisor_names(table: pd.DataFrame) -> pd.Series:
    """Return what to call each row of a selection: its encoder, after its family if several."""
    several = len(set(table["family"].astype("string").fillna(""))) > 1
    return full_names(table) if several else table["weak"]


def full_names(table: pd.DataFrame) -> pd.Series:
    """Return each row's supervisor after its family, unless the name begins with that already."""
    family = table["family"].astype("string").fillna("")
    named = [
        str(weak) if str(weak).startswith(f"{kin}:") else f"{kin}/{weak}"
        for kin, weak in zip(family, table["weak"], strict=True)
    ]
    return pd.Series(named, index=table.index, dtype="string")


def _score_selectors(table: pd.DataFrame, task: Task, n_unlabelled: str) -> pd.DataFrame:
    names = supervisor_names(table)
    errors = table["w2s_error_mean"].to_numpy(dtype=float)
    rows = []
    for selector in SELECTORS:
        if selector.column not in table:
            continue
        where = f" on {n_unlabelled} unlabelled molecules" if selector.name == UNLABELLED else ""
        scores = selector.sign * table[selector.column].to_numpy(dtype=float, na_value=np.nan)
        if np.isnan(scores).any():
            continue  # fixed representations have no hidden size
        ties = np.flatnonzero(scores == scores.min())  # several seeds of one hidden size
        rows.append(
            {
                "selector": selector.name,
                "what": selector.what(task) + where,
                "picks": ", ".join(names.iloc[ties]),
                **_picked(table, task, ties),
                "spearman": _rank_correlation(stats.spearmanr, scores, errors),
                "kendall": _rank_correlation(stats.kendalltau, scores, errors),
            }
        )
    everyone, best = np.arange(len(errors)), int(errors.argmin())
    rows.append(
        {
            "selector": "random",
            "what": "a random pick, on average",
            "picks": "any",
            **_picked(table, task, everyone),
            "spearman": np.nan,
            "kendall": np.nan,
        }
    )
    rows.append(
        {
            "selector": "oracle",
            "what": f"smallest {task.words('w2s_error')} on test",
            "picks": names.iloc[best],
            **_picked(table, task, np.array([best])),
            "spearman": 1.0 if len(errors) > 1 else np.nan,
            "kendall": 1.0 if len(errors) > 1 else np.nan,
        }
    )
    return pd.DataFrame(rows)


def _picked(table: pd.DataFrame, task: Task, places: Rows) -> dict[str, float]:
    """Return what students of some supervisors have on average, and what the best is better by."""
    errors = table["w2s_error_mean"].to_numpy(dtype=float)
    found = {"w2s_error": errors[places].mean(), "regret": errors[places].mean() - errors.min()}
    for name in task.headline_of("w2s"):
        scores = table[f"{name}_mean"].to_numpy(dtype=float)
        mean, known = scores[places].mean(), scores[~np.isnan(scores)]
        best = known.max() if len(known) else np.nan
        found |= {name: mean, f"regret_{task.headline}": best - mean}
    return found


def _rank_correlation(measure, scores: np.ndarray, errors: np.ndarray) -> float:  # type: ignore[no-untyped-def]
    """Return a rank correlation, NaN where one of the two does not vary."""
    if len(errors) < 2 or np.ptp(scores) == 0 or np.ptp(errors) == 0:
        return float("nan")
    return float(measure(scores, errors).statistic)
