import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.errors import InputError
from w2s_mol.runs import find_runs
from w2s_mol.statistics.cases import study_cases
from w2s_mol.statistics.sample import training_factor
from w2s_mol.study.prediction_tables import read_predictions

QUANTITIES = (
    "weak_error",
    "w2s_error",
    "misfit",
    "gain",
    "bound",
    "slack",
    "slack_projection",
    "slack_epsilon",
)
ONE_SPLIT = {"0": (range(30), range(30, 40), range(40, 60))}


@pytest.mark.parametrize("part", ["valid", "test"])
@pytest.mark.parametrize("name", ["study", "self", "random-weak"])
def test_means_are_the_results_of_the_run(run_folders, name: str, part: str) -> None:
    [run] = find_runs([run_folders / name])
    results = run.table("results")
    found = list(study_cases(results, read_predictions(run)))
    assert [cases.keys["dataset"] for cases in found] == ["lipop", "esol"]
    for cases in found:
        rows = results[(results["eval_split"] == part)]
        rows = rows[rows["dataset"] == cases.keys["dataset"]]
        for quantity in QUANTITIES:
            expected = rows.pivot_table(index="split", columns="weak", values=quantity)
            expected = expected.loc[list(cases.splits), cases.supervisors["weak"].tolist()]
            np.testing.assert_allclose(cases.means(part, quantity), expected, atol=1e-12)


def test_what_is_observed_are_the_means_of_the_results_over_splits() -> None:
    made = crafted()
    results, cases = made.tables()[0], made.cases()
    for part in ("valid", "test"):
        sample = cases.sample(part, QUANTITIES)
        assert sample.names == QUANTITIES
        rows = results[results["eval_split"] == part].groupby("weak", sort=False)
        expected = rows[list(QUANTITIES)].mean().loc[cases.supervisors["weak"].tolist()]
        np.testing.assert_allclose(sample.observed, expected.T)


def test_influences_sum_to_zero() -> None:
    sample = crafted().cases().sample("test", QUANTITIES)
    assert (np.abs(sample.influences).max(axis=0) > 0).all()
    np.testing.assert_allclose(sample.influences.sum(axis=0), 0, atol=1e-12)


def test_products_of_influences_sum_to_the_covariance_of_means() -> None:
    """One split: the covariance of molecules' terms over their number, of all supervisors."""
    made = crafted(splits=ONE_SPLIT)
    sample = made.cases().sample("test", ("misfit", "weak_error"), of_these_heads=True)
    terms = np.concatenate([(made.w2s - made.weak) ** 2, (made.weak - made.truth) ** 2])[:, 40:]
    flat = sample.influences.reshape(20, -1)
    np.testing.assert_allclose(flat.T @ flat, np.cov(terms) / 20)


def test_other_molecules_to_learn_from_make_every_mean_less_sure_by_one_factor() -> None:
    cases = crafted(splits=ONE_SPLIT).cases()
    assert cases.learnt_from == [30]
    of_these, of_others = (
        cases.sample("test", QUANTITIES, of_these_heads=these).influences for these in (True, False)
    )
    factor = training_factor([20], [30], np.full(20, 1 / 20))
    np.testing.assert_allclose(of_others, np.sqrt(factor) * of_these)


def test_units_are_the_molecules_that_a_part_has_in_any_split() -> None:
    splits = {
        "0": (range(30), range(30, 40), range(40, 60)),
        "1": (range(30), range(30, 32), range(35, 55)),
    }
    cases = crafted(splits=splits).cases()
    assert cases.n_rows == 30
    assert len(cases.sample("valid", ("gain",)).influences) == 10
    assert len(cases.sample("test", ("gain",)).influences) == 25


def test_a_molecule_in_two_splits_counts_in_both() -> None:
    splits = {
        "0": (range(30), range(30, 35), range(35, 50)),
        "1": (range(30), range(30, 35), range(45, 60)),
    }
    made = crafted(splits=splits)
    both = made.cases().sample("test", ("gain",), of_these_heads=True).influences
    expected = np.zeros((25, 1, 4))
    for name, places in (("0", slice(15)), ("1", slice(10, 25))):
        made.splits = {name: splits[name]}
        expected[places] += (
            made.cases().sample("test", ("gain",), of_these_heads=True).influences / 2
        )
    np.testing.assert_allclose(both, expected)


def test_splits_of_the_same_test_molecules_are_no_more_sure_than_one() -> None:
    train, valid, test = ONE_SPLIT["0"]
    once = crafted(splits=ONE_SPLIT).cases()
    twice = crafted(splits={**ONE_SPLIT, "1": (train[:-1], valid, test)}).cases()
    assert len(twice.splits) == 2
    one, two = (cases.sample("test", QUANTITIES, of_these_heads=True) for cases in (once, twice))
    np.testing.assert_allclose(one.influences, two.influences)


def test_equal_supervisors_have_equal_influences() -> None:
    made = crafted(k=3)
    made.weak[2], made.w2s[2] = made.weak[0], made.w2s[0]
    found = made.cases().sample("test", QUANTITIES).influences
    np.testing.assert_array_equal(found[..., 2], found[..., 0])
    assert not np.isclose(found[..., 1], found[..., 0]).all(axis=0).any()


