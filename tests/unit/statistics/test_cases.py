import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.errors import InputError
from w2s_mol.runs import find_runs
from w2s_mol.statistics import cases as module
from w2s_mol.statistics.cases import study_cases
from w2s_mol.statistics.resampling import row_weights
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


def test_a_replicate_of_every_molecule_once_is_the_observed_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = crafted().cases()
    monkeypatch.setattr(module, "row_weights", lambda n, r, _: np.ones((r, n), dtype=np.float32))
    for part in ("valid", "test"):
        for quantity, values in cases.replicates(part, QUANTITIES, 3).items():
            assert values.shape == (3, 2, 4)
            expected = np.broadcast_to(cases.means(part, quantity), values.shape)
            np.testing.assert_allclose(values, expected)


def test_a_replicate_is_the_mean_over_its_molecules() -> None:
    """The test molecules are rows 4 to 9 of ten, of which 2 to 9 are not for training."""
    made = crafted(n=10, k=2, splits={"0": ([0, 1], [2, 3], [4, 5, 6, 7, 8, 9])})
    cases = made.cases()
    assert cases.n_rows == 8
    drawn = cases.replicates("test", ("misfit",), 50, seed=3)["misfit"]
    terms = (made.w2s - made.weak) ** 2
    for weights, found in zip(row_weights(8, 50, 3), drawn, strict=True):
        expected = np.average(terms[:, 4:], axis=1, weights=weights[2:])
        np.testing.assert_allclose(found[0], expected)


def test_equal_supervisors_have_equal_replicates() -> None:
    made = crafted(k=3)
    made.weak[2], made.w2s[2] = made.weak[0], made.w2s[0]
    for values in made.cases().replicates("test", QUANTITIES, 100).values():
        np.testing.assert_array_equal(values[..., 2], values[..., 0])
        assert (values[..., 1] != values[..., 0]).all()


def test_a_molecule_has_the_same_weight_in_every_split_and_part() -> None:
    """The test molecules of one split are the validation molecules of the other."""
    a, b, train = range(20), range(20, 40), range(40, 60)
    cases = crafted(splits={"0": (train, a, b), "1": (train, b, a), "2": (train[:5], a, b)}).cases()
    valid, test = (cases.replicates(part, ("gain",), 100)["gain"] for part in ("valid", "test"))
    np.testing.assert_allclose(valid[:, 0], test[:, 1])
    np.testing.assert_allclose(valid[:, 1], test[:, 0])
    np.testing.assert_allclose(test[:, 2], test[:, 0])
    assert not np.isclose(test[:, 0], test[:, 1]).all()


def test_parts_of_a_bound_keep_their_relation_in_every_replicate() -> None:
    found = crafted().cases().replicates("test", QUANTITIES, 100)
    np.testing.assert_allclose(found["gain"], found["weak_error"] - found["w2s_error"])
    np.testing.assert_allclose(found["bound"], found["weak_error"] - found["misfit"])
    np.testing.assert_allclose(found["slack"], found["gain"] - found["misfit"])
    parts = found["slack_projection"] + found["slack_epsilon"]
    np.testing.assert_allclose(found["slack"], parts)


def test_a_replicates_error_is_never_outside_those_of_its_molecules() -> None:
    """Also not where a small test part has no molecule in a replicate: that is no error of zero."""
    made = crafted(n=12, k=1, splits={"0": (range(2), range(2, 10), (10, 11))})
    terms = ((made.weak - made.truth) ** 2)[0, 10:]
    drawn = made.cases().replicates("test", ("weak_error",), 500)["weak_error"]
    drawn = drawn[~np.isnan(drawn)]
    assert drawn.min() >= terms.min() * (1 - 1e-9)
    assert drawn.max() <= terms.max() * (1 + 1e-9)


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
