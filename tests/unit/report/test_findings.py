from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from w2s_mol.report import findings
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.selection.tables import selections
from w2s_mol.statistics.cases import study_cases
from w2s_mol.statistics.gain_misfit import gain_misfit_table


@pytest.fixture(scope="module")
def study(run_folders) -> dict[str, Any]:
    """The parts of which the findings on Lipop are made."""
    [run] = find_runs([run_folders / "study"])
    results = run.table("results").query("dataset == 'lipop'")
    [cases] = study_cases(results, run.table("predictions"))
    return {"cases": cases, "results": results, "statistics": gain_misfit_table(cases, 100)}


@pytest.fixture
def said(study: dict[str, Any]) -> Callable[..., str]:
    """Return what is said of the study with other numbers: statistics, true errors by hidden."""

    def say(errors: dict[int, float] | None = None, **statistics: dict[str, float]) -> str:
        table = study["statistics"].set_index("statistic")
        for name, values in statistics.items():
            for column, value in values.items():
                table.loc[name, column] = value
        results = study["results"]
        if errors:
            results = results.assign(w2s_error=results["hidden"].map(errors).astype(float))
        # The paper's rule and the smallest weak error pick hidden 16.
        order = results["hidden"].map({8: 3.0, 12: 2.0, 16: 1.0}).astype(float)
        [selection] = selections(results.assign(bound=order, weak_error=order))
        return findings.of_study(study["cases"], table.reset_index(), selection)

    return say


BEST, WORST = {8: 3.0, 12: 2.0, 16: 1.0}, {8: 1.0, 12: 2.0, 16: 3.5}


def test_an_interval_above_zero_is_a_correlation(said: Callable) -> None:
    text = said(correlation={"estimate": 0.5, "low_all": 0.01, "high_all": 0.9})
    assert "Gain and misfit are correlated (r 0.50, 95 % interval 0.01 to 0.90)." in text
    assert "no evidence" not in text


@pytest.mark.parametrize(("low", "high"), [(-0.2, 0.9), (0.0, 0.9), (-0.9, -0.1)])
def test_an_interval_that_is_not_above_zero_is_no_evidence(
    said: Callable, low: float, high: float
) -> None:
    text = said(correlation={"estimate": 0.3, "low_all": low, "high_all": high})
    assert "There is no evidence that gain grows with misfit (r 0.30, 95 % interval" in text
    assert "are correlated" not in text


def test_the_interval_that_counts_is_over_splits_too(said: Callable) -> None:
    wide = {"estimate": 0.5, "low": 0.2, "high": 0.8, "low_all": -0.1, "high_all": 0.9}
    assert "no evidence" in said(correlation=wide)


def test_a_correlation_that_is_undefined_is_said_to_be(said: Callable) -> None:
    nan = dict.fromkeys(("estimate", "low", "high", "low_all", "high_all"), float("nan"))
    text = said(correlation=nan)
    assert "The correlation of gain and misfit is undefined: misfits do not vary." in text
    assert "nan" not in text


def test_cases_are_counted(said: Callable) -> None:
    """Three supervisors on two splits."""
    text = said(share_gain={"estimate": 5 / 6}, share_slack={"estimate": 1 / 6})
    assert "the student beats its supervisor in 5 of 6 cases" in text
    assert "Theorem 1's inequality holds in 1 of 6." in text


def test_counts_are_those_of_the_results(study: dict[str, Any], said: Callable) -> None:
    test = study["results"].query("eval_split == 'test'")
    gains, slacks = int((test["gain"] > 0).sum()), int((test["slack"] >= 0).sum())
    assert f"in {gains} of 6 cases; Theorem 1's inequality holds in {slacks} of 6" in said()


def test_the_slack_is_taken_apart(said: Callable) -> None:
    text = said(
        mean_slack={"estimate": -0.3},
        mean_slack_projection={"estimate": -0.1},
        mean_slack_epsilon={"estimate": -0.2},
    )
    assert "The mean slack, -0.300, is -0.100 from" in text
    assert "-0.200 from the ceiling not being the truth" in text


