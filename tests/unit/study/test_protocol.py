import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from w2s_mol.datasets.splits import random_split
from w2s_mol.heads.linear import fit_ols, fit_ridge
from w2s_mol.study.protocol import protocol_parts, supervise


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
