"""What label-free scores saw of the true errors of a finished study, beside hidden sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from w2s_mol.diagnostics.pairs import SCORES
from w2s_mol.diagnostics.within import chance_within, within_groups
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array
from w2s_mol.selection.rendering import in_short
from w2s_mol.selection.tables import StudySelection, selections

HIDDEN = "hidden"
_FEWEST = 3


@dataclass(frozen=True)
class Agreement:
    """How the scores of one student's supervisors go with its true errors.

    Attributes
    ----------
    title
        Dataset and strong encoder.
    table
        One row a score, ``hidden`` the last: ``score``, ``spearman`` with the true error over all
        supervisors, ``within_size`` (see ``within_groups``); NaN where undefined.
    supervisors, same_size
        How many supervisors there are, and how many pairs of them have one hidden size.
    chance
        What the largest of the scores' ``within_size`` is by chance alone, up to its sign, in 95
        of 100 cases at most; NaN without pairs. Fewer pairs, more chance: what is not beyond it
        may still be there.
    """

    title: str
    table: pd.DataFrame
    supervisors: int
    same_size: int
    chance: float

    def said(self) -> str:
        """Say in plain words whether the scores see more than the hidden size."""
        of_score = self.table.set_index("score")
        spearman = of_score["spearman"].abs()
        return " ".join([*_over_all(spearman), *self._within(of_score["within_size"])])

    def _within(self, within: pd.Series) -> Iterator[str]:
        seen = within.drop(HIDDEN).dropna()
        if not self.same_size or seen.empty:
            yield "No two supervisors of one hidden size differ: nothing is known beyond size."
            return
        place = str(seen.abs().idxmax())
        facts = (
            f"the most is {place} (Kendall {seen[place]:.2f}), and chance alone reaches "
            f"{self.chance:.2f} with {self.same_size} pairs"
        )
        if abs(seen[place]) > self.chance:
            yield f"Within one hidden size they see something, which is beyond size: {facts}."
        else:
            yield f"Within one hidden size nothing is established, so nothing beyond size: {facts}."


def _over_all(spearman: pd.Series) -> Iterator[str]:
    scores, size = spearman.drop(HIDDEN).dropna(), spearman[HIDDEN]
    if scores.empty:
        yield "No score varies over these supervisors."
        return
    best = f"{scores.idxmax()} ({scores.max():.3f})"
    if math.isnan(size):
        yield f"Over all supervisors {best} goes best with the true error; sizes do not vary."
    elif scores.max() > size:
        yield (
            f"Over all supervisors {best} goes best with the true error, the hidden size has "
            f"{size:.3f}; the difference is not tested."
        )
    else:
        yield (
            f"Over all supervisors no score goes better with the true error than the hidden size "
            f"({size:.3f}); the best is {best}."
        )


def with_errors(pairs: pd.DataFrame, found: list[StudySelection]) -> pd.DataFrame:
    """Return pairs with the mean true error on test, ``w2s_error``, that their study found."""
    errors = [
        one.finite[["weak_sha256", "w2s_error_mean"]].assign(
            strong_sha256=one.keys["strong_sha256"]
        )
        for one in found
    ]
    keys = ["weak_sha256", "strong_sha256"]
    merged = pairs.merge(pd.concat(errors), on=keys, how="left")
    return merged.rename(columns={"w2s_error_mean": "w2s_error"})


def studies_with(
    pairs: pd.DataFrame, results: pd.DataFrame, dataset_sha256: str, pooling: str
) -> list[StudySelection]:
    """Return the studies among results that have some of these pairs, one a strong encoder.

    Raises
    ------
    InputError
        If none has, or several have pairs of one strong encoder.
    """
    wanted = set(pairs["strong_sha256"])
    found: dict[str, StudySelection] = {}
    others = []
    for one in selections(results, "test"):
        keys = one.keys
        strong = str(keys["strong_sha256"])
        same = (keys["dataset_sha256"], keys["pooling"]) == (dataset_sha256, pooling)
        if not (same and strong in wanted and set(one.finite["weak_sha256"]) & _weak(pairs)):
            others.append(f"{in_short(keys)}, pooling {keys['pooling']}")
        elif strong in found:
            raise InputError(
                f"the run holds several studies of {in_short(keys)}. Give the folder of one."
            )
        else:
            found[strong] = one
    if not found:
        raise InputError(
            "the run holds no study of these molecules with these encoders and this pooling. It "
            f"holds: {'; '.join(others)}. Give the dataset, --weak, --strong and --pooling of one."
        )
    return list(found.values())


def _weak(pairs: pd.DataFrame) -> set[str]:
    return set(pairs["weak_sha256"])


def agreement(pairs: pd.DataFrame, study: StudySelection) -> Agreement:
    """Return how the scores of one study's pairs go with its true errors on test.

    Parameters
    ----------
    pairs
        As from ``with_errors``.
    study
        Whose pairs count.

    Raises
    ------
    InputError
        If fewer than three supervisors are in both.
    """
    mine = pairs[pairs["strong_sha256"] == study.keys["strong_sha256"]].dropna(subset=["w2s_error"])
    if len(mine) < _FEWEST:
        raise InputError(
            f"{in_short(study.keys)}: the run has {len(mine)} of these supervisors, and a "
            f"correlation needs {_FEWEST}. Name more with --weak."
        )
    errors = mine["w2s_error"].to_numpy(dtype=float)
    sizes = mine[HIDDEN].to_numpy(dtype=float, na_value=np.nan)
    values = {name: mine[name].to_numpy(dtype=float) for name in SCORES} | {HIDDEN: sizes}
    table = pd.DataFrame(
        {
            "score": name,
            "spearman": _spearman(score, errors),
            "within_size": within_groups(score, errors, sizes),
        }
        for name, score in values.items()
    )
    tested = int(table["within_size"].drop(table.index[-1]).notna().sum())
    same_size, chance = chance_within(sizes, tested)
    return Agreement(in_short(study.keys), table, len(mine), same_size, chance)


def _spearman(scores: Array, errors: Array) -> float:
    if np.isnan(scores).any() or np.ptp(scores) == 0 or np.ptp(errors) == 0:
        return math.nan
    return float(stats.spearmanr(scores, errors).statistic)
