import numpy as np
import pytest
from head_problems import InPieces, problem

from w2s_mol.heads import matrix
from w2s_mol.heads.descent import fit_adamw
from w2s_mol.heads.least_squares import fit_ols
from w2s_mol.heads.linear import Scaler
from w2s_mol.heads.matrix import InMemory, gathered
from w2s_mol.heads.ridge import fit_ridge


def test_an_array_is_read_block_by_block_in_the_order_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matrix, "BLOCK", 3)
    array = np.arange(20.0).reshape(10, 2)
    rows = np.array([7, 1, 9, 1, 4])
    found = list(InMemory(array).blocks(rows))
    assert [places.tolist() for places, _ in found] == [[0, 1, 2], [3, 4]]
    np.testing.assert_array_equal(np.vstack([block for _, block in found]), array[rows])
    assert InMemory(array).shape == (10, 2)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_what_is_gathered_is_in_the_order_asked_for(size: int) -> None:
    array = np.arange(20, dtype=np.float32).reshape(10, 2)
    rows = np.array([7, 1, 9, 1, 4])
    found = gathered(InPieces(array, size), rows)
    np.testing.assert_array_equal(found, array[rows])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(gathered(InMemory(array), rows), array[rows])


def test_no_rows_give_no_features() -> None:
    none = np.array([], dtype=np.int64)
    assert gathered(InMemory(np.ones((4, 3))), none).shape == (0, 3)
    assert gathered(InPieces(np.ones((4, 3)), 2), none).shape == (0, 3)


@pytest.mark.parametrize("fit", [fit_ridge, fit_ols])
@pytest.mark.parametrize(("n", "d"), [(300, 8), (30, 90)])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_in_any_order_give_the_same_heads(fit, n: int, d: int, size: int) -> None:
    whole = problem(n, d, 3)
    pieces = whole._replace(features=InPieces(whole.features.array, size))
    one, other = fit(*whole), fit(*pieces)
    expected = one.predict(whole.features.array)
    found = other.predict_rows(pieces.features, np.arange(n + 20))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_array_equal(one.penalties, other.penalties)


def test_pieces_in_any_order_give_the_same_scaler_and_descent() -> None:
    whole = problem(60, 5, 2)
    pieces = InPieces(whole.features.array, 7)
    one, other = Scaler.fit(whole.features, whole.learn), Scaler.fit(pieces, whole.learn)
    np.testing.assert_allclose(other.mean, one.mean, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(other.scale, one.scale, rtol=1e-12)
    descended = [
        fit_adamw(features, *whole[1:], epochs=3).predict(whole.z)
        for features in (whole.features, pieces)
    ]
    np.testing.assert_allclose(*descended, atol=1e-6)
