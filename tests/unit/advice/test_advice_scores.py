"""Scores of every use of the recommended supervisor."""

import math

import numpy as np
import pandas as pd
import pytest

from w2s_mol.advice.errors import ALL_USES, words
from w2s_mol.advice.report import advise
from w2s_mol.advice.scores import rendered_scores, rows_of_scores, scored, scores_of
from w2s_mol.errors import InputError
from w2s_mol.runs import FinishedRun
from w2s_mol.tasks.registry import REGRESSION


def predictions(**of_use: list[float]) -> pd.DataFrame:
    """Return crafted predictions on two splits of two molecules; truth 0 2 and 0 4."""
    truth = [0.0, 2.0, 0.0, 4.0]
    uses = {use: of_use.get(use, truth) for use in ALL_USES}
    return pd.DataFrame({"split": ["a", "a", "b", "b"], "truth": truth, **uses})


def test_scores_are_means_over_splits_of_those_within_each() -> None:
    found = scores_of(predictions(w2s=[0.0, 1.0, 4.0, 0.0], mean=[1.0, 1.0, 1.0, 1.0]), REGRESSION)
    assert list(found.index) == list(ALL_USES)
    student = found.loc["w2s"]
    assert student["rmse"] == pytest.approx((math.sqrt(0.5) + 4) / 2)
    assert student["mae"] == pytest.approx((0.5 + 4) / 2)
    assert student["r2"] == pytest.approx(((1 - 1 / 2) + (1 - 32 / 8)) / 2)
    assert student["spearman"] == pytest.approx(0)
    assert found.loc["direct"].tolist() == pytest.approx([0, 0, 1, 1])
    assert math.isnan(found["spearman"]["mean"])
    assert found["r2"]["mean"] == pytest.approx(((1 - 2 / 2) + (1 - 10 / 8)) / 2)


def test_molecules_that_the_supervisor_is_silent_about_do_not_count() -> None:
    table = predictions(weak=[0.0, 2.0, 1.0, 4.0])
    table = pd.concat([table, table.iloc[:1].assign(weak=np.nan, direct=100.0)])
    assert scores_of(table, REGRESSION)["mae"]["direct"] == pytest.approx(0)


def test_a_score_is_consistent_with_the_results(run: FinishedRun) -> None:
    found = list(scored(advise([run], replicates=100), [run]))
    assert [one.choice.errors.keys["labels"] for one in found] == ["60", "140"]
    for one in found:
        choice, scores = one.choice, one.table
        labels = choice.errors.keys["labels"]
        rows = run.table("results").query(
            f"labels == '{labels}' and eval_split == 'test' and weak == '{choice.weak}'"
        )
        for use in ALL_USES:
            assert scores["rmse"][use] == pytest.approx(np.sqrt(rows[f"{use}_error"]).mean())
    columns, rows = rows_of_scores(found)
    assert len(rows) == 2 * len(ALL_USES)
    assert [row[columns.index("use")] for row in rows[: len(ALL_USES)]] == list(ALL_USES)
    assert sum(row[columns.index("recommended")] for row in rows) == 2
    shown = rendered_scores(found[0])
    assert shown.columns == ("use", "RMSE", "MAE", "R2", "Spearman")
    assert [row[0] for row in shown.rows] == [words(use) for use in ALL_USES]
    assert shown.rows[ALL_USES.index("mean")][-1] == "n/a"
    assert "that of the mean of the very labels measured on" in shown.note


def test_results_without_predictions_are_refused(run: FinishedRun) -> None:
    with pytest.raises(InputError, match=r"not beside its results.*whole folder"):
        list(scored(advise([run], replicates=100), []))
