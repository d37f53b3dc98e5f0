import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from w2s_mol.runs import find_runs
from w2s_mol.selection.tables import selector_table
from w2s_mol.statistics import ranking
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.ranking import ranking_table, rule_replicates
from w2s_mol.study.prediction_tables import read_predictions

SPLIT = {"0": (range(20), range(20, 200), range(200, 400))}

NO_KIN = np.empty((2, 0), dtype=np.int64)

scores = st.integers(1, 12).flatmap(
    lambda k: st.tuples(
        *(st.lists(st.sampled_from([0.0, 0.1, 0.3, 7.0, -2.0, 1e9]), min_size=k, max_size=k),) * 2
    )
)


def by_measure(cases: Cases, **options) -> pd.DataFrame:
    options = {"replicates": 100, **options}
    return ranking_table(cases, **options).set_index(["selector", "measure"])


@given(scores)
def test_rank_correlations_are_scipys_also_with_ties(both: tuple[list, list]) -> None:
    a, b = np.array(both)
    found = ranking._score(np.tile(a, (2, 1)), np.tile(b, (2, 1)), NO_KIN)
    for name, measure in (("spearman", stats.spearmanr), ("kendall", stats.kendalltau)):
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            assert np.isnan(found[name]).all()
        else:
            np.testing.assert_allclose(found[name], measure(a, b).statistic, atol=1e-12)


@given(scores)
def test_the_regret_of_a_pick_is_what_it_costs_against_the_best(both: tuple[list, list]) -> None:
    a, b = np.array(both)
    [regret] = ranking._score(a[None], b[None], NO_KIN)["regret"]
    assert regret == pytest.approx(b[a == a.min()].mean() - b.min())
    assert regret >= 0


@pytest.mark.parametrize("part", ["valid", "test"])
def test_estimates_are_those_of_the_selection(run_folders, part: str) -> None:
    [run] = find_runs([run_folders / "study"])
    expected = selector_table(run.table("results"), part).set_index(["dataset", "selector"])
    for cases in study_cases(run.table("results"), read_predictions(run)):
        found = by_measure(cases, selector_split=part)
        for (selector, measure), row in found.iterrows():
            one = expected.loc[(cases.keys["dataset"], selector)]
            assert row["estimate"] == pytest.approx(one[measure], abs=1e-9)
            assert row["what"] == one["what"]
        assert set(found.index.levels[0]) == {"bound", "weak_error", "hidden"}


def test_intervals_hold_what_a_rank_correlation_and_a_regret_can_be() -> None:
    found = by_measure(crafted().cases())
    for measure in ("spearman", "kendall"):
        rows = found.xs(measure, level="measure")
        assert rows[["low", "high", "estimate"]].abs().max().max() <= 1 + 1e-12
    assert (found.xs("regret", level="measure")["low"] >= 0).all()
    assert (found["low"] <= found["high"]).all()


def test_the_papers_rule_is_not_compared_with_itself() -> None:
    rows = by_measure(crafted().cases()).loc["bound"]
    compared = ["rule_minus_this", "difference_low", "difference_high", "p"]
    assert rows[compared].isna().all(axis=None)


def test_a_rule_that_sees_the_same_scores_does_not_differ() -> None:
    """Where students copy, weak error - misfit is the weak error: the comparison is paired."""
    made = crafted()
    made.w2s[:] = made.weak
    rows = by_measure(made.cases()).loc["weak_error"]
    assert (rows[["rule_minus_this", "difference_low", "difference_high"]] == 0).all(axis=None)
    assert (rows["p"] == 1).all()


def test_a_rule_that_is_surely_worse_is_said_to_be() -> None:
    """Errors grow with hidden size, so that the largest is the worst pick."""
    made = crafted(n=400, splits=SPLIT)
    noise = np.random.default_rng(1).normal(size=400)
    scale = np.array([0.2, 0.6, 1.0, 1.4])[:, None]
    made.weak[:], made.w2s[:] = made.truth + scale * noise, made.truth + 0.9 * scale * noise
    found = by_measure(made.cases(), replicates=199)
    assert found.loc[("bound", "spearman"), ["estimate", "low", "high"]].tolist() == [1, 1, 1]
    row = found.loc[("hidden", "spearman")]
    assert row["estimate"] == row["low"] == row["high"] == -1
    assert (row["rule_minus_this"], row["difference_low"], row["difference_high"]) == (2, 2, 2)
    assert row["p"] == pytest.approx(2 / 200)
    assert found.loc[("hidden", "regret"), "rule_minus_this"] < 0


