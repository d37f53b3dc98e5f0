import json

import numpy as np
import pandas as pd
import pytest

from w2s_mol import selection_table
from w2s_mol.errors import InputError
from w2s_mol.selection.formats import as_json, as_latex
from w2s_mol.selection.tables import selections, selector_table, supervisor_names

# Charikar et al. 2024, Table 1 (Lipop): hidden, weak error - misfit, true error.
TABLE_1 = [
    (96, 0.8969, 1.0713),
    (48, 0.9731, 1.1293),
    (24, 1.0331, 1.1204),
    (64, 1.0619, 1.1436),
    (32, 1.0624, 1.1302),
    (16, 1.1456, 1.1950),
    (12, 1.1499, 1.1869),
    (8, 1.1958, 1.2396),
]


def results(rows=TABLE_1, splits=("122", "123", "124"), spread=0.02, same_split=False):
    """Rows as a study writes them, with given means over the splits."""
    table = []
    for number, split in enumerate(splits):
        shift = spread * (number - (len(splits) - 1) / 2)
        for hidden, bound, error in rows:
            for part in ("train", "valid", "test"):
                table.append(
                    {
                        "dataset": "lipop",
                        "strong": "molbert",
                        "protocol": "paper",
                        "head": "ridge",
                        "head_epochs": 0,
                        "shuffled_labels": False,
                        "dataset_sha256": "lipop-content",
                        "strong_sha256": "molbert-content",
                        "pooling": "mean+pooled",
                        "study_seed": 0,
                        "split": split,
                        "split_sha256": "same" if same_split else split,
                        "family": "shipped",
                        "weak": f"weak-h{hidden}-s0",
                        "weak_sha256": f"sha-{hidden}",
                        "hidden": hidden,
                        "seed": 0,
                        "unit": "log10",
                        "eval_split": part,
                        # another order on the parts that the selector must not look at
                        "bound": (bound if part == "valid" else -bound) + shift,
                        "weak_error": bound + 0.2 + shift,
                        "misfit": 0.2,
                        "w2s_error": (error if part == "test" else -error) + shift,
                        "gain": bound + 0.2 - error,
                    }
                )
    return pd.DataFrame(table)


def test_the_papers_table_is_sorted_by_the_bound_with_the_pick_first() -> None:
    table = selection_table(results())
    assert table["hidden"].tolist() == [row[0] for row in TABLE_1]
    np.testing.assert_allclose(table["bound_mean"], [row[1] for row in TABLE_1])
    np.testing.assert_allclose(table["w2s_error_mean"], [row[2] for row in TABLE_1])
    assert table["picked"].tolist() == [True] + [False] * 7
    assert table["oracle"].tolist() == [True] + [False] * 7


def test_rank_correlations_are_those_of_the_papers_printed_table() -> None:
    """Spearman 0.93 and Kendall 0.79 on Table 1, as DESIGN.md has them."""
    bound = selector_table(results()).set_index("selector").loc["bound"]
    assert round(bound["spearman"], 2) == 0.93
    assert round(bound["kendall"], 2) == 0.79
    assert bound["regret"] == 0


def on_unlabelled(given: pd.DataFrame, **of: object) -> pd.DataFrame:
    """Return results with a rule on unlabelled molecules that ranks as the true errors do."""
    errors = given["w2s_error"].abs()
    there = {"bound_unlabelled": errors, "misfit_unlabelled": 0.1, "n_misfit_unlabelled": 2140}
    return given.assign(**{**there, **of})


def test_the_rule_on_unlabelled_molecules_is_ranked_beside_the_others_and_picks_nothing() -> None:
    given = on_unlabelled(results())
    found = selector_table(given).set_index("selector")
    assert list(found.index)[:3] == ["bound", "bound_unlabelled", "weak_error"]
    one = found.loc["bound_unlabelled"]
    assert one["what"] == "smallest weak error - misfit on 2,140 unlabelled molecules"
    assert one[["spearman", "kendall"]].tolist() == pytest.approx([1, 1])
    plain = selector_table(results()).set_index("selector")
    pd.testing.assert_frame_equal(found.drop("bound_unlabelled"), plain)
    table = selection_table(given)
    np.testing.assert_allclose(table["bound_unlabelled_mean"], table["w2s_error_mean"])
    usual = selection_table(results())
    pd.testing.assert_frame_equal(table[usual.columns], usual)


