import numpy as np
import pytest
from head_problems import Problem, problem
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from w2s_mol.heads import ridge
from w2s_mol.heads.linear import Scaler
from w2s_mol.heads.penalties import PENALTIES
from w2s_mol.heads.ridge import RidgePath, _eigen, fit_ridge


def every_fit(of: Problem) -> np.ndarray:
    """Return what each penalty of the path predicts for the molecules to choose on."""
    path = RidgePath.fit(of.features, of.labels, of.learn)
    k = of.labels.shape[1]
    heads = [path.head(np.full(k, place)) for place in range(len(PENALTIES))]
    return np.stack([head.predict(of.z) for head in heads])


@pytest.mark.parametrize(("n", "d"), [(60, 8), (30, 90), (40, 40)])
def test_every_ridge_fit_of_the_path_is_scikit_learns(n: int, d: int) -> None:
    made = problem(n, d, 3)
    scaler = Scaler.fit(made.features, made.learn)
    for penalty, predicted in zip(PENALTIES, every_fit(made), strict=True):
        model = Ridge(alpha=penalty, solver="svd").fit(scaler.transform(made.x), made.y)
        np.testing.assert_allclose(predicted, model.predict(scaler.transform(made.z)), atol=1e-8)


@pytest.mark.parametrize(("n", "d"), [(60, 8), (30, 90)])
def test_heads_of_one_matrix_and_the_same_molecules_share_its_factorisation(
    n: int, d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, again = problem(n, d, 2), problem(n, d, 2)
    expected = RidgePath.fit(again.features, again.labels, again.learn).coordinates
    factorised = []

    def eigen(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        factorised.append(len(gram))
        return _eigen(gram)

    monkeypatch.setattr(ridge, "_eigen", eigen)
    for labels in (made.labels[:, ::-1].copy(), made.labels):
        found = RidgePath.fit(made.features, labels, made.learn)
    np.testing.assert_array_equal(found.coordinates, expected)
    assert len(factorised) == 1
    RidgePath.fit(made.features, made.labels, made.learn[:-1])
    RidgePath.fit(made.features, made.labels, made.learn[:-1], np.ones(len(made.learn) - 1))
    RidgePath.fit(problem(n, d, 2).features, made.labels, made.learn)
    assert len(factorised) == 4
    assert ridge._last is None  # the matrix is gone, and what was made of it


def test_a_chosen_head_predicts_what_its_place_on_the_path_does() -> None:
    made = problem(50, 12, 4)
    chosen = np.array([0, 5, 20, 32])
    head = RidgePath.fit(made.features, made.labels, made.learn).head(chosen)
    everything = every_fit(made)
    expected = np.column_stack([everything[p, :, k] for k, p in enumerate(chosen)])
    np.testing.assert_allclose(head.predict(made.z), expected, atol=1e-10)
    np.testing.assert_array_equal(head.penalties, PENALTIES[chosen])


@pytest.mark.parametrize(("n", "d"), [(60, 8), (50, 12), (30, 90), (40, 40)])
@pytest.mark.parametrize("times", [1, 20])
def test_each_columns_penalty_is_the_best_on_its_own_labels(n: int, d: int, times: int) -> None:
    """Its errors are those of the residuals, also where molecules are many and are condensed."""
    made = problem(n, d, 3)
    made = made._replace(choose=np.tile(made.choose, times))
    direct = np.mean((every_fit(made) - made.t) ** 2, axis=1)
    path = RidgePath.fit(made.features, made.labels, made.learn)
    found = path.errors(made.features, made.labels, made.choose)
    np.testing.assert_allclose(found, direct, rtol=1e-12)
    head = fit_ridge(*made)
    np.testing.assert_array_equal(head.penalties, PENALTIES[direct.argmin(axis=0)])


@pytest.mark.parametrize(("n", "d"), [(400, 8), (30, 90)])
def test_the_penalty_is_right_where_a_student_copies_its_supervisor(n: int, d: int) -> None:
    """Its errors are then rounding beside the labels, and none of it may get lost."""
    made = problem(n, d, 1)
    said = fit_ridge(*made).predict(made.features.array)
    student = made._replace(labels=said, choose=np.tile(made.choose, 60))
    direct = np.mean((every_fit(student) - student.t) ** 2, axis=1)
    path = RidgePath.fit(student.features, student.labels, student.learn)
    found = path.errors(student.features, student.labels, student.choose)
    size = np.sqrt(np.mean(student.t**2))
    assert np.sqrt(direct.min()) < 1e-3 * size
    np.testing.assert_allclose(np.sqrt(found), np.sqrt(direct), rtol=0, atol=1e-12 * size)
    assert fit_ridge(*student).penalties[0] == PENALTIES[direct.argmin()]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_predictions_follow_the_units_of_the_labels(seed: int, scale: float, shift: float) -> None:
    made = problem(30, 6, 2, seed)
    plain = fit_ridge(*made).predict(made.z)
    moved = fit_ridge(*made._replace(labels=scale * made.labels + shift)).predict(made.z)
    np.testing.assert_allclose(moved, scale * plain + shift, rtol=1e-6, atol=1e-6 * max(1, scale))
