from typing import Any

import numpy as np
import pandas as pd
import pytest
from crafted_study import Crafted, crafted

from w2s_mol.runs import find_runs
from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.statistics.controls import (
    CONTROLS,
    MOST_OF_ONE_MOLECULE,
    VERDICTS,
    _verdict,
    control_table,
)
from w2s_mol.statistics.gain_misfit import gain_misfit_table
from w2s_mol.statistics.intervals import holm
from w2s_mol.study.prediction_tables import read_predictions

K = 8
EFFECTS = ["mean_gain", "median_gain", "correlation", "slope", "rule_spearman"]


def made(part_of_error_left: float = 0.3, **given: Any) -> Crafted:
    """Make a study whose students are surely better than their supervisors."""
    study = crafted(n=300, k=K, seed=5, **given)
    study.w2s[:] = study.truth + part_of_error_left * (study.weak - study.truth)
    return study


OTHER_SIZES = [10 * (place + 1) for place in range(K)]
SHUFFLED = {"shuffled_labels": True, "study": "shuffled"}


def table(*every: Cases) -> pd.DataFrame:
    return control_table(every, 100).set_index("effect") if every else control_table([])


def verdicts(found: pd.DataFrame) -> dict[str, str]:
    return dict(zip(found.index, found["verdict"].tolist(), strict=True))


def test_a_study_is_compared_with_its_control_effect_by_effect() -> None:
    found = table(made().cases(), made(0.9, keys=SHUFFLED).cases())
    assert list(found.index) == EFFECTS
    assert (found["control"] == "shuffled labels").all()
    assert (found["study"] == "0123").all()
    assert (found["control_study"] == "shuffled").all()


def test_estimates_and_intervals_are_those_of_each_alone() -> None:
    study, control = made().cases(), made(0.9, keys=SHUFFLED).cases()
    found = table(study, control)
    for cases, names in (
        (study, ["estimate", "low", "high"]),
        (control, ["control_estimate", "control_low", "control_high"]),
    ):
        alone = gain_misfit_table(cases, 100).set_index("statistic")
        for effect in EFFECTS[:-1]:
            expected = alone.loc[effect, ["estimate", "low", "high"]].tolist()
            assert found.loc[effect, names].tolist() == pytest.approx(expected)


def test_an_effect_survives_a_control_that_surely_shows_less() -> None:
    found = table(made(0.3).cases(), made(0.9, keys=SHUFFLED).cases())
    row = found.loc["mean_gain"]
    assert row["low"] > 0
    assert row["difference_low"] > 0
    assert verdicts(found)["mean_gain"] == "survives"


def test_an_effect_does_not_survive_a_control_that_shows_it_as_well() -> None:
    """The same predictions: molecule by molecule there is no difference at all."""
    found = table(made().cases(), made(keys=SHUFFLED).cases())
    row = found.loc["mean_gain"]
    assert row["low"] > 0
    assert (row["difference_low"], row["difference_high"]) == (0, 0)
    assert verdicts(found)["mean_gain"] == "the control shows it too"


def test_the_difference_is_paired() -> None:
    """Both are measured on the same molecules, whose noise is in neither's favour."""
    study, control = made(0.3), made(0.35, keys=SHUFFLED)
    row = table(study.cases(), control.cases()).loc["mean_gain"]
    assert row["difference"] == pytest.approx(row["estimate"] - row["control_estimate"])
    width = row["difference_high"] - row["difference_low"]
    assert width < 0.2 * (row["high"] - row["low"])
    assert row["control_high"] > row["low"]  # the intervals overlap
    assert row["difference_low"] > 0


def permutations() -> list[Cases]:
    return [made(0.9, keys={**SHUFFLED, "study_seed": seed}).cases() for seed in (0, 1, 2)]


def test_kinds_of_controls_and_effects_are_corrected_together() -> None:
    strong = {"strong": "random-h8-s0", "strong_sha256": "other"}
    found = table(made().cases(), permutations()[0], made(0.8, keys=strong).cases())
    assert found["control"].nunique() == 2
    assert found["p_holm"].tolist() == pytest.approx(holm(found["p"].tolist()), nan_ok=True)


def test_several_controls_of_a_kind_are_one_with_the_largest_p() -> None:
    """More permutations are no more tests: an effect has to survive them all."""
    found = table(made().cases(), *permutations())
    largest = found.groupby(level="effect")["p"].max().loc[EFFECTS]
    corrected = dict(zip(EFFECTS, holm(largest.tolist()), strict=True))
    for effect in EFFECTS:
        expected = [corrected[effect]] * 3
        assert found.loc[effect, "p_holm"].tolist() == pytest.approx(expected, nan_ok=True)


