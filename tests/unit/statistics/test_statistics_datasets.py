from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted
from scipy import stats

from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.datasets import CLAIMS, claims_of, over_datasets, study_claims, together
from w2s_mol.statistics.gain_misfit import gain_misfit_table

SPLIT = {"0": (range(200), range(200, 300), range(300, 400))}


def test_equal_effects_have_no_spread_and_are_weighed_by_their_errors() -> None:
    """Less scatter than their errors alone give: the fixed-effect mean."""
    errors = np.array([1.0, 2.0, 4.0])
    found = together([1.0, 1.5, 2.0], errors.tolist())
    assert found.between == 0
    weights = 1 / errors**2
    assert found.estimate == pytest.approx(np.average([1.0, 1.5, 2.0], weights=weights))


def test_the_variance_between_datasets_is_paule_and_mandels() -> None:
    """It solves: weighted squares of deviations are n - 1. With equal errors, in closed form."""
    y = np.array([1.0, 4.0, 6.0, 9.0])
    found = together(y.tolist(), [1.5] * 4)
    assert found.between == pytest.approx(np.sqrt(y.var(ddof=1) - 1.5**2))
    assert found.estimate == pytest.approx(5.0)

    own = np.array([0.5, 1.0, 1.5, 3.0])
    found = together(y.tolist(), own.tolist())
    weights = 1 / (own**2 + found.between**2)
    mean = np.average(y, weights=weights)
    assert found.estimate == pytest.approx(mean)
    assert weights @ (y - mean) ** 2 == pytest.approx(3)


def test_an_interval_is_no_narrower_than_the_datasets_own_errors_allow() -> None:
    """Three that agree by chance: their mean is known as well as three measurements make it."""
    found = together([1.0, 1.001, 0.999], [0.3] * 3)
    half = stats.t.ppf(0.975, 2) * 0.3 / np.sqrt(3)
    assert (found.low, found.high) == pytest.approx((1 - half, 1 + half))
    assert found.p == pytest.approx(2 * stats.t.sf(1 / (0.3 / np.sqrt(3)), 2))


def test_with_equal_errors_the_interval_is_students() -> None:
    y = [1.0, 4.0, 6.0, 9.0]
    found, expected = together(y, [1.5] * 4), stats.ttest_1samp(y, 0.0)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.p == pytest.approx(expected.pvalue)
    assert found.n == 4


def test_intervals_over_datasets_hold_the_mean_95_times_in_100() -> None:
    """Ten datasets of very different size, which differ truly as well."""
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        errors = generator.uniform(0.1, 1.0, size=10)
        truths = 0.5 + 0.4 * generator.normal(size=10)
        found = together((truths + errors * generator.normal(size=10)).tolist(), errors.tolist())
        held += found.low <= 0.5 <= found.high
    assert held >= 0.9 * 300


def claims(
    estimates: list[float], study: str = "one", claim: str = "slope", group: str | None = None
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": group or study,
            "study": study,
            "claim": claim,
            "what": f"the {claim}",
            "dataset": [f"d{i}" for i in range(len(estimates))],
            "estimate": estimates,
            "se": 0.1,
        }
    )


def test_a_claim_of_fewer_than_three_datasets_is_left_out() -> None:
    assert over_datasets(claims([1.0, 1.1])).empty
    assert over_datasets(claims([1.0, 1.1, np.nan])).empty


@pytest.mark.parametrize("se", [np.nan, 0.0])
def test_datasets_that_do_not_say_how_sure_they_are_do_not_count(se: float) -> None:
    """An error of zero is one that was not measured: no dataset is known exactly."""
    given = claims([1.0, 1.1, 1.2, 9.0])
    given.loc[3, "se"] = se
    pd.testing.assert_frame_equal(over_datasets(given), over_datasets(given.loc[:2]))
    assert over_datasets(given.loc[1:]).empty


