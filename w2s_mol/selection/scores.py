"""The scores that readers know of a study: supervisors, students, direct and ceiling."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from w2s_mol.tasks.contract import Task, recovered
from w2s_mol.uses.registry import CEILING, DIRECT, STUDENT, WEAK

_SMALL = 0.01
"""A gap of less than this share of what the supervisors lack is none to recover a share of."""
MODELS = (WEAK, STUDENT.name, DIRECT, CEILING.name)
OF_PICK = (WEAK, STUDENT.name)


def score_table(task: Task, test: pd.DataFrame, finite: Sequence[str]) -> pd.DataFrame:
    """Return scores on test, means over splits and supervisors, and those of the pick.

    Parameters
    ----------
    task
        What the labels are.
    test
        The rows of a study's results of distinct splits' test parts.
    finite
        The hashes of the supervisors that can be compared, the pick first.

    Returns
    -------
    DataFrame
        One row a score, the error first: ``score``, ``words``, ``higher_is_better``; ``weak``,
        ``w2s``, ``direct``, ``ceiling`` and ``pgr``, the performance gap recovered of the means of
        what each lacks (NaN where the ceiling is better by less than a hundredth); ``no_gap``,
        whether it is not better;
        ``picked_weak``, ``picked_w2s``. Means are of the cells in which all of them are defined.
        No row where results have no scores of the task.
    """
    if not task.scored_models:
        return pd.DataFrame()
    test = test[test["weak_sha256"].isin(finite)]
    pick = test[test["weak_sha256"] == finite[0]]
    rows = []
    for name, words, higher_is_better, lack in _lines(task):
        columns = {model: f"{model}_{name}" for model in MODELS}
        defined = test.dropna(subset=list(columns.values()))
        means = {model: float(defined[column].mean()) for model, column in columns.items()}
        lacks = {m: float(defined[column].map(lack).mean()) for m, column in columns.items()}
        small = abs(lacks[WEAK] - lacks[CEILING.name]) <= _SMALL * abs(lacks[WEAK])
        gap = recovered(lacks[WEAK], lacks[STUDENT.name], lacks[CEILING.name])
        rows.append(
            {
                "score": name,
                "words": words,
                "higher_is_better": higher_is_better,
                **means,
                "pgr": math.nan if small else gap,
                "no_gap": bool(len(defined)) and gap != gap,
                **{f"picked_{m}": float(pick[columns[m]].mean()) for m in OF_PICK},
            }
        )
    return pd.DataFrame(rows)


def _lines(task: Task) -> Iterator[tuple[str, str, bool, Callable[[float], float]]]:
    """Yield each score: its name and words, whether more is better, and what a model lacks."""
    yield "error", task.error, False, float
    for score in task.scores:
        yield score.name, score.words, score.higher_is_better, score.lack
