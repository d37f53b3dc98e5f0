from typing import Any

import numpy as np
import pandas as pd
import pytest
from crafted_study import Crafted, crafted
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from w2s_mol.runs import find_runs
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.gain_misfit import (
    FEW_MOLECULES,
    FEW_OF_CLASS,
    FEW_SUPERVISORS,
    HEAVY,
    NOISE,
    correlation,
    draw,
    gain_misfit_table,
    ratio_with_influences,
    slope,
    slope_with_influences,
    statistics_of,
    synthetic_summary,
    synthetic_table,
)
from w2s_mol.statistics.intervals import of_influences
from w2s_mol.statistics.sample import Sample, training_factor
from w2s_mol.tasks.registry import REGRESSION

TERMS = [term.name for term in REGRESSION.terms]

numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
CLAIMED = ["low", "high", "p", "se"]
SPLIT = {"0": (range(200), range(200, 300), range(300, 500))}
"""Of 500 molecules, 200 of which measure."""

points = st.lists(st.tuples(numbers, numbers.map(abs)), min_size=3, max_size=30)


def table_of(cases: Cases, draws: int = 100, seed: int = 0) -> pd.DataFrame:
    return gain_misfit_table(cases, draws, seed).set_index("statistic")


def large(k: int = 8, **given: Any) -> Crafted:
    """Make a study of so many supervisors and molecules that something can be said."""
    return crafted(**{"n": 500, "k": k, "splits": SPLIT, **given})


def measured(seed: int, molecules: int = 200, k: int = 20) -> Sample:
    """Measure gains that are their misfits with noise that hides a third of their differences."""
    generator = np.random.default_rng(seed)
    misfit = generator.normal(size=k)
    noise = 0.7 * np.sqrt(molecules) * generator.normal(size=(molecules, 2, k))
    noise += 0.3 * np.sqrt(molecules) * generator.normal(size=(molecules, 1, 1))
    influences = (noise - noise.mean(axis=0)) / np.sqrt(molecules * (molecules - 1))
    return Sample(("gain", "misfit"), misfit + noise.mean(axis=0), influences)


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


def test_what_is_observed_is_of_the_supervisors_means_over_splits() -> None:
    made = crafted()
    test = made.tables()[0].query("eval_split == 'test'").groupby("weak", sort=False)
    means = test[TERMS].mean()
    found = table_of(made.cases())["observed"]
    expected = np.corrcoef(means["gain"], means["misfit"])[0, 1]
    assert found["correlation"] == pytest.approx(expected)
    assert found["slope"] == pytest.approx(np.polyfit(means["misfit"], means["gain"], 1)[0])
    assert found["share_gain"] == pytest.approx((means["gain"] > 0).mean())
    assert found["share_slack"] == pytest.approx((means["slack"] >= 0).mean())
    assert found["median_gain"] == pytest.approx(means["gain"].median())
    expected = means["gain"].mean() / means["weak_error"].mean()
    assert found["relative_gain"] == pytest.approx(expected)
    for name in ("gain", "misfit", "slack", "slack_projection", "slack_epsilon"):
        assert found[f"mean_{name}"] == pytest.approx(means[name].mean())
    assert list(found.index) == list(statistics_of(REGRESSION))


def test_means_are_estimated_as_observed() -> None:
    found = table_of(large().cases())
    of_means = found[found.index.str.startswith("mean_")]
    np.testing.assert_allclose(of_means["estimate"], of_means["observed"])


@pytest.mark.parametrize("column", ["observed", "estimate"])
def test_the_parts_of_the_slack_make_it_up(column: str) -> None:
    found = table_of(large().cases())[column]
    assert found["mean_slack"] == pytest.approx(found["mean_gain"] - found["mean_misfit"])
    parts = found["mean_slack_projection"] + found["mean_slack_epsilon"]
    assert found["mean_slack"] == pytest.approx(parts)


def test_a_ceiling_that_is_the_truth_leaves_no_epsilon() -> None:
    made = large()
    made.ceiling[:] = made.truth
    row = table_of(made.cases()).loc["mean_slack_epsilon"]
    assert row[["observed", "estimate", "low", "high"]].tolist() == [0] * 4


