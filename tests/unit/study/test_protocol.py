import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from w2s_mol.study.protocol import _shuffled, protocol_parts, supervise

from w2s_mol.datasets.splits import random_split
from w2s_mol.heads.linear import fit_ols, fit_ridge


def problem(n: int = 120, seed: int = 0):
    generator = np.random.default_rng(seed)
    strong = generator.normal(size=(n, 10))
    truth = strong @ generator.normal(size=10) + 0.1 * generator.normal(size=n)
    weak = [strong[:, :3] + generator.normal(size=(n, 3)), strong[:, :6]]
    return weak, strong, truth


@given(st.integers(0, 1000), st.integers(20, 200))
def test_disjoint_halves_the_train_part_and_nothing_else(seed: int, n: int) -> None:
    split = random_split(n, 0)
    parts = protocol_parts(split, "disjoint", seed)
    halves = np.concatenate([parts["train-weak"], parts["train-strong"]])
    assert sorted(halves) == sorted(split.train)
    assert abs(len(parts["train-weak"]) - len(parts["train-strong"])) <= 1
    np.testing.assert_array_equal(parts["test"], split.test)


def test_no_true_label_but_the_weak_heads_reaches_the_student() -> None:
    """With other true labels the weak head cannot see, the student stays the same."""
    weak, strong, truth = problem()
    split = random_split(len(truth), 0)
    parts = protocol_parts(split, "disjoint", 0)
    unseen = np.concatenate([parts["train-strong"], parts["test"]])
    altered = truth.copy()
    altered[unseen] += np.random.default_rng(1).normal(size=len(unseen)) * 100
    for fit in (fit_ridge, fit_ols):
        before = supervise(weak, strong, truth, parts, fit)
        after = supervise(weak, strong, altered, parts, fit)
        np.testing.assert_allclose(before.w2s, after.w2s, atol=1e-8)
        np.testing.assert_array_equal(before.w2s_penalties, after.w2s_penalties)
        assert not np.allclose(before.ceiling, after.ceiling)


def test_a_students_penalty_is_chosen_on_weak_validation_labels() -> None:
    weak, strong, truth = problem()
    parts = random_split(len(truth), 0).parts()
    found = supervise(weak, strong, truth, parts, fit_ridge)
    train, valid = parts["train"], parts["valid"]
    alone = fit_ridge(strong[train], found.weak[train], strong[valid], found.weak[valid])
    np.testing.assert_array_equal(found.w2s_penalties, alone.penalties)
    np.testing.assert_allclose(found.w2s, alone.predict(strong), atol=1e-8)


def test_supervising_with_itself_gains_nothing() -> None:
    """A student with its supervisor's representation and unpenalised heads copies it."""
    _, strong, truth = problem()
    parts = random_split(len(truth), 0).parts()
    found = supervise([strong], strong, truth, parts, fit_ols)
    np.testing.assert_allclose(found.w2s, found.weak, atol=1e-8)


@pytest.mark.parametrize("protocol", ["paper", "disjoint"])
@pytest.mark.parametrize("fit", [fit_ridge, fit_ols])
def test_self_supervision_is_fitting_each_representation_alone(fit, protocol) -> None:
    weak, _, truth = problem()
    parts = protocol_parts(random_split(len(truth), 0), protocol, 0)
    found = supervise(weak, None, truth, parts, fit)
    train, valid = parts["train" if protocol == "paper" else "train-strong"], parts["valid"]
    for column, x in enumerate(weak):
        for labels, predictions, penalties in (
            (found.weak[:, [column]], found.w2s, found.w2s_penalties),
            (truth[:, None], found.ceiling, found.ceiling_penalties),
        ):
            head = fit(x[train], labels[train], x[valid], labels[valid])
            np.testing.assert_allclose(predictions[:, [column]], head.predict(x), atol=1e-8)
            np.testing.assert_array_equal(penalties[[column]], head.penalties)


@pytest.mark.parametrize("own", [True, False])
def test_self_supervision_leaves_the_weak_models_as_they_are(own: bool) -> None:
    weak, strong, truth = problem()
    parts = random_split(len(truth), 0).parts()
    one = supervise(weak, None if own else strong, truth, parts, fit_ridge)
    for column, x in enumerate(weak):
        alone = supervise([x], None if own else strong, truth, parts, fit_ridge)
        np.testing.assert_allclose(one.weak[:, [column]], alone.weak, atol=1e-10)
        np.testing.assert_allclose(one.w2s[:, [column]], alone.w2s, atol=1e-8)
        np.testing.assert_allclose(one.ceiling[:, [column]], alone.ceiling, atol=1e-8)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("protocol", ["paper", "disjoint"])
def test_shuffled_weak_labels_reach_the_students_alone(protocol, own: bool) -> None:
    weak, strong, truth = problem()
    strong = None if own else strong
    parts = protocol_parts(random_split(len(truth), 0), protocol, 0)
    plain = supervise(weak, strong, truth, parts, fit_ridge)
    first, again, other = (
        supervise(weak, strong, truth, parts, fit_ridge, shuffle_seed=s) for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.weak, plain.weak)
    np.testing.assert_allclose(first.ceiling, plain.ceiling, atol=1e-8)
    np.testing.assert_array_equal(first.w2s, again.w2s)
    for one, two in ((first, plain), (first, other)):
        assert not np.allclose(one.w2s, two.w2s, rtol=0, atol=1e-6)


def test_a_students_penalty_is_chosen_on_shuffled_validation_labels_too() -> None:
    weak, strong, truth = problem()
    parts = random_split(len(truth), 0).parts()
    train, valid = parts["train"], parts["valid"]
    found = supervise(weak, strong, truth, parts, fit_ridge, shuffle_seed=2)
    labels = _shuffled(found.weak, [train, valid], 2)
    expected = fit_ridge(strong[train], labels[train], strong[valid], labels[valid])
    np.testing.assert_array_equal(found.w2s_penalties, expected.penalties)
    np.testing.assert_allclose(found.w2s, expected.predict(strong), atol=1e-8)
    unshuffled = fit_ridge(strong[train], labels[train], strong[valid], found.weak[valid])
    assert not np.array_equal(found.w2s_penalties, unshuffled.penalties)


def test_shuffled_weak_labels_teach_nothing() -> None:
    weak, strong, truth = problem(2000)
    parts = random_split(len(truth), 0).parts()
    plain, shuffled = (
        supervise(weak, strong, truth, parts, fit_ridge, shuffle_seed=s).w2s[parts["test"], 1]
        for s in (None, 0)
    )
    held = truth[parts["test"]]
    assert np.mean((plain - held) ** 2) < 0.8 * held.var()
    assert np.mean((shuffled - held) ** 2) > 0.95 * held.var()


@given(st.integers(0, 1000))
def test_labels_are_permuted_among_the_molecules_of_their_part(seed: int) -> None:
    """Each row keeps its supervisors' labels together; other parts keep theirs."""
    labels = np.random.default_rng(seed).normal(size=(30, 2))
    parts = [np.arange(0, 12), np.arange(15, 25)]
    found = _shuffled(labels, parts, seed)
    for rows in parts:
        assert sorted(map(tuple, found[rows])) == sorted(map(tuple, labels[rows]))
        assert not np.array_equal(found[rows], labels[rows])
    rest = np.setdiff1d(np.arange(30), np.concatenate(parts))
    np.testing.assert_array_equal(found[rest], labels[rest])