def test_a_claim_says_of_how_many_datasets_it_is_and_how_many_are_above_zero() -> None:
    [row] = over_datasets(claims([1.0, -0.2, 0.5, np.nan])).to_dict(orient="records")
    expected = together([1.0, -0.2, 0.5], [0.1] * 3)
    assert (row["study"], row["claim"], row["what"]) == ("one", "slope", "the slope")
    assert (row["datasets"], row["above"]) == (3, 2)
    assert [row[name] for name in ("estimate", "low", "high", "p", "between")] == [
        getattr(expected, name) for name in ("estimate", "low", "high", "p", "between")
    ]


def test_claims_of_one_study_are_corrected_for_their_number() -> None:
    values = [0.3, 0.5, 0.4]
    several = pd.concat(
        [claims(values), claims(values, claim="relative_gain"), claims(values, study="two")]
    )
    found = over_datasets(several).set_index(["study", "claim"])
    p = found.loc[("two", "slope"), "p"]
    assert found.loc[("two", "slope"), "p_holm"] == p
    assert found.loc["one", "p_holm"].tolist() == pytest.approx([2 * p, 2 * p])


def test_groups_that_are_called_alike_are_kept_apart() -> None:
    values = [0.3, 0.5, 0.4]
    found = over_datasets(pd.concat([claims(values, group=group) for group in ("a", "b")]))
    assert found["datasets"].tolist() == [3, 3]
    assert found["p_holm"].tolist() == found["p"].tolist()


def study(dataset: str, families: Sequence[str] = (), **keys: Any) -> Cases:
    seed = sum(map(ord, dataset))
    keys = {"dataset": dataset, "dataset_sha256": dataset, **keys}
    return crafted(n=400, k=8, seed=seed, splits=SPLIT, families=families, keys=keys).cases()


def test_a_studys_claims_are_means_as_shares_of_the_weak_error() -> None:
    cases = study("a")
    found = claims_of(cases).set_index("claim")
    assert found.index.tolist() == list(CLAIMS)
    of_gain = gain_misfit_table(cases, 100).set_index("statistic").loc["relative_gain"]
    assert found.loc["gain", ["estimate", "se"]].tolist() == of_gain[["estimate", "se"]].tolist()
    slack = cases.means("test", "slack").mean() / cases.means("test", "weak_error").mean()
    assert found.loc["slack", "estimate"] == pytest.approx(slack)
    assert (found["dataset"] == "a").all()


def test_a_study_too_small_for_intervals_claims_nothing() -> None:
    assert claims_of(crafted(k=8).cases())["se"].isna().all()


def test_studies_of_several_datasets_belong_together_where_all_else_is_the_same() -> None:
    every = [study("a"), study("b"), study("c"), study("d", head="ols")]
    found = study_claims(every)
    assert found.groupby("study")["dataset"].unique().map(sorted).tolist() in (
        [["a", "b", "c"], ["d"]],
        [["d"], ["a", "b", "c"]],
    )
    assert found.groupby("study")["group"].nunique().tolist() == [1, 1]
    together = over_datasets(found)
    assert set(together["datasets"]) == {3}


def test_studies_of_other_supervisors_are_of_another_group() -> None:
    every = [study("a"), study("b"), study("c", families=["mine"] * 8)]
    found = study_claims(every)
    groups = found.groupby("group")["dataset"].unique().map(sorted).tolist()
    assert sorted(groups) == [["a", "b"], ["c"]]
    assert over_datasets(found).empty


def test_controls_are_studies_of_their_own() -> None:
    found = study_claims([study("a"), study("a", shuffled_labels=True)])
    names = found["study"].unique()
    assert len(names) == 2
    assert names[1].endswith("(control: shuffled labels)")


def test_a_dataset_that_is_there_twice_counts_once() -> None:
    once, twice = study_claims([study("a")]), study_claims([study("a"), study("a")])
    pd.testing.assert_frame_equal(once, twice)
    renamed = study("another name", dataset_sha256="a")
    pd.testing.assert_frame_equal(once, study_claims([study("a"), renamed]))


def test_without_studies_there_are_no_claims() -> None:
    assert study_claims([]).empty