def test_a_difference_that_is_not_defined_leaves_no_p() -> None:
    """A copying student has no gain: what is not compared is not sure, and is not counted."""
    itself = made(1.0, keys={"strong": "self", "strong_sha256": "self"})
    found = table(made().cases(), itself.cases())
    assert found.loc["mean_gain", "p":"p_holm"].isna().all()
    assert np.isnan(found.loc["mean_gain", "difference"])
    assert found["p_holm"].tolist() == pytest.approx(holm(found["p"].tolist()), nan_ok=True)


def test_the_p_is_that_of_the_less_certain_of_effect_and_difference() -> None:
    found = table(made(0.3).cases(), made(0.9, keys=SHUFFLED).cases())
    of_effect = gain_misfit_table(made(0.3).cases(), 100).set_index("statistic")["p"]
    for effect in EFFECTS[:-1]:
        assert found.loc[effect, "p"] >= of_effect[effect]


def test_an_effect_that_is_sure_before_the_correction_alone_is_undecided() -> None:
    row = {
        "leverage": 0.0, "control_leverage": 0.0,
        "low": 0.1, "control_low": -0.1, "difference_low": 0.01,
    }  # fmt: skip
    assert _verdict({**row, "p_holm": 0.04}) == "survives"
    assert _verdict({**row, "p_holm": 0.06}) == "undecided"
    assert _verdict({**row, "p_holm": 0.06, "control_low": 0.1}) == "the control shows it too"
    assert _verdict({**row, "p_holm": 0.04, "difference_low": -0.1}) == "undecided"


def test_few_molecules_leave_nothing_to_test() -> None:
    splits = {"0": (range(100), range(100, 200), range(200, 229))}
    found = table(made(splits=splits).cases(), made(0.9, keys=SHUFFLED, splits=splits).cases())
    assert set(found["verdict"]) == {"cannot be tested"}
    claimed = ["low", "high", "control_low", "difference_low", "difference_high", "p", "p_holm"]
    assert found[claimed].isna().all(axis=None)
    assert found[["estimate", "control_estimate"]].notna().all(axis=None)


def test_few_supervisors_leave_the_mean_gain_to_test() -> None:
    study, control = crafted(n=300, k=3), crafted(n=300, k=3, keys=SHUFFLED)
    study.w2s[:] = study.truth + 0.3 * (study.weak - study.truth)
    control.w2s[:] = control.truth + 0.9 * (control.weak - control.truth)
    found = table(study.cases(), control.cases())
    assert verdicts(found)["mean_gain"] == "survives"
    for effect in ("median_gain", "correlation", "rule_spearman"):
        assert verdicts(found)[effect] == "cannot be tested"


def test_an_effect_below_zero_is_none_even_where_the_control_is_lower_still() -> None:
    found = table(made(1.2).cases(), made(3.0, keys=SHUFFLED).cases())
    row = found.loc["mean_gain"]
    assert row["high"] < 0 < row["difference_low"]
    assert verdicts(found)["mean_gain"] == "no effect to test"


def test_an_effect_that_the_control_leaves_undefined_is_said_to_be() -> None:
    """A student that copies its supervisor has no gain by construction."""
    found = table(made().cases(), made(1.0, keys={"strong": "self", "study": "self"}).cases())
    assert np.isnan(found.loc[["correlation", "slope"], "control_estimate"]).all()
    assert verdicts(found)["mean_gain"] == "undefined in the control"


@pytest.mark.parametrize("whose", ["study", "control"])
def test_what_one_molecule_decides_has_no_verdict(whose: str) -> None:
    both = {"study": made(0.3), "control": made(0.9, keys=SHUFFLED)}
    odd = both[whose]
    for _, _, test in odd.splits.values():
        odd.weak[0, test[0]] += 1000.0
    found = table(*(one.cases() for one in both.values()))
    leverage = "leverage" if whose == "study" else "control_leverage"
    assert found.loc["mean_gain", leverage] > MOST_OF_ONE_MOLECULE
    assert verdicts(found)["mean_gain"] == "one molecule decides"
    assert found.loc["median_gain", leverage] > MOST_OF_ONE_MOLECULE
    assert verdicts(found)["median_gain"] in ("one molecule decides", "undefined in the control")


@pytest.mark.parametrize(
    ("control", "given"),
    [
        ("shuffled labels", {"keys": SHUFFLED}),
        ("self", {"keys": {"strong": "self", "strong_sha256": "self"}}),
        ("peer", {"keys": {"strong": "peer", "strong_sha256": "peers"}}),
        ("random strong", {"keys": {"strong": "random-h8-s0", "strong_sha256": "other"}}),
        ("random weak", {"families": ["random"] * K, "hidden": OTHER_SIZES}),
    ],
)
def test_each_kind_of_control_differs_from_its_study_in_what_it_controls_for(
    control: str, given: dict
) -> None:
    found = table(made().cases(), made(0.9, **given).cases())
    assert set(found["control"]) == {control}
    assert control in CONTROLS