def test_shares_count_supervisors() -> None:
    """Of four students one is the truth: gain is misfit. One copies, one is worse, one halves."""
    made = crafted()
    made.w2s[0] = made.truth
    made.w2s[1] = made.weak[1]
    made.w2s[2] = made.truth + 3 * (made.weak[2] - made.truth)
    made.w2s[3] = made.truth + 0.5 * (made.weak[3] - made.truth)
    found = table_of(made.cases())["observed"]
    assert found["share_gain"] == 2 / 4
    assert found["share_slack"] == 3 / 4  # at zero the inequality holds


def test_a_supervisor_that_is_copied_leaves_correlation_and_slope_undefined() -> None:
    made = large()
    made.w2s[:] = made.weak + 1e-13 * made.truth
    found = table_of(made.cases())
    for name in ("correlation", "slope"):
        assert found.loc[name, ["observed", "estimate", *CLAIMED]].isna().all()
        assert found.loc[name, "why_none"] == FEW_SUPERVISORS
    assert found.loc["mean_gain", "estimate"] == pytest.approx(0, abs=1e-9)


def test_a_single_supervisor_has_means_and_no_correlation() -> None:
    found = table_of(large(k=1).cases())
    assert np.isnan(found.loc["correlation", "estimate"])
    mean = found.loc["mean_gain"]
    assert mean["low"] < mean["estimate"] < mean["high"]


def test_few_supervisors_have_a_correlation_without_an_interval() -> None:
    found = table_of(large(k=4).cases())
    for name in ("correlation", "median_gain", "share_gain", "share_slack"):
        row = found.loc[name]
        assert row["estimate"] == row["observed"]
        assert row[CLAIMED].isna().all()
        assert row["why_none"] == FEW_SUPERVISORS
    assert found.loc["mean_gain", CLAIMED].notna().all()


def test_on_few_molecules_nothing_has_an_interval() -> None:
    split = {"0": (range(200), range(200, 300), range(300, 329))}
    found = table_of(large(splits=split).cases())
    assert (found["why_none"] == FEW_MOLECULES).all()
    assert found[CLAIMED].isna().all(axis=None)
    assert found[["observed", "estimate"]].notna().all(axis=None)


@pytest.mark.parametrize(("ones", "why"), [(9, FEW_OF_CLASS), (10, ""), (191, FEW_OF_CLASS)])
def test_of_few_molecules_of_a_class_nothing_has_an_interval(ones: int, why: str) -> None:
    """One positive of 40 has no spread: the interval of a ROC-AUC would be far too narrow."""
    generator = np.random.default_rng(0)
    truth = np.zeros(500)
    truth[:100], truth[300 : 300 + ones] = 1, 1
    weak, w2s, ceiling = generator.uniform(0.05, 0.95, size=(3, 8, 500))
    made = large(k=8, truth=truth, weak=weak, w2s=w2s, ceiling=ceiling[0],
                 keys={"task_kind": "binary"})  # fmt: skip
    cases = made.cases()
    assert cases.rarest == min(ones, 200 - ones)
    found = table_of(cases)
    assert (found.loc[["mean_gain", "mean_gain_roc_auc"], "why_none"] == why).all()


@pytest.mark.parametrize(("scaffolds", "is_enough"), [(29, False), (30, True)])
def test_where_splits_keep_scaffolds_these_are_what_is_few(scaffolds: int, is_enough: bool) -> None:
    """Of 200 test molecules: rings of that many sizes, and none that was learnt from."""
    results, predictions = large().tables()
    rows = predictions["row"]
    ring = "C1" + (rows % scaffolds + 2).map(lambda size: "C" * size) + "1"
    smiles = ring.where(rows >= 300, "c1ccccc1")
    [cases] = study_cases(results, predictions.assign(smiles=smiles))
    assert cases.sizes("test") == [200]
    assert cases.fewest("test") == scaffolds
    found = table_of(cases)
    assert found.loc["mean_gain", CLAIMED].notna().all() == is_enough
    assert ((found["why_none"] == FEW_MOLECULES).all()) != is_enough


