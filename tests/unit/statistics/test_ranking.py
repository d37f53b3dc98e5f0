from typing import Any

import numpy as np
import pandas as pd
import pytest
from crafted_study import Crafted, crafted
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from w2s_mol.runs import find_runs
from w2s_mol.selection.tables import selector_table
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.gain_misfit import FEW_MOLECULES
from w2s_mol.statistics.intervals import holm
from w2s_mol.statistics.ranking import (
    FEW_TO_RANK,
    NOISE_CEILING,
    TIES,
    measures_of,
    ranked,
    ranking_table,
)
from w2s_mol.study.prediction_tables import read_predictions

SPLIT = {"0": (range(20), range(20, 200), range(200, 400))}

NO_KIN = np.empty((2, 0), dtype=np.int64)

CLAIMED = ["low", "high", "se", "rule_minus_this", "difference_low", "difference_high", "p"]

scores = st.integers(1, 12).flatmap(
    lambda k: st.tuples(
        *(st.lists(st.sampled_from([0.0, 0.1, 0.3, 7.0, -2.0, 1e9]), min_size=k, max_size=k),) * 2
    )
)


def large(k: int = 8, **given: Any) -> Crafted:
    """Make a study of so many supervisors and molecules that something can be said."""
    return crafted(**{"n": 400, "k": k, "splits": SPLIT, **given})


def by_measure(cases: Cases, **options) -> pd.DataFrame:
    options = {"draws": 100, **options}
    return ranking_table(cases, **options).set_index(["selector", "measure"])


@given(scores)
def test_rank_correlations_are_scipys_also_with_ties(both: tuple[list, list]) -> None:
    a, b = np.array(both)
    found = measures_of(np.tile(a, (2, 1)), np.tile(b, (2, 1)), NO_KIN)
    for name, measure in (("spearman", stats.spearmanr), ("kendall", stats.kendalltau)):
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            assert np.isnan(found[name]).all()
        else:
            np.testing.assert_allclose(found[name], measure(a, b).statistic, atol=1e-12)


@given(scores)
def test_the_regret_of_a_pick_is_what_it_costs_against_the_best(both: tuple[list, list]) -> None:
    a, b = np.array(both)
    [regret] = measures_of(a[None], b[None], NO_KIN)["regret"]
    assert regret == pytest.approx(b[a == a.min()].mean() - b.min())
    assert regret >= 0


@pytest.mark.parametrize("part", ["valid", "test"])
def test_what_is_observed_is_what_the_selection_says(run_folders, part: str) -> None:
    [run] = find_runs([run_folders / "study"])
    expected = selector_table(run.table("results"), part).set_index(["dataset", "selector"])
    for cases in study_cases(run.table("results"), read_predictions(run)):
        found = by_measure(cases, selector_split=part)
        for (selector, measure), row in found.iterrows():
            one = expected.loc[(cases.keys["dataset"], selector)]
            assert row["observed"] == pytest.approx(one[measure], abs=1e-9)
            assert row["what"] == one["what"]
            assert row["why_none"] == FEW_MOLECULES
        assert set(found.index.levels[0]) == {"bound", "weak_error", "hidden"}
        assert found[["estimate", *CLAIMED]].isna().all(axis=None)


def test_intervals_hold_what_a_rank_correlation_and_a_regret_can_be() -> None:
    found = by_measure(large().cases()).query("selector != @NOISE_CEILING")
    for measure in ("spearman", "kendall"):
        rows = found.xs(measure, level="measure")
        assert rows[["low", "high", "estimate", "observed"]].abs().max().max() <= 1 + 1e-12
    assert (found.xs("regret", level="measure")["low"] >= 0).all()
    assert (found["low"] <= found["estimate"]).all()
    assert (found["estimate"] <= found["high"]).all()
    assert (found["why_none"] == "").all()


def test_few_supervisors_have_what_is_observed_alone() -> None:
    """Errors may depend on what each selector sees, which leaves five too few."""
    assert (by_measure(large(k=8).cases())["why_none"] == "").all()
    found = by_measure(large(k=5).cases())
    assert NOISE_CEILING not in found.index.levels[0]
    assert (found["why_none"] == FEW_TO_RANK).all()
    assert found["observed"].notna().all()
    assert found[["estimate", *CLAIMED]].isna().all(axis=None)


def test_the_papers_rule_is_not_compared_with_itself() -> None:
    rows = by_measure(large().cases()).loc["bound"]
    compared = ["rule_minus_this", "difference_low", "difference_high", "p", "p_holm"]
    assert rows[compared].isna().all(axis=None)