def test_on_how_many_unlabelled_molecules_is_said_as_a_range_where_splits_differ() -> None:
    given = on_unlabelled(results())
    given["n_misfit_unlabelled"] += given["split"].map({"122": 0, "123": 5, "124": 9})
    what = selector_table(given).set_index("selector")["what"]["bound_unlabelled"]
    assert what.endswith("misfit on 2,140 to 2,149 unlabelled molecules")


def test_where_one_finite_supervisor_lacks_it_nobody_is_ranked_by_it() -> None:
    given = on_unlabelled(results())
    one = given["hidden"] == 96
    lacking = given.assign(bound_unlabelled=given["bound_unlabelled"].mask(one))
    assert "bound_unlabelled" not in set(selector_table(lacking)["selector"])
    spoilt = lacking.assign(w2s_error=lacking["w2s_error"].mask(one))
    assert "bound_unlabelled" in set(selector_table(spoilt)["selector"])
    none = on_unlabelled(results(), bound_unlabelled=np.nan, n_misfit_unlabelled=0)
    pd.testing.assert_frame_equal(selector_table(none), selector_table(results()))
    pd.testing.assert_frame_equal(selection_table(none), selection_table(results()))


def test_spread_is_the_sample_standard_deviation_over_splits() -> None:
    table = selection_table(results(spread=0.02))
    np.testing.assert_allclose(table["bound_std"], 0.02)
    np.testing.assert_allclose(table["w2s_error_std"], 0.02)


def test_val_is_valid() -> None:
    usual = selection_table(results())
    pd.testing.assert_frame_equal(selection_table(results(), selector_split="val"), usual)


def test_the_selector_looks_at_validation_unless_told_otherwise() -> None:
    paper_way = selection_table(results(), selector_split="test")
    assert paper_way["hidden"].tolist() == [row[0] for row in TABLE_1][::-1]
    np.testing.assert_allclose(paper_way["w2s_error_mean"], [row[2] for row in TABLE_1][::-1])


def test_regret_and_baselines() -> None:
    rows = [(8, 3.0, 1.0), (16, 1.0, 2.0), (32, 2.0, 4.0)]
    found = selector_table(results(rows)).set_index("selector")
    assert found.loc["bound", "picks"] == "weak-h16-s0"
    assert found.loc["bound", "regret"] == pytest.approx(1.0)
    assert found.loc["hidden", "picks"] == "weak-h32-s0"
    assert found.loc["hidden", "regret"] == pytest.approx(3.0)
    assert found.loc["random", "regret"] == pytest.approx(4 / 3)
    assert found.loc["oracle", "picks"] == "weak-h8-s0"
    assert found.loc["oracle", "regret"] == 0


def test_several_seeds_of_the_largest_size_tie_for_the_hidden_baseline() -> None:
    frame = results([(8, 3.0, 1.0), (32, 2.0, 4.0)])
    twin = frame[frame["hidden"] == 32].assign(
        weak="weak-h32-s1", weak_sha256="sha-32-1", seed=1, w2s_error=lambda f: f["w2s_error"] - 1
    )
    found = selector_table(pd.concat([frame, twin])).set_index("selector")
    assert found.loc["hidden", "picks"] == "weak-h32-s0, weak-h32-s1"
    assert found.loc["hidden", "w2s_error"] == pytest.approx(3.5)


def test_a_single_supervisor_has_no_rank_correlation() -> None:
    found = selector_table(results(TABLE_1[:1]))
    assert found["spearman"].isna().all()
    assert found["kendall"].isna().all()


def test_identical_splits_count_once_and_show_no_spread() -> None:
    [selection] = selections(results(same_split=True))
    assert selection.n_splits == 1
    assert selection.table["bound_std"].isna().all()


def test_a_study_that_occurs_in_two_runs_counts_once() -> None:
    once, twice = results(), pd.concat([results(), results()])
    pd.testing.assert_frame_equal(selection_table(once), selection_table(twice))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["bound", "w2s_error"])
