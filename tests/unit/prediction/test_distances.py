import numpy as np

from w2s_mol.heads.linear import Scaler
from w2s_mol.prediction.distances import Neighbourhood


def test_a_percentile_is_the_share_of_training_molecules_that_are_no_farther() -> None:
    generator = np.random.default_rng(0)
    train, new = generator.normal(size=(50, 3)), 2 * generator.normal(size=(20, 3))
    scaler = Scaler(np.array([1.0, 0, 0]), np.array([2.0, 1, np.inf]))
    near = Neighbourhood.of(train, scaler)
    assert near
    a, b = (((x - scaler.mean) / [2.0, 1, 1.5]) for x in (train, new))
    among = [min(np.linalg.norm(a[i] - a[j]) for j in range(50) if j != i) for i in range(50)]
    of_new = [min(np.linalg.norm(x - y) for y in a) for x in b]
    expected = [100 * np.mean(np.array(among) <= d) for d in of_new]
    np.testing.assert_allclose(near.percentiles(new), expected, atol=2.01)  # float32 ties
    assert len(set(expected)) > 5
    new[3] = np.nan
    assert np.isnan(near.percentiles(new)).tolist() == [i == 3 for i in range(20)]


def test_training_molecules_are_at_no_distance_and_what_is_far_is_beyond_all() -> None:
    train = np.random.default_rng(0).normal(size=(40, 4))
    near = Neighbourhood.of(train, Scaler(np.zeros(4), np.ones(4)))
    assert near
    assert near.percentiles(train).max() == 0
    assert near.percentiles(np.full((1, 4), 30.0)).tolist() == [100]


def test_what_no_training_molecule_has_is_far_though_the_head_does_not_see_it() -> None:
    train = np.random.default_rng(0).normal(size=(40, 4))
    train[:, 3] = 0
    scaler = Scaler(np.zeros(4), np.array([1, 1, 1, np.inf]))
    near = Neighbourhood.of(train, scaler)
    assert near
    new = train[:2] + np.array([[0, 0, 0, 0], [0, 0, 0, 9]])
    assert near.percentiles(new).tolist() == [0, 100]


def test_of_one_molecule_there_is_none() -> None:
    assert Neighbourhood.of(np.zeros((1, 4)), Scaler(np.zeros(4), np.ones(4))) is None