@pytest.mark.slow
def test_rules_that_rank_by_chance_are_not_said_to_differ() -> None:
    """Bound and weak error of equally good supervisors, over many studies: p < 0.05 is rare."""
    ps = [
        by_measure(
            crafted(n=80, k=6, seed=seed, weak=_equally_good(seed), truth=np.zeros(80)).cases()
        ).loc[("weak_error", "spearman"), "p"]
        for seed in range(15)
    ]
    assert np.mean(np.array(ps) < 0.05) < 0.2


def _equally_good(seed: int) -> np.ndarray:
    return np.random.default_rng(100 + seed).normal(size=(6, 80))


def test_fixed_representations_have_no_hidden_size_to_rank_by() -> None:
    found = by_measure(crafted(k=3, hidden=[8, None, 16]).cases())
    assert set(found.index.get_level_values("selector")) == {"bound", "weak_error"}


def test_seeds_of_one_size_are_ranked_apart_from_sizes() -> None:
    """Small supervisors are worse than large ones; the seeds of each are ranked upside down."""
    hidden = [8, 8, 8, 32, 32, 32]
    made = crafted(n=400, k=6, hidden=hidden, seeds=[0, 1, 2] * 2, splits=SPLIT)
    noise = np.random.default_rng(1).normal(size=400)
    seen, true = np.array([8, 7, 6, 3, 2, 1.0]), np.array([6, 7, 8, 1, 2, 3.0])
    scale = np.where(np.arange(400) < 200, seen[:, None], true[:, None])
    made.weak[:] = made.w2s[:] = made.truth + scale * noise
    found = by_measure(made.cases())["estimate"]
    assert found["bound", "kendall_seeds"] == -1
    assert found["bound", "kendall"] == pytest.approx((9 - 6) / 15)
    assert np.isnan(found["hidden", "kendall_seeds"])


def test_supervisors_that_share_no_size_have_no_seeds_to_rank() -> None:
    found = by_measure(crafted(k=4, hidden=[8, 16, 24, 32]).cases())
    assert "kendall_seeds" not in found.index.levels[1]


def test_a_single_supervisor_has_no_rank_correlation_and_no_regret() -> None:
    found = by_measure(crafted(k=1).cases())
    for measure in ("spearman", "kendall"):
        assert found.xs(measure, level="measure")[["estimate", "low", "p"]].isna().all(axis=None)
    assert (found.xs("regret", level="measure")[["estimate", "low", "high"]] == 0).all(axis=None)


def test_the_order_of_supervisors_does_not_matter() -> None:
    made = crafted(hidden=[8, 16, 24, 32])
    expected = by_measure(made.cases())
    made.weak, made.w2s = made.weak[::-1], made.w2s[::-1]
    made.hidden = [32, 24, 16, 8]
    pd.testing.assert_frame_equal(by_measure(made.cases()), expected)


def test_replicates_of_the_rule_are_those_of_its_interval() -> None:
    cases = crafted().cases()
    estimate, drawn = rule_replicates(cases, "valid", 100)
    row = by_measure(cases).loc[("bound", "spearman")]
    assert estimate == row["estimate"]
    assert np.quantile(drawn, [0.025, 0.975]).tolist() == pytest.approx([row["low"], row["high"]])


def test_selectors_see_validation_and_are_judged_on_test() -> None:
    """On validation the first supervisor is the best, on test the last."""
    made = crafted(n=400, k=2, splits=SPLIT)
    noise = np.random.default_rng(1).normal(size=400)
    made.weak[:] = made.w2s[:] = made.truth + noise
    made.weak[1, :200] = made.w2s[1, :200] = made.truth[:200] + 2 * noise[:200]
    made.weak[0, 200:] = made.w2s[0, 200:] = made.truth[200:] + 2 * noise[200:]
    cases = made.cases()
    assert by_measure(cases).loc[("bound", "spearman"), "estimate"] == -1
    assert by_measure(cases, selector_split="test").loc[("bound", "spearman"), "estimate"] == 1
