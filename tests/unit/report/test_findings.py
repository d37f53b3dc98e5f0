from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.report import findings
from w2s_mol.report.blocks import Verdict
from w2s_mol.runs import find_runs
from w2s_mol.selection.tables import selections
from w2s_mol.statistics.cases import study_cases
from w2s_mol.statistics.gain_misfit import FEW_MOLECULES, gain_misfit_table
from w2s_mol.study.prediction_tables import read_predictions


@pytest.fixture(scope="module")
def study(run_folders) -> dict[str, Any]:
    """The parts of which the findings on Lipop are made."""
    [run] = find_runs([run_folders / "study"])
    results = run.table("results").query("dataset == 'lipop'")
    [cases] = study_cases(results, read_predictions(run))
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
        return whole(findings.of_study(study["cases"], table.reset_index(), selection))

    return say


def whole(verdict: Verdict) -> str:
    """Return all of a verdict as one text, after what holds of every one."""
    assert 1 <= len(verdict.points) <= 3
    return " ".join([verdict.text, *verdict.points, verdict.warning])


BEST, WORST = {8: 3.0, 12: 2.0, 16: 1.0}, {8: 1.0, 12: 2.0, 16: 3.5}


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.9, "Gain grows with misfit (r 0.30, 95 % interval 0.01 to 0.90)."),
        (-0.9, -0.1, "Gain falls with misfit (r 0.30, 95 % interval -0.90 to -0.10)."),
        (-0.2, 0.9, "There is no evidence that gain goes with misfit (r 0.30, 95 % interval -0.20"),
        (0.0, 0.9, "There is no evidence that gain goes with misfit (r 0.30, 95 % interval 0.00"),
        (-0.9, 0.0, "There is no evidence that gain goes with misfit (r 0.30, 95 % interval -0.90"),
    ],
)
def test_a_relation_is_said_only_where_the_interval_is_on_one_side_of_zero(
    said: Callable, low: float, high: float, words: str
) -> None:
    text = said(correlation={"estimate": 0.3, "low": low, "high": high})
    assert words in text
    assert ("no evidence" in text) == ("no evidence" in words)


def test_a_correlation_without_an_interval_says_why(said: Callable) -> None:
    nan = dict.fromkeys(("low", "high"), float("nan"))
    text = said(correlation={"estimate": 0.3, **nan, "why_none": "this and that"})
    assert "Gain and misfit correlate by 0.30; no interval: this and that." in text


def test_a_correlation_that_is_undefined_is_said_to_be(said: Callable) -> None:
    nan = dict.fromkeys(("observed", "estimate", "low", "high"), float("nan"))
    text = said(correlation=nan)
    assert (
        "The correlation of gain and misfit is undefined: one supervisor, or none varies." in text
    )
    assert "nan" not in text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.9, "The mean gain is above zero, 0.300 [0.010, 0.900]."),
        (-0.9, -0.1, "The mean gain is below zero, 0.300 [-0.900, -0.100]."),
        (-0.2, 0.9, "Whether there is a gain on average is not established, 0.300 [-0.200, 0.9"),
        (0.0, 0.9, "Whether there is a gain on average is not established, 0.300 [0.000, 0.9"),
    ],
)
def test_a_mean_gain_is_said_to_be_one_only_where_its_interval_is(
    said: Callable, low: float, high: float, words: str
) -> None:
    assert words in said(mean_gain={"estimate": 0.3, "low": low, "high": high})


def test_a_mean_gain_without_an_interval_says_why(said: Callable) -> None:
    """Here are few test molecules."""
    text = said(mean_gain={"estimate": 0.3})
    assert f"The mean gain is 0.300; no interval: {FEW_MOLECULES}." in text


def test_supervisors_are_counted(said: Callable) -> None:
    """Three, by their means over two splits."""
    text = said(share_gain={"observed": 2 / 3}, share_slack={"observed": 1 / 3})
    assert "the student beats its supervisor under 2 of 3, means over splits." in text
    assert "Gain >= misfit holds for 1 of 3." in text


def test_counts_are_those_of_the_results(study: dict[str, Any], said: Callable) -> None:
    means = study["results"].query("eval_split == 'test'").groupby("weak")[["gain", "slack"]].mean()
    gains, slacks = int((means["gain"] > 0).sum()), int((means["slack"] >= 0).sum())
    assert f"under {gains} of 3, means over splits" in said()
    assert f"Gain >= misfit holds for {slacks} of 3." in said()