def test_a_student_that_is_not_finite_on_one_split_never_wins(column: str, value: float) -> None:
    table = results()
    broken = (table["hidden"] == 96) & (table["split"] == "123")
    table.loc[broken, column] = value
    [found] = selections(table)
    assert found.table["weak"].tolist()[-1] == "weak-h96-s0"
    assert found.table.set_index("weak")["picked"].idxmax() == "weak-h48-s0"
    assert not found.table.iloc[-1][["picked", "oracle"]].any()
    assert np.isfinite(found.selectors["regret"]).all()
    table[column] = value
    with pytest.raises(
        InputError, match="no supervisor of lipop, strong molbert, has finite errors"
    ):
        list(selections(table))


@pytest.mark.parametrize("key", ["unit", "pooling", "family"])
def test_a_study_of_which_something_is_not_known_is_not_dropped(key: str) -> None:
    known = selection_table(results())
    found = selection_table(results().assign(**{key: None}))
    assert len(found) == len(known)
    assert found["bound_mean"].tolist() == known["bound_mean"].tolist()


def test_studies_are_told_apart() -> None:
    both = pd.concat([results(), results().assign(head="ols")])
    assert [s.keys["head"] for s in selections(both)] == ["ridge", "ols"]


@pytest.mark.parametrize("key", ["dataset_sha256", "strong_sha256", "unit", "head_epochs"])
def test_studies_that_differ_in_content_alone_are_not_merged(key: str) -> None:
    """Two files called my.csv, two encoders in folders of one name, two lengths of training."""
    other = results().assign(**{key: "other"}, w2s_error=9.0)
    both = list(selections(pd.concat([results(), other])))
    assert len(both) == 2
    assert both[0].table["w2s_error_mean"].min() < 9 == both[1].table["w2s_error_mean"].min()


def test_supervisors_measured_on_different_splits_are_not_compared() -> None:
    frame = results()
    uneven = frame[~((frame["hidden"] == 8) & (frame["split"] == "124"))]
    with pytest.raises(InputError, match=r"same splits \(look at .*weak-h8-s0"):
        selection_table(uneven)


def test_results_of_something_else_are_refused() -> None:
    with pytest.raises(InputError, match="lack the column"):
        selection_table(pd.DataFrame({"a": [1]}))
    with pytest.raises(InputError, match="no rows"):
        selection_table(results().iloc[:0])
    with pytest.raises(InputError, match="valid, test"):
        selection_table(results(), selector_split="train")  # type: ignore[arg-type]


def test_json_has_nulls_where_a_number_is_undefined() -> None:
    [study] = json.loads(as_json(selections(results(TABLE_1[:1], splits=("122",)))))
    assert study["table"][0]["bound_std"] is None
    assert study["selectors"][0]["spearman"] is None
    assert study["table"][0]["hidden"] == 96


def test_latex_has_the_pick_in_bold() -> None:
    lines = as_latex(selections(results())).splitlines()
    bold = [line for line in lines if "textbf" in line]
    assert bold == [
        "\\textbf{96} & $\\mathbf{0.8969 \\pm 0.0200}$ & $\\mathbf{1.0713 \\pm 0.0200}$ \\\\"
    ]


def test_latex_names_the_encoders_where_sizes_repeat() -> None:
    twin = results().assign(family="my_own", weak_sha256=lambda f: f["weak_sha256"] + "-own")
    text = as_latex(selections(pd.concat([results(), twin])))
    assert "my\\_own/weak-h8-s0" in text
    assert "shipped/weak-h8-s0" in text


def test_a_name_that_begins_with_its_family_is_not_said_twice() -> None:
    table = pd.DataFrame(
        {"family": ["column", "shipped", "own"], "weak": ["column:x", "weak-h8-s0", "column:x"]}
    )
    assert list(supervisor_names(table)) == ["column:x", "shipped/weak-h8-s0", "own/column:x"]
    assert list(supervisor_names(table[:1])) == ["column:x"]


def test_a_selectors_picks_name_their_family_where_there_are_several() -> None:
    twin = results().assign(family="my_own", weak_sha256=lambda f: f["weak_sha256"] + "-own")
    found = selector_table(pd.concat([results(), twin])).set_index("selector")
    assert found.loc["hidden", "picks"] == "shipped/weak-h96-s0, my_own/weak-h96-s0"
    assert found.loc["oracle", "picks"] in ("my_own/weak-h96-s0", "shipped/weak-h96-s0")
