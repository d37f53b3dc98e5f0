"""Scores that readers know, on test, of every use of the supervisor that is recommended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from w2s_mol.advice.choice import Choice
from w2s_mol.advice.errors import ALL_USES, TOLD_KEYS, words
from w2s_mol.advice.predictions import Predictions
from w2s_mol.advice.report import Advice
from w2s_mol.errors import InputError
from w2s_mol.numbers import Form
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.rendering import Rendering, in_short
from w2s_mol.study.protocols import told_apart
from w2s_mol.tasks.contract import Task
from w2s_mol.uses.registry import WEAK


@dataclass(frozen=True)
class Scored:
    """The scores of every use of a chosen supervisor.

    Attributes
    ----------
    choice
        The supervisor and use.
    table
        As ``scores_of`` returns it.
    apart
        The column of which the molecules have 1; empty for all test molecules.
    n, n_splits
        Distinct molecules, and splits that have any.
    """

    choice: Choice
    table: pd.DataFrame
    apart: str
    n: int
    n_splits: int

    @property
    def part(self) -> str:
        """Return what results call these molecules."""
        return told_apart(self.apart) if self.apart else "test"


def scores_of(predictions: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Score every use of one supervisor.

    Parameters
    ----------
    predictions
        As ``Predictions.on_test`` returns them, of one number of labels.
    task
        What the labels are.

    Returns
    -------
    DataFrame
        A row a use, a column a score: means over splits of the scores within each, of the
        molecules that the supervisor says something of. NaN where one is undefined in any split.
    """
    said = predictions[predictions[WEAK].notna()]
    of_splits = [
        {use: task.scored(rows[use].to_numpy(float), rows["truth"].to_numpy(float))
         for use in ALL_USES}
        for _, rows in said.groupby("split", sort=False)
    ]  # fmt: skip
    names = [score.name for score in task.scores]
    means = {
        use: [float(pd.Series([of[use][n] for of in of_splits], dtype=float).mean(skipna=False))
              for n in names]
        for use in ALL_USES
    }  # fmt: skip
    return pd.DataFrame.from_dict(means, orient="index", columns=names)


def scored(found: Sequence[Advice], runs: Sequence[FinishedRun]) -> Iterator[Scored]:
    """Yield for each study the scores of the recommended supervisor's uses.

    On all test molecules, then on those that are told apart, if any are.

    Raises
    ------
    InputError
        If a run keeps no predictions, or they cannot be read.
    """
    by_id = {run.id: run for run in runs}
    known: dict[str, Predictions] = {}
    for choice in (choice for advice in found for choice in advice.choices):
        study = choice.study
        if study not in by_id:
            raise InputError(
                f"the predictions of {in_short(choice.errors.keys)} are not beside its results, "
                "and scores are of predictions. Give the run's whole folder."
            )
        if study not in known:
            known[study] = Predictions(by_id[study])
        keys = choice.errors.keys
        rows = known[study].on_test(keys, choice.family, choice.weak)
        rows = rows[rows["labels"] == str(keys["labels"])]
        yield _scored(choice, rows)
        if found_apart := known[study].apart(str(keys["dataset"])):
            column, marked = found_apart
            some = rows[rows["row"].isin(marked)]
            if len(some):
                yield _scored(choice, some, column)


def _scored(choice: Choice, rows: pd.DataFrame, apart: str = "") -> Scored:
    table = scores_of(rows, choice.errors.task)
    return Scored(choice, table, apart, rows["row"].nunique(), rows["split"].nunique())


def rendered_scores(scored: Scored) -> Rendering:
    """Return the scores as a reader sees them, the recommended use pointed out."""
    choice, scores, task = scored.choice, scored.table, scored.choice.errors.task
    where = f", the {scored.n:,} molecules whose {scored.apart} is 1" if scored.apart else ""
    forms = {score.name: Form.of(scores[score.name], 3) for score in task.scores}
    rows = [
        (words(use), *(forms[name].number(float(scores[name][use])) for name in forms))
        for use in ALL_USES
    ]
    what = "; ".join(
        f"{score.words}: {score.what}{', more is better' if score.higher_is_better else ''}"
        for score in task.scores
    )
    return Rendering(
        title=f"{in_short(choice.errors.keys)}: scores on test{where}, supervisor {choice.weak}",
        columns=("use", *(score.words for score in task.scores)),
        rows=tuple(rows),
        numeric=frozenset(range(1, 1 + len(forms))),
        pick=ALL_USES.index(choice.recommended),
        goes=tuple(score.words for score in reversed(task.scores[1:])),
        note=f"{what}. Means over {scored.n_splits} splits and draws; n/a where a score is "
        "undefined in one of them.",
    )


def rows_of_scores(found: Sequence[Scored]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows for other programs, one row a study, part and use."""
    rows = [
        {
            **{key: one.choice.errors.keys[key] for key in TOLD_KEYS},
            "eval_split": one.part,
            "n": one.n,
            "weak": one.choice.weak,
            "family": one.choice.family,
            "use": use,
            "recommended": use == one.choice.recommended,
            **{name: float(one.table[name][use]) for name in one.table},
        }
        for one in found
        for use in ALL_USES
    ]
    return list(rows[0]) if rows else [], [list(row.values()) for row in rows]
