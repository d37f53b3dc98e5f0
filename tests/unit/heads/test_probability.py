import numpy as np

from w2s_mol.heads.probability import LEAST, logit, probability, within


def test_a_probability_and_its_logit_are_each_others_inverse() -> None:
    p = np.array([LEAST, 0.1, 0.5, 0.9, 1 - LEAST])
    np.testing.assert_allclose(probability(logit(p)), p, rtol=1e-9)


def test_certainty_counts_as_almost_that() -> None:
    assert within(np.array([0.0, 1.0])).tolist() == [LEAST, 1 - LEAST]
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert np.isnan(within(np.array([np.nan]))).all()