def test_parts_of_a_bound_keep_their_relation_in_every_molecule() -> None:
    found = crafted().cases().sample("test", QUANTITIES)

    def of(name: str) -> np.ndarray:
        return found.of(name)[1]

    for name, one, other in (
        ("gain", "weak_error", "w2s_error"),
        ("bound", "weak_error", "misfit"),
        ("slack", "gain", "misfit"),
    ):
        np.testing.assert_allclose(of(name), of(one) - of(other), atol=1e-12)
    parts = of("slack_projection") + of("slack_epsilon")
    np.testing.assert_allclose(of("slack"), parts, atol=1e-12)


def test_molecules_of_which_a_supervisor_says_nothing_do_not_count_for_it() -> None:
    made = crafted(splits=ONE_SPLIT)
    known = crafted(splits=ONE_SPLIT).cases().sample("test", QUANTITIES, of_these_heads=True)
    made.weak[1, 40:45] = np.nan
    found = made.cases().sample("test", QUANTITIES, of_these_heads=True)
    others = [0, 2, 3]
    np.testing.assert_array_equal(found.observed[:, others], known.observed[:, others])
    np.testing.assert_array_equal(found.influences[..., others], known.influences[..., others])
    terms = ((made.weak - made.truth) ** 2)[1, 45:]
    weak_error, influences = found.of("weak_error")
    assert weak_error[1] == pytest.approx(terms.mean())
    assert not influences[:5, 1].any()
    assert (influences[:, 1] ** 2).sum() == pytest.approx(terms.var(ddof=1) / 15)


def test_a_supervisor_that_speaks_of_one_molecule_does_not_say_how_it_varies() -> None:
    made = crafted(splits=ONE_SPLIT)
    made.weak[1, 41:60] = np.nan
    cases = made.cases()
    found = cases.sample("test", QUANTITIES).influences
    assert np.isnan(found[..., 1]).all()
    assert np.isfinite(found[..., [0, 2, 3]]).all()
    assert np.isfinite(cases.means("test", "weak_error")).all()
    assert cases.fewest("test") == 1


def test_where_weak_and_strong_heads_learn_apart_the_fewer_molecules_count() -> None:
    made = crafted(splits=ONE_SPLIT)
    results, predictions = made.tables()
    train = predictions["part"] == "train"
    own = np.where(predictions["row"] < 12, "train-weak", "train-strong")
    apart = predictions.assign(part=predictions["part"].mask(train, own))
    [cases] = study_cases(results, apart)
    assert cases.learnt_from == [12]
    assert made.cases().learnt_from == [30]


def test_the_fewest_units_are_molecules_of_which_a_supervisor_speaks() -> None:
    made = crafted(splits={**ONE_SPLIT, "1": (range(30), range(30, 45), range(45, 60))})
    assert (made.cases().fewest("valid"), made.cases().fewest("test")) == (10, 15)
    made.weak[1, 50:58] = np.nan
    assert made.cases().fewest("test") == 7


def test_where_splits_keep_scaffolds_together_their_molecules_are_one_unit() -> None:
    made = crafted(splits=ONE_SPLIT)
    rings = ["C1CC1", "C1CCC1", "C1CCCC1", "C1CCCCC1"]
    of_row = np.repeat([*rings, "c1ccccc1", "c1ccncc1"], 10)
    results, predictions = made.tables()
    smiles = predictions["row"].map(dict(enumerate(of_row)))
    [cases] = study_cases(results, predictions.assign(smiles=smiles))
    each = made.cases().sample("test", QUANTITIES)
    assert cases.kin is not None
    assert made.cases().kin is None
    assert (cases.fewest("valid"), cases.fewest("test")) == (1, 2)
    found = cases.sample("test", QUANTITIES)
    assert found.influences.shape == (2, len(QUANTITIES), 4)
    expected = each.grouped(np.repeat([0, 1], 10))
    np.testing.assert_allclose(np.abs(found.influences), np.abs(expected.influences))
    np.testing.assert_array_equal(found.observed, each.observed)


def test_the_leverage_is_the_largest_share_of_one_molecule() -> None:
    made = crafted(n=40, k=2, splits={"0": (range(10), range(10, 20), range(20, 40))})
    made.weak[:] = made.truth + 1.0
    assert made.cases().leverage("weak_error") == pytest.approx(1 / 20)
    made.weak[0, 20] = made.truth[20] + 10.0  # adds 99 to the 40 of the others
    assert made.cases().leverage("weak_error") == pytest.approx(101 / 139)
    made.w2s[:] = made.weak
    assert made.cases().leverage("misfit") == 0


def test_identical_splits_count_once() -> None:
    same = (range(30), range(30, 40), range(40, 60))
    cases = crafted(splits={"0": same, "1": same, "2": (range(20), *same[1:])}).cases()
    assert cases.splits == ("0", "2")
    assert cases.means("test", "gain").shape == (2, 4)


