"""ROC curves are those of scikit-learn, ties too."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from w2s_mol.inspection.roc import roc


@pytest.mark.parametrize("digits", [1, 12])
def test_curves_are_those_of_scikit_learn(digits: int) -> None:
    generator = np.random.default_rng(0)
    truth = (generator.random(200) < 0.3).astype(float)
    score = np.round(0.3 * truth + generator.random(200), digits)
    wrong, right = roc(truth, score)
    expected_wrong, expected_right, _ = roc_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(wrong, expected_wrong)
    np.testing.assert_allclose(right, expected_right)
    area = (np.diff(wrong) * (right[1:] + right[:-1]) / 2).sum()
    assert area == pytest.approx(roc_auc_score(truth, score))
