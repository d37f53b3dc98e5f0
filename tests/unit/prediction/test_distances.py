import numpy as np

from w2s_mol.prediction.distances import percentiles_among


def test_a_percentile_is_the_share_of_training_molecules_that_are_no_farther() -> None:
    generator = np.random.default_rng(0)
    train, new = generator.normal(size=(50, 3)), 2 * generator.normal(size=(20, 3))
    near = percentiles_among(np.vstack([train, np.full(3, np.nan)]))
    assert near
    a, b = (((x - train.mean(axis=0)) / train.std(axis=0)) for x in (train, new))
    among = [min(np.linalg.norm(a[i] - a[j]) for j in range(50) if j != i) for i in range(50)]
    of_new = [min(np.linalg.norm(x - y) for y in a) for x in b]
    expected = [100 * np.mean(np.array(among) <= d) for d in of_new]
    assert len(set(expected)) > 5
    np.testing.assert_allclose(near.of(new), expected)
    new[3] = np.nan
    assert np.isnan(near.of(new)).tolist() == [i == 3 for i in range(20)]


def test_training_molecules_are_at_no_distance_and_what_is_far_is_beyond_all() -> None:
    train = np.random.default_rng(0).normal(size=(40, 4)).repeat(30, axis=0)[:1100]
    near = percentiles_among(train[::30])
    assert near
    assert (near.of(train) == 0).all()  # in several pieces
    assert near.of(np.full((1, 4), 30.0)).tolist() == [100]


def test_of_one_molecule_there_are_none() -> None:
    assert percentiles_among(np.zeros((1, 4))) is None
    assert percentiles_among(np.array([[1.0], [np.nan]])) is None