def test_a_rule_that_sees_the_same_scores_does_not_differ() -> None:
    """Where students copy, weak error - misfit is the weak error: the comparison is paired."""
    made = large()
    made.w2s[:] = made.weak
    rows = by_measure(made.cases()).loc["weak_error"]
    assert (rows[["rule_minus_this", "difference_low", "difference_high"]] == 0).all(axis=None)
    assert (rows["p"] == 1).all()


def test_a_rule_that_is_surely_worse_is_said_to_be() -> None:
    """Errors grow with hidden size, so that the largest is the worst pick."""
    made = large()
    generator = np.random.default_rng(1)
    noise = generator.normal(size=400) + 0.01 * generator.normal(size=(8, 400))
    scale = np.linspace(0.2, 1.4, 8)[:, None]
    made.weak[:], made.w2s[:] = made.truth + scale * noise, made.truth + 0.9 * scale * noise
    found = by_measure(made.cases(), draws=199)
    row = found.loc[("bound", "spearman"), ["observed", "estimate", "low", "high"]]
    assert row.tolist() == pytest.approx([1] * 4)
    row = found.loc[("hidden", "spearman")]
    assert row["estimate"] == row["low"] == row["high"] == pytest.approx(-1)
    compared = row[["rule_minus_this", "difference_low", "difference_high"]]
    assert compared.tolist() == pytest.approx([2] * 3)
    assert row["p"] == pytest.approx(2 / 200)
    assert found.loc[("hidden", "regret"), "rule_minus_this"] < 0


def test_comparisons_of_one_measure_are_corrected_for_their_number() -> None:
    found = by_measure(large().cases())
    for _, rows in found.groupby(level="measure"):
        assert rows["p_holm"].tolist() == pytest.approx(holm(rows["p"].tolist()), nan_ok=True)
    [one, other] = found.xs("spearman", level="measure").loc[["weak_error", "hidden"], "p"]
    assert found.loc[("weak_error", "spearman"), "p_holm"] >= one
    assert found.loc[("hidden", "spearman"), "p_holm"] >= other


def test_the_noise_ceiling_is_what_one_who_knew_would_score() -> None:
    """The fewer molecules measure the errors, the less of them a perfect rule can rank."""
    ceilings = {}
    for name, test in (("many", range(200, 400)), ("few", range(200, 240))):
        made = large(splits={"0": (range(20), range(20, 200), test)})
        generator = np.random.default_rng(1)
        scale = np.linspace(1.0, 1.3, 8)[:, None]
        made.weak[:] = made.truth + scale * generator.normal(size=(8, 400))
        made.w2s[:] = made.truth + scale * generator.normal(size=(8, 400))
        rows = by_measure(made.cases(), draws=500).loc[NOISE_CEILING]
        assert set(rows.index) == {"spearman", "kendall"}
        assert rows[["estimate", *CLAIMED]].isna().all(axis=None)
        ceilings[name] = rows.loc["spearman", "observed"]
    assert ceilings["few"] < ceilings["many"] < 1


def test_errors_that_are_known_exactly_can_be_ranked_without_fault() -> None:
    made = large(splits={"0": (range(20), range(20, 200), range(200, 400))})
    made.w2s[:] = made.truth + np.linspace(1, 2, 8)[:, None]
    made.w2s[:, 200:] += 1e-6 * np.random.default_rng(0).normal(size=(8, 200))
    ceiling = by_measure(made.cases()).loc[(NOISE_CEILING, "spearman")]
    assert ceiling["observed"] == pytest.approx(1)


def test_noise_of_the_test_molecules_is_taken_off_a_rank_correlation() -> None:
    """The rule knows the order of true errors; few test molecules show another."""
    observed, estimated = [], []
    for seed in range(6):
        made = large(k=16, seed=seed, splits={"0": (range(20), range(20, 360), range(360, 400))})
        generator = np.random.default_rng(100 + seed)
        scale = np.geomspace(1.0, 2.0, 16)[:, None]
        made.weak[:] = made.truth + scale * generator.normal(size=(16, 400))
        made.weak[:, 20:360] = made.truth[20:360] + scale
        made.w2s[:] = made.truth
        made.w2s[:, 360:] += scale * generator.normal(size=(16, 40))
        row = by_measure(made.cases(), draws=200).loc[("weak_error", "spearman")]
        observed.append(row["observed"])
        estimated.append(row["estimate"])
    assert np.mean(observed) < np.mean(estimated)
    assert np.mean(estimated) > 0.9


