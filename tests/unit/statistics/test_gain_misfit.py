import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from w2s_mol.runs import find_runs
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.gain_misfit import (
    correlation,
    gain_misfit_replicates,
    gain_misfit_table,
    slope,
    statistics_of,
    synthetic_summary,
    synthetic_table,
)
from w2s_mol.tasks.registry import REGRESSION

TERMS = [term.name for term in REGRESSION.terms]

numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
points = st.lists(st.tuples(numbers, numbers.map(abs)), min_size=3, max_size=30)


def table_of(cases: Cases, replicates: int = 100, seed: int = 0) -> pd.DataFrame:
    return gain_misfit_table(cases, replicates, seed).set_index("statistic")


def as_quantities(found: list[tuple[float, float]]) -> dict[str, np.ndarray]:
    gain, misfit = np.array(found).T
    return {"gain": gain, "misfit": misfit, "weak_error": np.ones(len(gain))}


@given(points)
def test_correlation_and_slope_are_scipys(found: list[tuple[float, float]]) -> None:
    q = as_quantities(found)
    if np.ptp(q["misfit"]) == 0:
        assert np.isnan(correlation(q))
        assert np.isnan(slope(q))
        return
    assert slope(q) == pytest.approx(stats.linregress(q["misfit"], q["gain"]).slope, abs=1e-6)
    if np.ptp(q["gain"]) > 0:
        expected = stats.pearsonr(q["misfit"], q["gain"]).statistic
        assert correlation(q) == pytest.approx(expected, abs=1e-6)
        assert abs(correlation(q)) <= 1 + 1e-9
    else:
        assert slope(q) == pytest.approx(0, abs=1e-9)


@given(points.filter(lambda p: len({m for _, m in p}) > 1))
def test_on_the_line_gain_is_misfit_both_are_one(found: list[tuple[float, float]]) -> None:
    q = as_quantities([(misfit, misfit) for _, misfit in found])
    assert correlation(q) == pytest.approx(1)
    assert slope(q) == pytest.approx(1)


def test_estimates_are_those_of_the_results() -> None:
    made = crafted()
    test = made.tables()[0].query("eval_split == 'test'")
    found = table_of(made.cases())["estimate"]
    assert found["correlation"] == pytest.approx(np.corrcoef(test["gain"], test["misfit"])[0, 1])
    assert found["slope"] == pytest.approx(np.polyfit(test["misfit"], test["gain"], 1)[0])
    assert found["share_gain"] == pytest.approx((test["gain"] > 0).mean())
    assert found["share_slack"] == pytest.approx((test["slack"] >= 0).mean())
    for name in ("gain", "misfit", "slack", "slack_projection", "slack_epsilon"):
        assert found[f"mean_{name}"] == pytest.approx(test[name].mean())
    assert list(found.index) == list(statistics_of(REGRESSION))


def test_the_parts_of_the_slack_make_it_up() -> None:
    found = table_of(crafted().cases())["estimate"]
    assert found["mean_slack"] == pytest.approx(found["mean_gain"] - found["mean_misfit"])
    parts = found["mean_slack_projection"] + found["mean_slack_epsilon"]
    assert found["mean_slack"] == pytest.approx(parts)


def test_a_ceiling_that_is_the_truth_leaves_no_epsilon() -> None:
    made = crafted()
    made.ceiling[:] = made.truth
    row = table_of(made.cases()).loc["mean_slack_epsilon"]
    assert row[["estimate", "low", "high", "low_all", "high_all"]].tolist() == [0] * 5


def test_shares_count_cases() -> None:
    """Of four students one is the truth: gain is misfit. One copies, one is worse, one halves."""
    made = crafted()
    made.w2s[0] = made.truth
    made.w2s[1] = made.weak[1]
    made.w2s[2] = made.truth + 3 * (made.weak[2] - made.truth)
    made.w2s[3] = made.truth + 0.5 * (made.weak[3] - made.truth)
    found = table_of(made.cases())
    assert found["estimate"]["share_gain"] == 2 / 4
    assert found["estimate"]["share_slack"] == 3 / 4  # at zero the inequality holds


