import math

import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted
from scipy import stats

from w2s_mol.diagnostics.agreement import (
    Agreement,
    agreement,
    studies_with,
    with_errors,
)
from w2s_mol.errors import InputError

SIZES = (8, 8, 8, 16, 16, 16)


def study_results() -> pd.DataFrame:
    results, _ = crafted(k=6, hidden=SIZES, seeds=(0, 1, 2, 0, 1, 2)).tables()
    return results


def pairs_of(results: pd.DataFrame, scores: np.ndarray) -> pd.DataFrame:
    """Make pairs of a study's supervisors; every score is the one given but d_s, a constant."""
    first = results.drop_duplicates("weak_sha256")
    named = first[["family", "weak", "hidden", "strong", "weak_sha256", "strong_sha256"]]
    same = dict.fromkeys(("norm", "d_w", "d_sw", "cka"), scores)
    return named.reset_index(drop=True).assign(**same, d_s=7)


def errors_of(results: pd.DataFrame) -> pd.Series:
    test = results[results["eval_split"] == "test"]
    return test.groupby("weak_sha256", sort=False)["w2s_error"].mean()


def found_in(results: pd.DataFrame, pairs: pd.DataFrame) -> Agreement:
    [study] = studies_with(pairs, results, "content", "mean+pooled")
    return agreement(with_errors(pairs, [study]), study)


def test_scores_are_held_against_the_mean_true_errors_on_test() -> None:
    results = study_results()
    errors = errors_of(results).to_numpy()
    found = found_in(results, pairs_of(results, -errors))
    of_score = found.table.set_index("score")
    assert of_score.index.tolist() == ["norm", "d_w", "d_s", "d_sw", "cka", "hidden"]
    assert of_score.loc["cka", "spearman"] == pytest.approx(-1.0)
    assert of_score.loc["cka", "within_size"] == pytest.approx(-1.0)
    expected = stats.spearmanr(SIZES, errors).statistic
    assert of_score.loc["hidden", "spearman"] == pytest.approx(expected)
    assert of_score.loc[["d_s", "hidden"], "within_size"].isna().all()
    assert math.isnan(of_score.loc["d_s", "spearman"])
    assert (found.supervisors, found.same_size) == (6, 6)
    assert found.title == "made, strong ecfp"


def scored(spearman: float, size: float, within: float, chance: float = 0.5) -> Agreement:
    table = pd.DataFrame(
        {
            "score": ["norm", "d_s", "hidden"],
            "spearman": [spearman, math.nan, size],
            "within_size": [within, math.nan, math.nan],
        }
    )
    return Agreement("", table, 24, 24, chance)


def test_it_is_said_plainly_whether_they_see_more_than_size() -> None:
    nothing = scored(0.91, -0.95, 0.3).said()
    assert "no score goes better with the true error than the hidden size (0.950)" in nothing
    assert "the best is norm (0.910)" in nothing
    assert (
        "nothing is established, so nothing beyond size: the most is norm (Kendall 0.30)" in nothing
    )
    something = scored(-0.99, -0.95, -0.7).said()
    assert "norm (0.990) goes best with the true error, the hidden size has 0.950" in something
    assert "see something, which is beyond size: the most is norm (Kendall -0.70)" in something
    unsized = scored(0.9, math.nan, math.nan).said()
    assert "sizes do not vary" in unsized
    assert unsized.endswith("nothing is known beyond size.")
    assert scored(math.nan, 0.9, math.nan).said().startswith("No score varies")


def test_other_molecules_encoders_or_pooling_are_refused_saying_what_there_is() -> None:
    results = study_results()
    pairs = pairs_of(results, np.arange(6.0))
    held = "It holds: made, strong ecfp, pooling mean\\+pooled"
    others = pairs.assign(strong_sha256="another")
    for given_pairs, dataset, pooling in (
        (pairs, "another", "mean+pooled"),
        (pairs, "content", "cls"),
        (others, "content", "mean+pooled"),
        (pairs.assign(weak_sha256="another"), "content", "mean+pooled"),
    ):
        with pytest.raises(InputError, match=held):
            studies_with(given_pairs, results, dataset, pooling)


def test_two_studies_of_one_pair_and_too_few_supervisors_are_refused() -> None:
    results = study_results()
    pairs = pairs_of(results, np.arange(6.0))
    twice = pd.concat([results, results.assign(protocol="disjoint")])
    with pytest.raises(InputError, match="several studies of made"):
        studies_with(pairs, twice, "content", "mean+pooled")
    with pytest.raises(InputError, match="the run has 2 of these supervisors"):
        found_in(results, pairs[:2])


def test_a_supervisor_that_the_run_lacks_has_no_error_and_does_not_count() -> None:
    results = study_results()
    pairs = pairs_of(results, np.arange(6.0))
    fewer = results[results["weak_sha256"] != pairs["weak_sha256"][0]]
    [study] = studies_with(pairs, fewer, "content", "mean+pooled")
    found = with_errors(pairs, [study])
    assert found["w2s_error"].isna().tolist() == [True, *[False] * 5]
    np.testing.assert_allclose(found["w2s_error"][1:], errors_of(results)[1:])
    assert agreement(found, study).supervisors == 5
