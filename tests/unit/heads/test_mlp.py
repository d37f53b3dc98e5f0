"""Heads with a hidden layer."""

import numpy as np
import pytest
from head_problems import InPieces, Problem, problem

from w2s_mol.heads import mlp
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.mlp import MlpHead, fit_mlp, fit_mlp_beside
from w2s_mol.heads.ridge import fit_ridge


def curved(seed: int = 0) -> Problem:
    """Labels that are even in a feature: no line says anything of them."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(400, 3))
    y = np.column_stack([np.abs(x[:, 0]), 1e3 + 50 * x[:, 1] * x[:, 2]])
    return Problem(InMemory(x), y, np.arange(300), np.arange(300, 400))


def error(head: MlpHead, made: Problem) -> np.ndarray:
    """Return the squared error on other molecules as a share of the labels' variance."""
    return ((head.predict(made.z) - made.t) ** 2).mean(axis=0) / made.t.var(axis=0)


def test_it_fits_what_no_linear_head_can() -> None:
    made = curved()
    assert (error(fit_ridge(*made), made) > 0.9).all()
    head = fit_mlp(*made)
    assert (error(head, made) < 0.2).all()
    assert np.isnan(head.penalties).all()


def test_it_is_the_network_that_its_numbers_say() -> None:
    made = curved()
    head = fit_mlp(*made, width=5)
    assert head.hidden.shape == (2, 3, 5)
    assert head.outer.shape == (2, 5)
    x = (made.z - made.x.mean(axis=0)) / made.x.std(axis=0)
    for j in range(2):
        units = np.maximum(x @ head.hidden[j] + head.offsets[j], 0)
        expected = units @ head.outer[j] + head.intercepts[j]
        np.testing.assert_allclose(head.predict(made.z)[:, j], expected, rtol=1e-12)


def test_it_is_a_function_of_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp, "_EPOCHS", 5)
    made = problem(40, 4, 2)
    first = fit_mlp(*made, seed=3).predict(made.z)
    assert first.tobytes() == fit_mlp(*made, seed=3).predict(made.z).tobytes()
    assert not np.array_equal(first, fit_mlp(*made, seed=4).predict(made.z))


def test_each_column_is_fitted_as_if_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = problem(40, 6, 3)
    beside = made.labels[:, ::-1].copy()
    rows = (made.learn, made.choose)
    monkeypatch.setattr(mlp, "_AT_ONCE", 2)
    monkeypatch.setattr(mlp, "_EPOCHS", 5)
    together = fit_mlp(*made), fit_mlp_beside(made.features, made.labels, beside, *rows)
    for j in range(3):
        one = [j]
        alone = fit_mlp(*made._replace(labels=made.labels[:, one]))
        np.testing.assert_allclose(
            together[0].columns(one).predict(made.z), alone.predict(made.z), atol=1e-5
        )
        read = fit_mlp_beside(made.features, made.labels[:, one], beside[:, one], *rows)
        here = (made.z, beside[made.choose][:, one])
        np.testing.assert_allclose(
            together[1].columns(one).predict(*here), read.predict(*here), atol=1e-5
        )


def test_the_epoch_is_chosen_on_the_rows_to_choose_on() -> None:
    """Of one descent: another choice is no better there, and noise is not learnt by heart."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(120, 30)), generator.normal(size=(120, 3))
    made = Problem(InMemory(x), y, np.arange(40), np.arange(40, 80))
    chosen = error(fit_mlp(*made), made)
    for others in (np.arange(80, 120), made.learn):
        other = error(fit_mlp(*made[:3], others), made)
        assert (chosen <= other + 1e-6).all()
        assert (chosen < other).any()
    by_heart = fit_mlp(*made[:3], made.learn)
    assert ((by_heart.predict(made.x) - made.y) ** 2).mean() < 0.3
    assert (chosen < 2).all()


def test_weights_of_rows_count_and_their_sum_does_not() -> None:
    made = curved()
    made.labels[made.learn[::2]] += 100  # rows of no weight are as good as not there
    weights = np.ones(len(made.learn))
    weights[::2] = 0
    half = fit_mlp(*made, weights)
    assert error(half, made)[0] < 0.4
    np.testing.assert_allclose(
        half.predict(made.z), fit_mlp(*made, 4 * weights).predict(made.z), rtol=1e-5
    )


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_unit_of_labels_does_not_matter(scale: float) -> None:
    made = problem(60, 4, 2)
    found = fit_mlp(*made._replace(labels=scale * made.labels)).predict(made.z)
    np.testing.assert_allclose(found / scale, fit_mlp(*made).predict(made.z), rtol=1e-4)


def test_labels_that_are_all_alike_are_predicted() -> None:
    made = problem(40, 4, 1)
    head = fit_mlp(*made._replace(labels=np.full((60, 1), 7.0)))
    np.testing.assert_array_equal(head.predict(made.z), 7.0)


def test_labels_that_overflowed_give_no_head() -> None:
    made = problem(40, 4, 1)
    labels = made.labels.copy()
    labels[made.learn[0]] = np.inf
    assert np.isnan(fit_mlp(*made._replace(labels=labels)).predict(made.z)).all()


def test_features_may_come_in_pieces() -> None:
    whole = problem(40, 4, 2)
    pieces = InPieces(whole.features.array, 7)
    found = fit_mlp(pieces, *whole[1:])
    np.testing.assert_allclose(
        found.predict_rows(pieces, whole.choose)[whole.choose],
        fit_mlp(*whole).predict(whole.z),
        rtol=1e-4,
    )
    assert np.isnan(found.predict_rows(pieces, whole.choose)[whole.learn]).all()


def test_a_number_beside_the_features_is_read() -> None:
    made = curved()
    number = made.labels[:, ::-1] + [7.0, 0.0]  # each column reads the other one's label
    labels = made.labels + 3 * np.abs(number - number.mean(axis=0))
    head = fit_mlp_beside(made.features, labels, number, made.learn, made.choose)
    found = head.predict_rows(made.features, made.choose, number)[made.choose]
    left = ((found - labels[made.choose]) ** 2).mean(axis=0) / labels[made.choose].var(axis=0)
    assert (left < 0.2).all()
    number[made.choose[0], 1] = np.nan
    without = head.predict_rows(made.features, made.choose, number)[made.choose[0]]
    assert np.isnan(without).tolist() == [False, True]