def test_a_mean_misfit_has_no_interval_and_says_why() -> None:
    row = table_of(large().cases()).loc["mean_misfit"]
    assert row[CLAIMED].isna().all()
    assert row["why_none"] == HEAVY


def test_misfits_that_differ_by_their_noise_alone_leave_no_slope_to_claim() -> None:
    made = large()
    noise = np.random.default_rng(1).normal(size=(8, 500))
    made.weak[:] = made.truth + noise
    made.w2s[:] = made.truth + 0.5 * np.roll(noise, 1, axis=1)
    row = table_of(made.cases()).loc["slope"]
    assert row["why_none"] == NOISE
    assert row["estimate"] == row["observed"]
    assert row[CLAIMED].isna().all()


def test_where_there_is_an_interval_there_is_no_reason_for_none() -> None:
    found = table_of(large().cases())
    assert ((found["why_none"] == "") == found["low"].notna()).all()
    assert (found["why_none"] == "").sum() == len(found) - 1


def test_the_interval_of_a_mean_gain_is_the_analytic_one() -> None:
    """One supervisor, one split: Student's, wider for heads that others would have taught."""
    made = large(k=1)
    row = table_of(made.cases()).loc["mean_gain"]
    terms = ((made.weak - made.truth) ** 2 - (made.w2s - made.truth) ** 2)[0, 300:]
    alone = stats.ttest_1samp(terms, 0.0).confidence_interval(0.95)
    grown = np.sqrt(training_factor([200], [200], np.full(200, 1 / 200)))
    assert row["estimate"] == pytest.approx(terms.mean())
    assert row["high"] - row["low"] == pytest.approx(grown * (alone.high - alone.low))
    assert row["high"] + row["low"] == pytest.approx(alone.high + alone.low)