def test_a_supervisor_that_is_copied_leaves_correlation_and_slope_undefined() -> None:
    made = crafted()
    made.w2s[:] = made.weak + 1e-13 * made.truth
    found = table_of(made.cases())
    for name in ("correlation", "slope"):
        assert found.loc[name, ["estimate", "low", "high", "low_all", "high_all"]].isna().all()
    assert found.loc["mean_gain", "estimate"] == pytest.approx(0, abs=1e-9)


def test_a_single_case_has_means_and_no_correlation() -> None:
    found = table_of(crafted(k=1, splits={"0": (range(30), range(30, 40), range(40, 60))}).cases())
    assert np.isnan(found.loc["correlation", "estimate"])
    mean = found.loc["mean_gain"]
    assert mean["low"] < mean["estimate"] < mean["high"]


def test_the_interval_of_a_mean_gain_is_the_analytic_one() -> None:
    """One supervisor, one split: a mean over 2,000 molecules."""
    made = crafted(n=2400, k=1, splits={"0": (range(200), range(200, 400), range(400, 2400))})
    row = table_of(made.cases(), replicates=2000).loc["mean_gain"]
    terms = ((made.weak - made.truth) ** 2 - (made.w2s - made.truth) ** 2)[0, 400:]
    half = 1.96 * terms.std() / np.sqrt(len(terms))
    assert row["low"] == pytest.approx(terms.mean() - half, abs=0.1 * half)
    assert row["high"] == pytest.approx(terms.mean() + half, abs=0.1 * half)
    assert (row["low_all"], row["high_all"]) == (row["low"], row["high"])


def test_intervals_are_in_order_and_hold_the_means() -> None:
    found = table_of(crafted(n=400).cases(), replicates=500)
    for low, high in (("low", "high"), ("low_all", "high_all")):
        assert (found[low] <= found[high]).all()
        means = found.loc[[name for name in found.index if name.startswith("mean_")]]
        assert (means[low] < means["estimate"]).all()
        assert (means["estimate"] < means[high]).all()


def test_splits_that_disagree_widen_the_second_interval_alone() -> None:
    made = crafted(n=400, k=2)
    made.splits = {
        "0": (range(2), range(2, 4), range(200)),
        "1": (range(3), range(4, 6), range(200, 400)),
    }
    made.w2s[:, 200:] += 3
    row = table_of(made.cases(), replicates=400).loc["mean_gain"]
    assert row["high_all"] - row["low_all"] > 3 * (row["high"] - row["low"])


def test_pretraining_seeds_that_disagree_widen_the_second_interval_alone() -> None:
    split = {"0": (range(100), range(100, 200), range(200, 400))}
    made = crafted(n=400, k=3, splits=split, hidden=[8, 8, 8], seeds=[0, 1, 2])
    made.w2s[2] += 3
    wide = table_of(made.cases(), replicates=400).loc["mean_gain"]
    assert wide["high_all"] - wide["low_all"] > 2 * (wide["high"] - wide["low"])
    made.hidden = [8, 16, 32]  # other sizes are no repetitions
    alone = table_of(made.cases(), replicates=400).loc["mean_gain"]
    assert (alone["low_all"], alone["high_all"]) == (alone["low"], alone["high"])


def test_the_same_seed_gives_the_same_intervals() -> None:
    cases = crafted().cases()
    pd.testing.assert_frame_equal(table_of(cases, seed=1), table_of(cases, seed=1))
    assert (table_of(cases, seed=1)["low"] != table_of(cases, seed=2)["low"]).any()


def test_replicates_have_a_column_for_every_case() -> None:
    observed, molecules, everything = gain_misfit_replicates(crafted(k=3).cases(), 20)
    for name in TERMS:
        assert observed[name].shape == (6,)
        assert molecules[name].shape == everything[name].shape == (20, 6)
    # quantities are resampled together: a case's gain stays beside its misfit
    np.testing.assert_allclose(
        everything["slack"], everything["gain"] - everything["misfit"], atol=1e-12
    )


