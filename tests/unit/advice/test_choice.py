"""Which supervisor and use, chosen on validation alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.advice.choice import Choice
from w2s_mol.advice.errors import ALL_USES, beside_each_other, use_errors, words
from w2s_mol.advice.losses import Losses
from w2s_mol.advice.predictions import Predictions
from w2s_mol.advice.report import advise
from w2s_mol.advice.rows import of_choices
from w2s_mol.advice.wording import in_brief, rendered_budgets, rendered_uses, sentence
from w2s_mol.errors import InputError
from w2s_mol.runs import FinishedRun
from w2s_mol.tasks.registry import BINARY, REGRESSION


def results(**errors: float) -> pd.DataFrame:
    """Return crafted results whose other uses have these errors; 9 on train and by default."""
    table = crafted().tables()[0].assign(n=30, n_labels=30)
    for use in ALL_USES[2:-1]:
        table[f"{use}_error"] = errors.get(use, 9.0)
    return table


def test_a_use_that_a_result_lacks_is_named() -> None:
    old = results().drop(columns="delta_error")
    with pytest.raises(InputError, match="lack 'delta_error': they are of an older"):
        list(use_errors(old))


def test_errors_are_means_over_splits_by_supervisor_and_use() -> None:
    table = results(delta=0.5)
    [found] = use_errors(table)
    assert list(found.test) == list(ALL_USES)
    assert len(found.test) == 4
    weak = table[table["eval_split"] == "test"].groupby("weak")["weak_error"].mean()
    for (_, name, *_), error in found.test["weak"].items():
        assert error == pytest.approx(weak[name])
    assert (found.valid["delta"] == 0.5).all()
    assert found.n_splits == 2
    assert found.n_labels == 30


def test_numbers_of_labels_stand_beside_each_other_few_first() -> None:
    more = results().assign(labels="100")
    more["n_labels"] = 99
    other = results().assign(labels="100", strong="other", strong_sha256="other")
    groups = beside_each_other(list(use_errors(pd.concat([more, results(), other]))))
    assert [[one.keys["labels"] for one in group] for group in groups] == [["all", "100"], ["100"]]


def test_a_supervisor_that_is_silent_on_hard_molecules_gains_nothing_by_it() -> None:
    """It is compared with direct on the molecules that it speaks of."""
    table = results(delta=0.5, direct=1.0)
    first = table["weak_sha256"] == table["weak_sha256"].iloc[0]
    table.loc[first, "delta_error"], table.loc[first, "direct_error"] = 0.1, 0.15
    [found] = use_errors(table)
    assert found.best("delta")[2] != table["weak_sha256"].iloc[0]
    assert found.valid["delta"].idxmin()[2] == table["weak_sha256"].iloc[0]


def test_null_controls_are_not_advised_on() -> None:
    assert list(use_errors(results().assign(shuffled_labels=True))) == []


def test_a_supervisor_that_is_not_finite_is_never_chosen() -> None:
    table = results()
    first = table["weak"].iloc[0]
    table.loc[(table["weak"] == first) & (table["eval_split"] == "valid"), "w2s_error"] = np.inf
    [found] = use_errors(table)
    assert first not in [place[1] for place in found.valid.index]
    assert len(found.valid) == 3


def by_hand(run: FinishedRun, labels: str) -> tuple[str, str, float, float]:
    rows = run.table("results").query(f"labels == '{labels}'")
    seen, test = (rows[rows["eval_split"] == part].groupby("weak") for part in ("valid", "test"))
    uses = ["weak", "w2s", "delta", "stack", "both"]
    means = {(weak, use): seen[f"{use}_error"].mean()[weak] for use in uses for weak in seen.groups}
    weak, use = min(means, key=lambda pair: means[pair])
    return weak, use, test[f"{use}_error"].mean()[weak], test["direct_error"].mean()[weak]


def test_the_choice_is_the_least_error_on_validation_and_told_with_that_on_test(
    run: FinishedRun,
) -> None:
    [advice] = advise([run], replicates=200)
    assert [one.keys["labels"] for one in advice.group] == ["60", "140"]
    for choice, labels in zip(advice.choices, ("60", "140"), strict=True):
        weak, use, test, direct = by_hand(run, labels)
        assert (choice.weak, choice.use) == (weak, use)
        assert (choice.test, choice.test_direct) == pytest.approx((test, direct))
        assert choice.low < 1 - test / direct < choice.high
    assert advice.choices[0].worth is not None
    assert advice.choices[1].worth is None


def test_losses_are_those_whose_means_results_hold(run: FinishedRun) -> None:
    rows = run.table("results").query("eval_split == 'test' and weak == 'weak-h8-s0'")
    keys = rows.iloc[0]
    found = Losses(Predictions(run)).of(keys, str(keys["family"]), "weak-h8-s0", REGRESSION)
    for use in ("weak", "w2s", "delta", "stack", "both", "direct", "mean", "ceiling"):
        means = found.groupby(["labels", "split"])[use].mean()
        expected = rows.set_index(["labels", "split"])[f"{use}_error"]
        pd.testing.assert_series_equal(
            means.sort_index(), expected.sort_index(), check_names=False, rtol=1e-10
        )


def test_what_is_advised_is_said_in_tables_sentences_and_rows(run: FinishedRun) -> None:
    [advice] = advise([run], replicates=200)
    columns, rows = of_choices([advice])
    assert len(rows) == 2
    assert {"weak", "use", "saved_low", "worth", "direct_test", "sentence"} <= {*columns}
    uses = rendered_uses(advice.group[0])
    assert [row[0] for row in uses.rows] == [words(use) for use in ALL_USES]
    assert {len(row) for row in uses.rows} == {len(uses.columns)}
    budgets = rendered_budgets(advice.group, advice.ranking)
    assert [row[0] for row in budgets.rows] == ["60", "140"]
    assert {len(row) for row in budgets.rows} == {len(budgets.columns)}


def choice(**given: Any) -> Choice:
    [errors] = use_errors(results())
    told = {
        "family": "shipped", "weak": "weak-h8-s0", "use": "delta", "seen": 0.8, "seen_direct": 1.0,
        "seen_mean": 2.0,
        "test": 0.9, "test_direct": 1.0, "test_mean": 2.0, "low": 0.02, "high": 0.2,
    }  # fmt: skip
    return Choice(errors, **{**told, **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "use weak-h8-s0, delta (the supervisor plus a strong head on its residuals). Chosen"),
        (
            {},
            "0.9000, direct 1.0000: 10 % less than direct (95 % interval over molecules: +2 ",
        ),
        ({}, "established)."),
        ({"low": -0.1}, "not established)."),
        ({"test": 1.1, "low": -0.2, "high": 0.0}, "10 % more than direct"),
        ({"seen": 1.0}, "use no supervisor; fit the strong encoder directly. On validation no use"),
        ({"seen_mean": 0.7}, "use no model. On validation none is better than the mean"),
        ({"low": np.nan}, "direct 1.0000."),
        ({"test_mean": 0.8}, "On test the mean of the labels is better than both: 0.8000."),
        ({"test_mean": 0.8, "seen": 1.0}, "is better than both: 0.8000."),
        ({"test": 1e-13}, "weak-h8-s0 knows the labels themselves (error"),
    ],
)
def test_a_sentence_says_what_to_do_and_how_sure_it_is(given: dict[str, Any], said: str) -> None:
    assert said in sentence(choice(**given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {},
            "Over all uses: use weak-h8-s0, delta. Chosen on validation; on test it has 0.900, ",
        ),
        ({}, "10 % less than direct (95 %: +2 to +20 % saved; established)."),
        ({"seen": 1.0}, "Over all uses: use no supervisor; fit the strong encoder directly."),
        ({"test": 1e-13}, "weak-h8-s0 knows the labels themselves"),
    ],
)
def test_below_the_table_of_a_study_the_same_is_said_in_short(
    given: dict[str, Any], said: str
) -> None:
    assert said in in_brief(choice(**given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"seen_mean": 0.7}, "better than the share of class 1 among the labels that there are"),
        ({"test_mean": 0.8}, "On test the share of class 1 among the labels is better than both"),
        ({"test": 1.0000005e-6}, "weak-h8-s0 knows the labels themselves (error 1.000e-06"),
    ],
)
def test_of_classes_it_speaks_of_shares_and_of_the_surest_prediction(
    given: dict[str, Any], said: str
) -> None:
    of_classes = choice(**given)
    errors = replace(of_classes.errors, task=BINARY)
    assert said in sentence(replace(of_classes, errors=errors))