def test_what_is_advised_is_the_first_point_and_does_not_name_the_study_again(
    study: dict[str, Any],
) -> None:
    [selection] = selections(study["results"])
    advice = "lipop, strong ecfp: use weak-h16-s0, delta."
    verdict = findings.of_study(study["cases"], study["statistics"], selection, advice)
    assert verdict.text.startswith("lipop, strong ecfp: ")
    assert verdict.points[0] == "Use weak-h16-s0, delta."
    assert len(verdict.points) == 3


def with_ceiling(shift: list[float]) -> str:
    """Return the warning on a study whose supervisors err so much more than its ceiling."""
    truth = np.zeros(40)
    weak = np.array([np.full(40, 1.0 + more) for more in shift])
    made = crafted(n=40, truth=truth, weak=weak, w2s=weak, ceiling=np.ones(40))
    [selection] = selections(made.tables()[0])
    return findings.warning(made.cases(), selection)


def test_there_is_no_warning_where_the_ceiling_is_below_every_weak_error() -> None:
    assert with_ceiling([0.5, 0.2]) == ""


def test_a_ceiling_that_is_below_no_weak_error_is_warned_of() -> None:
    """It errs by 1, they by 0.5 and 0.8, squared."""
    said = with_ceiling([-0.5, -0.2])
    assert said.startswith("The ceiling, 1.000, is not below any weak error (0.250 to 0.640): ")


def test_supervisors_as_good_as_the_ceiling_are_counted_and_a_few_of_them_named() -> None:
    said = with_ceiling([0.5, -0.1, 0.0, -0.3, -0.4])
    assert "not below the weak error of 4 of 5 supervisors (" in said
    assert "weak-h16-s0, weak-h24-s0, weak-h32-s0 and 1 more" in said


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
    text = whole(findings.of_study(study["cases"], study["statistics"], selection))
    assert "picks weak-h8-s0, the best supervisor." in text
    assert "As good or better" not in text


def test_synthetic_slopes_are_said_experiment_by_experiment(run_folders) -> None:
    [run] = find_runs([run_folders / "synthetic"])
    results = run.table("results")
    exact = results.assign(gain=2 * results["misfit"])
    text = findings.of_synthetic(exact)
    assert text.startswith("Synthetic, heads exact: ")
    for panel, name in (("2a", "realizable"), ("3c", "low-sample")):
        assert f"{panel} {name} +2.00 (r +1.00)" in text
    negative = findings.of_synthetic(results.assign(gain=-results["misfit"]))
    assert "3a strong-to-weak-pretraining -1.00 (r -1.00)" in negative


def rows(what: str = "mean gain", **verdicts: str) -> pd.DataFrame:
    """Return a table of controls on one effect."""
    shared = {"dataset": "lipop", "strong": "ecfp", "what": what}
    return pd.DataFrame(
        [
            {**shared, "control": control.replace("_", " "), "which": "", "verdict": verdict}
            for control, verdict in verdicts.items()
        ]
    )


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (
            {"self": "survives", "random_weak": "survives"},
            "mean gain: survives: 'self' and 'random weak'.",
        ),
        (
            {"self": "no effect to test", "random_weak": "no effect to test"},
            "mean gain: no effect to test.",
        ),
        (
            {"self": "undecided", "random_weak": "survives"},
            "mean gain: undecided: 'self', survives: 'random weak'.",
        ),
        (
            {
                **dict.fromkeys(["self", "random_weak", "random_strong"], "survives"),
                "shuffled_labels": "one molecule decides",
            },
            "'random weak' and 'random strong', one molecule decides: 'shuffled labels'.",
        ),
    ],
)
def test_of_an_effect_every_control_is_named_under_its_verdict(
    verdicts: dict, sentence: str
) -> None:
    text = findings.of_controls(rows(**verdicts))
    assert text.startswith("Controls of lipop, strong ecfp, by effect. ")
    assert text.endswith(sentence)


def test_several_controls_of_a_kind_are_named_one_by_one_where_their_verdicts_differ() -> None:
    several = pd.concat([rows(random_strong="survives")] * 3 + [rows(self="survives")])
    several["which"] = ["random-h8-s0", "random-h8-s1", "random-h8-s2", ""]
    assert "survives: 'random strong' and 'self'." in findings.of_controls(several)
    several["verdict"] = ["survives", "undecided", "survives", "survives"]
    text = findings.of_controls(several)
    assert "undecided: 'random strong (random-h8-s1)'" in text
    assert "'random strong (random-h8-s0)', 'random strong (random-h8-s2)' and 'self'" in text


def test_every_effect_has_its_own_verdicts() -> None:
    table = pd.concat([rows("slope", self="undecided"), rows(self="survives")])
    text = findings.of_controls(table)
    assert text.endswith("slope: undecided: 'self'; mean gain: survives: 'self'.")
