import math
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from w2s_mol.tasks.contract import Predicted, Ratio, Task, Term, recovered
from w2s_mol.tasks.registry import REGRESSION, TASKS, task_of
from w2s_mol.tasks.regression import Regression


class WithBias(Regression):
    """A task of a term and a ratio more than another."""

    name = "biased"
    terms = (*Regression.terms, Term("bias", "bias", "student - truth", lambda p: p.w2s - p.truth))
    ratios = (
        *Regression.ratios,
        Ratio("share", "share", "bias / gain", lambda means: means["bias"] / means["gain"]),
    )


def predicted(n: int = 6) -> Predicted:
    return Predicted(*np.random.default_rng(0).normal(size=(4, n)))


def of_kind(task: Task) -> Predicted:
    """Return predictions that are of a task's kind of labels."""
    if task.name != "binary":
        return predicted()
    truth, p = np.array([0.0, 1, 1, 0, 1, 0]), np.random.default_rng(0).random((3, 6))
    return Predicted(truth, *p)


@pytest.mark.parametrize("task", [*TASKS.values(), WithBias()], ids=lambda task: task.name)
def test_every_quantity_has_a_name_of_its_own_and_words(task: Task) -> None:
    names = task.names()
    assert len(set(names)) == len(names) == len(task.terms) + len(task.ratios)
    words = [quantity.words for quantity in task.quantities()]
    assert len(set(words)) == len(words)
    for quantity in task.quantities():
        assert quantity.name.isidentifier()
        assert quantity.words.strip()
        assert quantity.what.strip()
        assert task.words(quantity.name) == quantity.words
    assert task.error.strip()


@pytest.mark.parametrize("task", [*TASKS.values(), WithBias()], ids=lambda task: task.name)
def test_results_are_the_means_of_the_terms_and_their_ratios(task: Task) -> None:
    of = of_kind(task)
    terms, found = task.per_molecule(of), task.measured(of)
    assert tuple(terms) == tuple(term.name for term in task.terms)
    assert tuple(found) == task.names()
    means = {name: float(np.mean(term)) for name, term in terms.items()}
    assert {name: found[name] for name in means} == means
    for ratio in task.ratios:
        np.testing.assert_equal(found[ratio.name], ratio.of(means))


def test_a_term_of_a_subclass_appears_by_itself() -> None:
    of = predicted()
    task = WithBias()
    assert task.names() == (
        *(term.name for term in Regression.terms), "bias",
        *(ratio.name for ratio in Regression.ratios), "share",
    )  # fmt: skip
    np.testing.assert_array_equal(task.per_molecule(of)["bias"], of.w2s - of.truth)
    found = task.measured(of)
    assert found["bias"] == pytest.approx(np.mean(of.w2s - of.truth))
    assert found["share"] == found["bias"] / found["gain"]
    assert {name: found[name] for name in REGRESSION.names()} == pytest.approx(
        REGRESSION.measured(of), nan_ok=True
    )


def test_molecules_of_which_the_supervisor_says_nothing_do_not_count() -> None:
    of = predicted(9)
    said = np.array([True, False, True, True, False, True, True, True, False])
    silent = replace(of, weak=np.where(said, of.weak, np.nan))
    rest = Predicted(of.truth[said], of.weak[said], of.w2s[said], of.ceiling[said])
    assert REGRESSION.measured(silent) == pytest.approx(REGRESSION.measured(rest), nan_ok=True)


def test_nothing_is_measured_where_the_supervisor_says_nothing() -> None:
    found = REGRESSION.measured(replace(predicted(), weak=np.full(6, np.nan)))
    assert tuple(found) == REGRESSION.names()
    assert all(math.isnan(value) for value in found.values())


def test_what_is_too_large_to_square_is_not_warned_of() -> None:
    """Whoever is not finite is left out, and named, where results are read."""
    found = REGRESSION.measured(Predicted(*np.full((4, 2), [[0.0], [1e200], [0.0], [0.0]])))
    assert found["weak_error"] == math.inf


def test_a_mean_is_called_so_unless_the_task_says_otherwise() -> None:
    term = Term("bias", "bias", "student - truth", lambda p: p.w2s)
    assert term.mean_words == "mean bias"
    assert replace(term, mean_in_words="").mean_words == ""
    assert replace(term, mean_in_words="its mean").mean_words == "its mean"


def test_results_say_whose_they_are_and_old_ones_are_of_regression() -> None:
    assert {name: task.name for name, task in TASKS.items()} == {name: name for name in TASKS}
    assert task_of(pd.DataFrame({"task_kind": ["regression"]})) is REGRESSION
    assert task_of(pd.DataFrame({"gain": [1.0]})) is REGRESSION


def test_a_task_that_another_process_was_given_is_the_same_task() -> None:
    for task in TASKS.values():
        copy = pickle.loads(pickle.dumps(task))
        assert [other.name for other in TASKS.values() if other == copy] == [task.name]
        assert hash(copy) == hash(task)


def test_no_gap_is_recovered_where_there_is_none_but_rounding() -> None:
    assert recovered(0.5, 0.4, 0.3) == pytest.approx(0.5)
    assert math.isnan(recovered(0.3, 0.2, 0.3))
    assert math.isnan(recovered(0.3, 0.2, 0.3 - 1e-11))