@pytest.mark.parametrize(
    "other",
    [
        {"dataset_sha256": "another table of the same name"},
        {"head": "ols"},
        {"head_epochs": 7},
        {"head_width": 7},
        {"protocol": "disjoint"},
        {"pooling": "mean"},
        {"strong": "rdkit2d", "strong_sha256": "rdkit2d-content"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_control_of_another_study_is_not_compared(other: dict) -> None:
    assert table_is_empty(made().cases(), made(keys={**SHUFFLED, **other}).cases())


def test_every_permutation_is_a_control_and_says_which_it_is() -> None:
    others = [made(0.9, keys={**SHUFFLED, "study_seed": seed}).cases() for seed in (0, 1, 2)]
    found = table(made().cases(), *others)
    assert len(found) == 3 * len(EFFECTS)
    assert list(dict.fromkeys(found["which"])) == ["seed 0", "seed 1", "seed 2"]


@pytest.mark.parametrize("drawn", [{"protocol": "disjoint"}, {"head": "adamw"}], ids=str)
def test_a_permutation_of_another_seed_is_none_where_the_seed_draws_more(drawn: dict) -> None:
    study = made(keys=drawn).cases()
    for seed, is_one in ((0, True), (1, False)):
        other = made(0.9, keys={**SHUFFLED, **drawn, "study_seed": seed}).cases()
        assert table_is_empty(study, other) != is_one


def test_a_control_of_another_seed_that_permutes_nothing_is_not_compared() -> None:
    keys = {"strong": "random-h8-s0", "strong_sha256": "other", "study_seed": 1}
    assert table_is_empty(made().cases(), made(0.9, keys=keys).cases())


def test_random_encoders_say_which_they_are() -> None:
    strong = made(0.9, keys={"strong": "random-h8-s1", "strong_sha256": "other"}).cases()
    assert set(table(made().cases(), strong)["which"]) == {"random-h8-s1"}
    weak = made(0.9, families=["random"] * K, hidden=OTHER_SIZES).cases()
    assert set(table(made().cases(), weak)["which"]) == {"random"}


def table_is_empty(*every: Cases) -> bool:
    return control_table(every, 100).empty


def test_a_control_on_other_splits_is_not_compared() -> None:
    """Its molecules in the test parts are others."""
    study, control = made(), made(0.9, keys=SHUFFLED)
    control.splits = {"7": (range(150), range(150, 200), range(200, 300))}
    assert table_is_empty(study.cases(), control.cases())


@pytest.mark.parametrize(
    "keys",
    [
        SHUFFLED,
        {"strong": "self", "strong_sha256": "self"},
        {"strong": "peer", "strong_sha256": "peers"},
    ],
    ids=["shuffled labels", "self", "peer"],
)
def test_a_control_with_supervisors_of_the_same_names_in_another_family_is_not_compared(
    keys: dict,
) -> None:
    study, control = made().cases(), made(0.9, keys=keys, families=["mine"] * K).cases()
    assert table_is_empty(study, control)


def test_a_control_with_other_supervisors_is_not_compared() -> None:
    control = made(0.9, keys=SHUFFLED, hidden=[8, 16, 24, 32, 40, 48, 56, 96]).cases()
    assert table_is_empty(made().cases(), control)


def test_studies_without_controls_and_controls_alone_have_no_table() -> None:
    study, control = made().cases(), made(keys=SHUFFLED).cases()
    other = made(keys={"strong": "self"}).cases()
    for every in ([], [study], [study, made(keys={"head": "ols"}).cases()], [control, other]):
        assert table_is_empty(*every)


def test_controls_of_real_runs_are_found_with_their_own_dataset(run_folders) -> None:
    runs = [run for run in find_runs([run_folders]) if run.kind == "study"]
    every = [c for r in runs for c in study_cases(r.table("results"), read_predictions(r))]
    found = control_table(every, 100)
    assert set(found["strong"]) == {"ecfp"}
    pairs = found[["dataset", "control"]].drop_duplicates().apply(tuple, axis=1)
    assert set(pairs) == {(d, c) for d in ("lipop", "esol") for c in CONTROLS}
    assert len(found) == 2 * len(CONTROLS) * len(EFFECTS)
    ids = {run.folder.name: run.manifest["study"] for run in runs}
    assert set(found["verdict"]) <= set(VERDICTS)
    assert set(found["study"]) == {ids["study"]}
    assert set(found["control_study"]) == set(ids.values()) - {ids["study"]}
