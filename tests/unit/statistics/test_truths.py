import numpy as np
import pytest
from crafted_study import crafted

from w2s_mol.statistics.intervals import of_draws
from w2s_mol.statistics.truths import FEWEST, Noise, draws_of_truth, streams_of

MOLECULES = 80
SUPERVISORS = 10


def measured(
    truth: np.ndarray, noise: float, seed: int, molecules: int = MOLECULES
) -> tuple[np.ndarray, np.ndarray]:
    """Measure quantities, (t, k), on molecules, half of whose noise all supervisors share."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(molecules, *truth.shape[:1], 1))
    terms = truth + noise * np.sqrt(molecules / 2) * (
        shared + generator.normal(size=(molecules, *truth.shape))
    )
    influences = (terms - terms.mean(axis=0)) / np.sqrt(molecules * (molecules - 1))
    return terms.mean(axis=0), influences


def draws(
    observed: np.ndarray, influences: np.ndarray, n: int = 200, seed: int = 0, **given
) -> np.ndarray | None:
    generator = np.random.default_rng(seed)
    return draws_of_truth(observed, influences, Noise(n, seed), generator, **given)


def truths_of(seed: int, correlation: float = 0.8, k: int = SUPERVISORS) -> np.ndarray:
    """Two quantities of supervisors, correlated as given in these very supervisors."""
    generator = np.random.default_rng(seed)
    both = np.linalg.qr(np.column_stack([np.ones(k), generator.normal(size=(k, 2))]))[0][:, 1:]
    mixed = np.array([[1.0, 0.0], [correlation, np.sqrt(1 - correlation**2)]])
    found: np.ndarray = np.sqrt(k) * mixed @ both.T
    return found


def correlations(found: np.ndarray) -> np.ndarray:
    centred = found - found.mean(axis=-1, keepdims=True)
    one, two = centred[..., 0, :], centred[..., 1, :]
    below = np.sqrt((one**2).sum(axis=-1) * (two**2).sum(axis=-1))
    correlated: np.ndarray = (one * two).sum(axis=-1) / below
    return correlated


def test_draws_have_a_value_for_each_quantity_and_supervisor() -> None:
    found = draws(*measured(truths_of(0), 0.5, 0))
    assert found is not None
    assert found.shape == (200, 2, SUPERVISORS)
    assert np.isfinite(found).all()


def test_without_noise_draws_are_what_was_measured() -> None:
    observed, influences = measured(truths_of(0), 1e-6, 0)
    found = draws(observed, influences)
    assert found is not None
    np.testing.assert_allclose(found, np.broadcast_to(observed, found.shape), atol=1e-5)


def test_the_same_seed_gives_the_same_draws() -> None:
    given = measured(truths_of(0), 0.5, 0)
    one, again, other = (draws(*given, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.isclose(one, other).any(axis=(1, 2)).all()


def test_a_unit_goes_through() -> None:
    observed, influences = measured(truths_of(0), 0.5, 0)
    unit = np.array([[100.0], [0.01]])
    one, other = draws(observed, influences), draws(unit * observed, unit * influences)
    assert one is not None
    np.testing.assert_allclose(other, unit * one, rtol=1e-4, atol=1e-6)


def test_noise_that_hides_all_differences_leaves_no_correlation_to_claim() -> None:
    nothing = np.zeros((2, SUPERVISORS))
    found = draws(*measured(nothing, 1.0, 3), n=1000)
    assert found is not None
    interval = of_draws(correlations(found))
    assert interval.low < 0 < interval.high
    assert found.std(axis=2).mean() < 1.0


def test_differences_shrink_and_means_do_not() -> None:
    truth = 0.5 * truths_of(0) + 7.0
    observed, influences = measured(truth, 0.5, 0)
    found = draws(observed, influences, n=2000)
    assert found is not None
    np.testing.assert_allclose(found.mean(axis=(0, 2)), observed.mean(axis=1), atol=0.05)
    assert (found.mean(axis=0).std(axis=1) < observed.std(axis=1)).all()


def test_what_truths_may_depend_on_is_not_shrunk() -> None:
    """A covariate that explains all differences: they are left as measured, on average."""
    known = np.linspace(-1, 1, SUPERVISORS)[:, None]
    observed, influences = measured(known.T.copy(), 0.5, 0)
    slopes = {}
    for name, given in (("with", {"covariates": known}), ("without", {})):
        found = draws(observed, influences, n=2000, **given)
        assert found is not None
        slopes[name] = (found[:, 0] @ known)[:, 0].mean() / (known**2).sum()
    of_measured = (observed @ known)[0, 0] / (known**2).sum()
    assert slopes["with"] == pytest.approx(of_measured, abs=0.05)
    assert slopes["without"] < slopes["with"]


def test_too_few_supervisors_have_no_draws() -> None:
    """A covariate takes one more."""
    for k, is_enough in ((FEWEST - 1, False), (FEWEST, True)):
        observed, influences = measured(truths_of(0, k=k), 0.5, 0)
        assert (draws(observed, influences) is not None) == is_enough
        assert draws(observed, influences, covariates=np.arange(k)[:, None]) is None


def test_where_nothing_varies_or_is_known_there_are_no_draws() -> None:
    observed, influences = measured(truths_of(0), 0.5, 0)
    assert draws(observed, np.zeros_like(influences)) is None
    assert draws(observed, influences * [[np.nan], [1.0]]) is None


def test_one_quantity_that_is_another_is_not_refused() -> None:
    """A strong model that cannot follow: gain is misfit, and the correlation one."""
    observed, influences = measured(truths_of(0), 0.5, 0)
    found = draws(observed[[0, 0]], influences[:, [0, 0]])
    assert found is not None
    assert (correlations(found) > 0.99).all()


def test_studies_on_the_same_molecules_share_their_noise_and_nothing_else() -> None:
    one = crafted().cases()
    other = crafted(keys={"head": "ols"}).cases()
    elsewhere = crafted(seed=1).cases()
    (noise, own), (same, others), (apart, _) = (
        streams_of(cases, 20, 0) for cases in (one, other, elsewhere)
    )
    influences = np.eye(30)
    np.testing.assert_array_equal(noise.of(influences), same.of(influences))
    assert noise.of(influences).shape == (20, 30)
    assert own.normal() != others.normal()
    assert not np.isclose(noise.of(influences), apart.of(influences)).any()


def test_copies_of_a_supervisor_say_nothing_new_and_their_order_nothing_at_all() -> None:
    observed, influences = measured(truths_of(3), 0.5, 3)
    alone = draws(observed, influences)
    assert alone is not None
    twice = [*range(observed.shape[1]), 0, 0, 1]
    np.testing.assert_allclose(
        draws(observed[:, twice], influences[:, :, twice]), alone[:, :, twice]
    )
    turned = np.arange(observed.shape[1])[::-1]
    other = draws(observed[:, turned], influences[:, :, turned])
    np.testing.assert_allclose(other, alone[:, :, turned])


def test_supervisors_that_differ_by_rounding_alone_are_not_drawn() -> None:
    generator = np.random.default_rng(0)
    one = generator.normal(size=(40, 1, 1)) * np.ones((1, 1, 12)) / 40
    observed = 1 + 1e-16 * generator.normal(size=(1, 12))
    assert draws(observed, one + 1e-18 * generator.normal(size=one.shape)) is None


def test_intervals_of_a_correlation_hold_the_truth_where_those_of_resampling_do_not() -> None:
    """Noise attenuates a correlation, and resampled molecules add it a second time."""
    truth_of_all = 0.8
    held, held_by_percentiles = 0, 0
    for study in range(100):
        observed, influences = measured(
            truths_of(study, truth_of_all, k=20), 0.6, 1000 + study, molecules=60
        )
        found = draws(observed, influences, seed=study)
        assert found is not None
        interval = of_draws(correlations(found))
        held += interval.low <= truth_of_all <= interval.high
        resampled = np.random.default_rng(study).multinomial(60, np.full(60, 1 / 60), size=200)
        replicated = observed + np.einsum("rm,mtk->rtk", resampled - 1.0, influences)
        low, high = np.quantile(correlations(replicated), [0.025, 0.975])
        held_by_percentiles += low <= truth_of_all <= high
    assert held >= 85
    assert held_by_percentiles < 50