def test_intervals_are_in_order_and_hold_their_estimates() -> None:
    found = table_of(large().cases(), draws=500)
    known = found[found["why_none"] == ""]
    assert (known["low"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["high"]).all()
    assert (known["se"] >= 0).all()
    shares = known.index.str.startswith("share_")
    assert known.loc[~shares, "p"].between(0, 1).all()
    assert known.loc[shares, "p"].isna().all()  # never below zero: nothing to test


def test_intervals_of_shares_and_correlations_are_of_what_these_can_be() -> None:
    found = table_of(large().cases(), draws=500)
    assert found.loc["correlation", ["low", "high"]].abs().max() <= 1
    for name in ("share_gain", "share_slack"):
        assert found.loc[name, ["low", "high"]].between(0, 1).all()


def test_a_unit_goes_through() -> None:
    """Labels ten times as large: squares are a hundred times, correlations the same."""
    made = large()
    one = table_of(made.cases())
    for name in ("truth", "weak", "w2s", "ceiling"):
        getattr(made, name)[:] *= 10
    other = table_of(made.cases())
    columns = ["observed", "estimate", "low", "high", "se"]
    for name, times in (("correlation", 1), ("slope", 1), ("mean_gain", 100), ("median_gain", 100)):
        expected = times * one.loc[name, columns].to_numpy(float)
        np.testing.assert_allclose(other.loc[name, columns].to_numpy(float), expected, rtol=1e-4)


def test_the_same_seed_gives_the_same_intervals() -> None:
    cases = large().cases()
    pd.testing.assert_frame_equal(table_of(cases, seed=1), table_of(cases, seed=1))
    one, other = table_of(cases, seed=1), table_of(cases, seed=2)
    assert one.loc["correlation", "low"] != other.loc["correlation", "low"]
    assert one.loc["mean_gain", "low"] == other.loc["mean_gain", "low"]  # nothing is drawn


def test_draws_keep_a_supervisors_slack_beside_its_gain_and_misfit() -> None:
    drawn = draw(large().cases(), 100)
    assert drawn.truths is not None
    for values in drawn.truths.values():
        assert values.shape == (100, 8)
    slack = drawn.truths["gain"] - drawn.truths["misfit"]
    np.testing.assert_allclose(drawn.truths["slack"], slack)
    assert list(drawn.observed) == TERMS
    np.testing.assert_allclose(drawn.truths["gain"].mean(), drawn.observed["gain"].mean(), atol=0.1)


def test_the_slope_is_freed_of_the_noise_that_attenuates_it() -> None:
    """Gain is misfit, but for noise: the least-squares slope of what is measured is too small."""
    free, least_squares, held = [], [], 0
    for seed in range(100):
        sample = measured(seed)
        found = slope_with_influences(sample)
        assert found is not None
        free.append(found[0])
        least_squares.append(float(slope({**of(sample), "weak_error": np.ones(20)})))
        interval = of_influences(*found)
        held += interval.low <= 1 <= interval.high
    assert np.mean(least_squares) < 0.8
    assert np.median(free) == pytest.approx(1, abs=0.05)
    assert held >= 85


def of(sample: Sample) -> dict[str, np.ndarray]:
    return {name: sample.of(name)[0] for name in sample.names}


def test_without_noise_the_slope_is_that_of_least_squares() -> None:
    sample = measured(0)
    exact = Sample(sample.names, sample.observed, 1e-9 * sample.influences)
    found = slope_with_influences(exact)
    assert found is not None
    assert found[0] == pytest.approx(slope({**of(exact), "weak_error": np.ones(20)}))


def test_influences_of_a_ratio_are_those_of_its_logarithm_times_it() -> None:
    sample = measured(0)
    shifted = Sample(sample.names, sample.observed + np.array([[3.0], [5.0]]), sample.influences)
    ratio, influences = ratio_with_influences(shifted, "gain", "misfit")
    (gain, of_gain), (misfit, of_misfit) = shifted.of("gain"), shifted.of("misfit")
    assert ratio == pytest.approx(gain.mean() / misfit.mean())
    relative = of_gain.mean(axis=1) / gain.mean() - of_misfit.mean(axis=1) / misfit.mean()
    np.testing.assert_allclose(influences, ratio * relative)


def test_real_self_supervision_with_unpenalised_heads_has_no_correlation(run_folders) -> None:
    from w2s_mol import run_study

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


def synthetic_rows(gain: np.ndarray) -> pd.DataFrame:
    """Results of seeds x tasks whose terms are all the same."""
    seeds, tasks = gain.shape
    rows = pd.DataFrame(dict.fromkeys(TERMS, gain.ravel()))
    return rows.assign(experiment="realizable", panel="2a", seed=np.repeat(range(seeds), tasks))


def test_the_interval_over_synthetic_tasks_of_one_seed_is_the_analytic_one() -> None:
    gain = np.random.default_rng(0).normal(5.0, 2.0, size=(1, 400))
    row = synthetic_table(synthetic_rows(gain), 2000).set_index("statistic").loc["mean_gain"]
    half = 1.96 * gain.std() / 20
    assert row["seeds"] == 1
    assert row["low"] == pytest.approx(gain.mean() - half, abs=0.1 * half)
    assert row["high"] == pytest.approx(gain.mean() + half, abs=0.1 * half)


def test_two_synthetic_seeds_say_nothing_of_others() -> None:
    gain = np.random.default_rng(0).normal(size=(2, 50)) + np.array([[0.0], [9.0]])
    row = synthetic_table(synthetic_rows(gain), 400).set_index("statistic").loc["mean_gain"]
    assert row["high"] - row["low"] < 1 < 8 < row["highest"] - row["lowest"]
    assert row["estimate"] == pytest.approx(gain.mean())


def test_of_three_synthetic_seeds_the_interval_is_students_over_seeds() -> None:
    gain = np.random.default_rng(0).normal(size=(3, 50)) + np.array([[0.0], [9.0], [3.0]])
    row = synthetic_table(synthetic_rows(gain)).set_index("statistic").loc["mean_gain"]
    each = gain.mean(axis=1)
    expected = stats.ttest_1samp(each, 0.0).confidence_interval(0.95)
    assert (row["n"], row["seeds"]) == (150, 3)
    assert (row["lowest"], row["highest"]) == pytest.approx((each.min(), each.max()))
    assert row["estimate"] == pytest.approx(each.mean())
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))


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