def test_a_rule_that_picks_the_best_is_said_to_with_the_plainer_ones_that_do(
    said: Callable,
) -> None:
    text = said(BEST)
    assert "The paper's rule picks weak-h16-s0, the best supervisor." in text
    assert "As good or better: the smallest weak error and the largest hidden size." in text


def test_a_rule_that_does_not_pick_the_best_is_said_to_cost_what_it_costs(said: Callable) -> None:
    text = said(WORST)
    assert "The paper's rule picks weak-h16-s0, which costs 2.500 against the best." in text
    assert "the best supervisor" not in text


def test_plainer_rules_that_are_worse_are_not_called_as_good(
    study: dict[str, Any], said: Callable
) -> None:
    """The rule picks the best, weak-h8-s0; the smallest error and the largest size do not."""
    results = study["results"].assign(
        bound=study["results"]["hidden"].astype(float),
        weak_error=-study["results"]["hidden"].astype(float),
        w2s_error=study["results"]["hidden"].astype(float),
    )
    [selection] = selections(results)
    text = findings.of_study(study["cases"], study["statistics"], selection)
    assert "picks weak-h8-s0, the best supervisor." in text
    assert "As good or better" not in text


def test_synthetic_slopes_are_said_experiment_by_experiment(run_folders) -> None:
    [run] = find_runs([run_folders / "synthetic"])
    results = run.table("results")
    exact = results.assign(gain=2 * results["misfit"])
    [text] = findings.of_synthetic(exact)
    assert text.startswith("Synthetic, heads exact: ")
    for panel, name in (("2a", "realizable"), ("3c", "low-sample")):
        assert f"{panel} {name} +2.00 (r +1.00)" in text
    [negative] = findings.of_synthetic(results.assign(gain=-results["misfit"]))
    assert "3a strong-to-weak-pretraining -1.00 (r -1.00)" in negative


def rows(**verdicts: bool | None) -> pd.DataFrame:
    """Return a table of controls on the mean gain."""
    return pd.DataFrame(
        [
            {
                "dataset": "lipop",
                "strong": "ecfp",
                "what": "mean gain",
                "control": control.replace("_", " "),
                "survives": verdict,
            }
            for control, verdict in verdicts.items()
        ]
    ).astype({"survives": object})


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ({"self": True, "random_weak": True}, "the mean gain survives all controls"),
        ({"self": None, "random_weak": True}, "the mean gain survives all controls"),
        ({"self": False, "random_weak": False}, "the mean gain survives none"),
        (
            {"self": False, "random_weak": True},
            "the mean gain survives 'random weak', not 'self'",
        ),
        (
            {"self": True, "random_weak": True, "random_strong": True, "shuffled_labels": False},
            "survives 'self', 'random weak' and 'random strong', not 'shuffled labels'",
        ),
    ],
)
def test_an_effect_survives_all_some_or_no_controls(verdicts: dict, sentence: str) -> None:
    [text] = findings.of_controls(rows(**verdicts))
    assert text.startswith("Controls on lipop, strong ecfp: ")
    assert sentence in text


def test_an_effect_that_no_control_defines_is_not_said_to_survive() -> None:
    table = pd.concat([rows(self=None).assign(what="slope"), rows(self=True)])
    [text] = findings.of_controls(table)
    assert "slope" not in text
    assert "mean gain" in text


def test_without_controls_nothing_is_said_of_them() -> None:
    assert list(findings.of_controls(pd.DataFrame())) == []


def test_real_controls_are_reported_dataset_by_dataset(runs_to_report: list[FinishedRun]) -> None:
    from w2s_mol.statistics.controls import control_table

    studies = [run for run in runs_to_report if run.kind == "study"]
    every = [c for r in studies for c in study_cases(r.table("results"), r.table("predictions"))]
    said = list(findings.of_controls(control_table(every, 100)))
    assert [text.split(",")[0] for text in said] == ["Controls on lipop", "Controls on esol"]
