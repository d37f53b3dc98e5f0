import numpy as np
import pytest

from w2s_mol.statistics.sample import Sample, training_factor


def made(m: int = 30, k: int = 4) -> Sample:
    """Influences of two quantities, which sum to zero over the units."""
    generator = np.random.default_rng(0)
    influences = generator.normal(size=(m, 2, k))
    return Sample(
        ("gain", "misfit"), generator.normal(size=(2, k)), influences - influences.mean(axis=0)
    )


def test_a_quantity_is_found_by_its_name() -> None:
    sample = made()
    for place, name in enumerate(sample.names):
        observed, influences = sample.of(name)
        np.testing.assert_array_equal(observed, sample.observed[place])
        np.testing.assert_array_equal(influences, sample.influences[:, place])


def test_the_influences_of_a_difference_are_the_differences_of_influences() -> None:
    sample = made()
    (gain, of_gain), (misfit, of_misfit) = sample.of("gain"), sample.of("misfit")
    difference, influences = sample.minus("gain", "misfit")
    np.testing.assert_array_equal(difference, gain - misfit)
    np.testing.assert_array_equal(influences, of_gain - of_misfit)
    assert not sample.minus("gain", "gain")[1].any()


def test_the_influence_of_a_group_is_the_sum_of_its_molecules() -> None:
    """Grown by what few groups understate, n / (n - 1) of the variance."""
    sample = made(m=6)
    found = sample.grouped(np.array([0, 1, 0, 2, 2, 2]))
    np.testing.assert_array_equal(found.observed, sample.observed)
    grown = np.sqrt(3 / 2)
    np.testing.assert_allclose(found.influences[0], grown * sample.influences[[0, 2]].sum(axis=0))
    np.testing.assert_allclose(found.influences[1], grown * sample.influences[1])
    np.testing.assert_allclose(found.influences[2], grown * sample.influences[3:].sum(axis=0))
    np.testing.assert_allclose(found.influences.sum(axis=0), 0, atol=1e-12)


def test_molecules_that_err_alike_make_a_mean_less_sure() -> None:
    """Four copies of each molecule: the variance is that of a quarter of them."""
    few = np.random.default_rng(0).normal(size=(50, 1, 1))
    alike = np.repeat(few - few.mean(), 4, axis=0)
    sample = Sample(("gain",), np.zeros((1, 1)), alike)
    variance = (sample.influences**2).sum()
    of_groups = (sample.grouped(np.repeat(np.arange(50), 4)).influences ** 2).sum()
    assert of_groups == pytest.approx(4 * variance * 50 / 49)


def test_all_molecules_in_one_group_leave_nothing_to_divide_by() -> None:
    assert np.isfinite(made().grouped(np.zeros(30, dtype=np.int64)).influences).all()


@pytest.mark.parametrize("splits", [1, 2, 5])
def test_the_variance_grows_by_nadeau_and_bengios_part_for_training(splits: int) -> None:
    """Of J splits with other test molecules: (1/J + n_test / n_train) over 1/J."""
    n = 20
    weights = np.full(splits * n, 1 / (splits * n))
    found = training_factor([n] * splits, [80] * splits, weights)
    assert found == pytest.approx((1 / splits + n / 80) * splits)


def test_splits_of_the_same_test_molecules_are_no_more_sure_than_one() -> None:
    weights = np.full(20, 1 / 20)
    assert training_factor([20] * 5, [80] * 5, weights) == pytest.approx(1 + 20 / 80)


def test_heads_of_fewer_molecules_than_measure_them_at_most_double_the_variance() -> None:
    assert training_factor([20], [5], np.full(20, 1 / 20)) == pytest.approx(2)
    assert training_factor([20], [0], np.full(20, 1 / 20)) == pytest.approx(2)