def test_rules_that_rank_by_chance_are_not_said_to_differ() -> None:
    """Bound and weak error of equally good supervisors, over many studies: p < 0.05 is rare."""
    ps = []
    for seed in range(12):
        made = large(k=10, seed=seed)
        generator = np.random.default_rng(100 + seed)
        made.weak[:] = made.truth + generator.normal(size=(10, 400))
        made.w2s[:] = made.truth + generator.normal(size=(10, 400))
        ps.append(by_measure(made.cases()).loc[("weak_error", "spearman"), "p"])
    assert np.isfinite(ps).all()
    assert np.mean(np.array(ps) < 0.05) < 0.2


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
    found = by_measure(made.cases())["observed"]
    assert found["bound", "kendall_seeds"] == -1
    assert found["bound", "kendall"] == pytest.approx((9 - 6) / 15)
    assert np.isnan(found["hidden", "kendall_seeds"])


def test_supervisors_that_share_no_size_have_no_seeds_to_rank() -> None:
    found = by_measure(crafted(k=4, hidden=[8, 16, 24, 32]).cases())
    assert "kendall_seeds" not in found.index.levels[1]


def test_a_selector_that_picks_several_has_no_interval_of_its_regret() -> None:
    found = by_measure(large(hidden=[*range(8, 14), 64, 64], seeds=[*[0] * 7, 1]).cases())
    assert found.loc[("hidden", "regret"), "why_none"] == TIES
    assert found.loc[("hidden", "regret"), CLAIMED].isna().all()
    assert found.loc[("hidden", "spearman"), "why_none"] == ""
    assert found.loc[("bound", "regret"), "why_none"] == ""


def test_a_single_supervisor_has_no_rank_correlation_and_no_regret() -> None:
    found = by_measure(large(k=1).cases())
    for measure in ("spearman", "kendall"):
        rows = found.xs(measure, level="measure")
        assert rows[["observed", "estimate", *CLAIMED]].isna().all(axis=None)
    assert (found.xs("regret", level="measure")["observed"] == 0).all(axis=None)


def test_the_order_of_supervisors_does_not_matter() -> None:
    """To what is observed not at all, to what is drawn no more than other draws do."""
    sizes = [8 * (place + 1) for place in range(8)]
    made = large(hidden=sizes)
    expected = by_measure(made.cases(), draws=1000)
    made.weak, made.w2s, made.hidden = made.weak[::-1], made.w2s[::-1], sizes[::-1]
    found = by_measure(made.cases(), draws=1000)
    rules = ["bound", "weak_error", "hidden"]
    observed = (table.loc[rules, "observed"] for table in (found, expected))
    pd.testing.assert_series_equal(*observed)
    for column in ("estimate", "low", "high"):
        np.testing.assert_allclose(found[column], expected[column], atol=0.1)


def test_errors_are_drawn_about_what_was_measured() -> None:
    cases = large().cases()
    found = ranked(cases, draws=500)
    assert found.truths is not None
    assert found.truths.shape == (500, 8)
    assert (found.truths > 0).all()
    np.testing.assert_array_equal(found.errors, cases.means("test", "w2s_error")[0])
    np.testing.assert_allclose(np.median(found.truths, axis=0), found.errors, rtol=0.2)


def test_a_student_without_any_error_cannot_be_ranked() -> None:
    made = large()
    made.w2s[3] = made.truth
    found = by_measure(made.cases())
    assert (found["why_none"] == FEW_TO_RANK).all()


def test_heads_are_ranked_as_they_were_fitted_not_as_others_would_be() -> None:
    """How many molecules taught them makes the ranking no less sure."""
    few, many = (
        ranked(
            large(
                splits={"0": (range(train), range(100, 200), range(200, 400))},
                split_sha256={"0": "the same molecules measure"},
            ).cases(),
            draws=50,
        ).truths
        for train in (5, 100)
    )
    assert few is not None
    np.testing.assert_array_equal(few, many)


def test_selectors_see_validation_and_are_judged_on_test() -> None:
    """On validation the first supervisor is the best, on test the last."""
    made = crafted(n=400, k=2, splits=SPLIT)
    noise = np.random.default_rng(1).normal(size=400)
    made.weak[:] = made.w2s[:] = made.truth + noise
    made.weak[1, :200] = made.w2s[1, :200] = made.truth[:200] + 2 * noise[:200]
    made.weak[0, 200:] = made.w2s[0, 200:] = made.truth[200:] + 2 * noise[200:]
    cases = made.cases()
    assert by_measure(cases).loc[("bound", "spearman"), "observed"] == -1
    assert by_measure(cases, selector_split="test").loc[("bound", "spearman"), "observed"] == 1