def test_rows_that_occur_twice_count_once() -> None:
    results, predictions = crafted().tables()
    [once] = study_cases(results, predictions)
    [twice] = study_cases(pd.concat([results, results]), predictions)
    assert len(twice.supervisors) == 4
    np.testing.assert_array_equal(once.means("test", "gain"), twice.means("test", "gain"))


def test_a_supervisor_of_the_same_name_in_another_family_is_another() -> None:
    made = crafted(k=2, hidden=[8, 8], families=["shipped", "mine"])
    means = made.cases().means("test", "weak_error")
    assert means.shape == (2, 2)
    assert not np.isclose(means[:, 0], means[:, 1]).any()


def test_supervisors_that_differ_in_their_seed_alone_are_a_group() -> None:
    made = crafted(
        k=6,
        hidden=[8, 16, 8, 8, None, None],
        seeds=[0, 0, 1, 0, 0, 0],
        families=["a", "a", "a", "b", "rdkit2d", "ecfp"],
    )
    assert sorted(made.cases().seed_groups) == [[0, 2], [1], [3], [4], [5]]


@pytest.mark.parametrize(
    ("strong", "shuffled", "families", "control"),
    [
        ("molbert", False, ["shipped"], "none"),
        ("ecfp", True, ["shipped"], "shuffled labels"),
        ("self", False, ["shipped"], "self"),
        ("peer", False, ["shipped"], "peer"),
        ("random-h256-l6-s0", False, ["shipped"], "random strong"),
        ("molbert", False, ["random"], "random weak"),
        ("my-random-h8-s0", False, ["shipped"], "none"),
    ],
)
def test_a_study_is_a_control_by_what_it_lacks(
    strong: str, shuffled: bool, families: list[str], control: str
) -> None:
    keys = {"strong": strong, "shuffled_labels": shuffled}
    assert crafted(k=2, families=families * 2, keys=keys).cases().control == control


def test_several_students_of_one_run_are_studies_apart() -> None:
    """Each is read with its own predictions, not with those of the other."""
    names = ("ecfp", "rdkit2d")
    each = [
        crafted(seed=seed, keys={"strong": name, "strong_sha256": name}).tables()
        for seed, name in enumerate(names)
    ]
    together = (
        [results for results, _ in each],
        [
            predictions.assign(strong=name)
            for name, (_, predictions) in zip(names, each, strict=True)
        ],
    )
    found = list(study_cases(*map(pd.concat, together)))
    assert [cases.keys["strong"] for cases in found] == list(names)
    for cases, tables in zip(found, each, strict=True):
        [alone] = study_cases(*tables)
        for quantity in QUANTITIES:
            np.testing.assert_array_equal(
                cases.means("test", quantity), alone.means("test", quantity)
            )


def test_what_an_older_version_wrote_is_refused_with_the_way_out() -> None:
    results, predictions = crafted().tables()
    older = results.drop(columns="shuffled_labels")
    with pytest.raises(InputError, match=r"lack the column 'shuffled_labels'.*Run .* again"):
        list(study_cases(older, predictions))


def test_predictions_of_another_table_are_refused() -> None:
    results, _ = crafted().tables()
    with pytest.raises(InputError, match="predictions"):
        list(study_cases(results, pd.DataFrame({"a": [1]})))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_supervisor_whose_predictions_are_not_finite_is_left_out(value: float) -> None:
    made = crafted()
    made.w2s[1, made.splits["1"][2][0]] = value
    cases = made.cases()
    others = [0, 2, 3]
    fields = ("weak", "w2s")
    expected = crafted(**{name: getattr(crafted(), name)[others] for name in fields})
    expected.hidden = [8, 24, 32]
    assert cases.left_out == ("weak-h16-s0",)
    assert cases.supervisors["weak"].tolist() == ["weak-h8-s0", "weak-h24-s0", "weak-h32-s0"]
    assert len(cases.every_weak) == 4
    for quantity in QUANTITIES:
        found = cases.means("test", quantity)
        np.testing.assert_allclose(found, expected.cases().means("test", quantity))


def test_a_supervisor_whose_results_are_not_finite_is_left_out() -> None:
    results, predictions = crafted().tables()
    of_one = (results["weak"] == "weak-h8-s0") & (results["eval_split"] == "test")
    [cases] = study_cases(results.assign(w2s_error=results["w2s_error"].mask(of_one)), predictions)
    assert cases.left_out == ("weak-h8-s0",)


def test_no_finite_supervisor_is_refused_by_name() -> None:
    results, predictions = crafted().tables()
    with pytest.raises(InputError, match="no supervisor of made, strong ecfp, has finite errors"):
        list(study_cases(results.assign(bound=np.nan), predictions))


@pytest.mark.parametrize("column", ["family", "dataset", "unit", "pooling"])
def test_a_study_without_a_key_is_not_dropped(column: str) -> None:
    results, predictions = crafted().tables()
    missing = [table.assign(**{column: None}) for table in (results, predictions)]
    [cases] = study_cases(*missing)
    assert len(cases.supervisors) == 4
    np.testing.assert_array_equal(
        cases.means("test", "gain"), crafted().cases().means("test", "gain")
    )