def test_real_self_supervision_with_unpenalised_heads_has_no_correlation(run_folders) -> None:
    from w2s_mol import run_study
    from w2s_mol.statistics.cases import study_cases

    found = run_study(
        dataset=str(run_folders.parent / "lipop.csv"),
        target_column="y",
        weak=("weak-h8-s0", "weak-h12-s0"),
        strong="self",
        head="ols",
    )
    [cases] = study_cases(found.results, found.predictions)
    assert np.isnan(table_of(cases).loc["correlation", "estimate"])


@pytest.fixture(scope="module")
def synthetic(run_folders) -> pd.DataFrame:
    [run] = find_runs([run_folders / "synthetic"])
    return run.table("results")


def test_every_synthetic_experiment_has_its_statistics(synthetic: pd.DataFrame) -> None:
    found = synthetic_table(synthetic, 100)
    pd.testing.assert_series_equal(
        found.drop_duplicates("experiment")["panel"].reset_index(drop=True),
        pd.Series(["2a", "2b", "2c", "3a", "3b", "3c"], name="panel"),
    )
    assert (found["n"] == 6).all()
    for (name, statistic), row in found.groupby(["experiment", "statistic"]).first().iterrows():
        rows = synthetic[synthetic["experiment"] == name]
        if statistic == "slope":
            expected = stats.linregress(rows["misfit"], rows["gain"]).slope
        elif statistic == "share_slack":
            expected = (rows["slack"] >= 0).mean()
        elif statistic == "mean_gain":
            expected = rows["gain"].mean()
        else:
            continue
        assert row["estimate"] == pytest.approx(expected)


def test_the_interval_over_synthetic_tasks_is_the_analytic_one() -> None:
    gain = np.random.default_rng(0).normal(5.0, 2.0, size=400)
    rows = pd.DataFrame(dict.fromkeys(TERMS, gain))
    rows = rows.assign(experiment="realizable", panel="2a", seed=0, task=range(400))
    row = synthetic_table(rows, 2000).set_index("statistic").loc["mean_gain"]
    half = 1.96 * gain.std() / 20
    assert row["low"] == pytest.approx(gain.mean() - half, abs=0.1 * half)
    assert row["high"] == pytest.approx(gain.mean() + half, abs=0.1 * half)
    # of one seed there is nothing more to draw
    assert (row["low_all"], row["high_all"]) == (row["low"], row["high"])


def test_synthetic_seeds_that_disagree_widen_the_second_interval_alone() -> None:
    gain = np.random.default_rng(0).normal(size=(2, 50)) + np.array([[0.0], [9.0]])
    rows = pd.DataFrame({name: gain.ravel() for name in TERMS})
    rows = rows.assign(experiment="realizable", panel="2a", seed=np.repeat([0, 1], 50))
    row = synthetic_table(rows, 400).set_index("statistic").loc["mean_gain"]
    assert row["high"] - row["low"] < 1 < 8 < row["high_all"] - row["low_all"]


def test_the_synthetic_summary_is_that_of_the_rows(synthetic: pd.DataFrame) -> None:
    found = synthetic_summary(synthetic).set_index("experiment")
    for name, rows in synthetic.groupby("experiment"):
        assert found.loc[name, "gain"] == pytest.approx(rows["gain"].mean())
        assert found.loc[name, "ceiling_error"] == pytest.approx(rows["ceiling_error"].mean())
        fitted = stats.linregress(rows["misfit"], rows["gain"])
        assert found.loc[name, "slope"] == pytest.approx(fitted.slope)
        assert found.loc[name, "correlation"] == pytest.approx(fitted.rvalue)
        assert found.loc[name, "slack>=0"] == (rows["slack"] >= 0).mean()
    assert found["figure"].tolist() == ["2a", "2b", "2c", "3a", "3b", "3c"]
