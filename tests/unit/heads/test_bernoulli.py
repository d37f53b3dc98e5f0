import numpy as np
import pytest
from scipy.special import expit, rel_entr

from w2s_mol.heads.bernoulli import LOSSES

LOGITS = np.linspace(-4, 4, 9)[:, None] * np.ones(5)
LABELS = np.array([0.01, 0.3, 0.5, 0.8, 0.99]) * np.ones((9, 1))


def kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return rel_entr(p, q) + rel_entr(1 - p, 1 - q)


def test_cross_entropy_is_the_forward_divergence_and_the_labels_entropy() -> None:
    found, _ = LOSSES["cross-entropy"].of(LOGITS, LABELS)
    entropy = -(LABELS * np.log(LABELS) + (1 - LABELS) * np.log(1 - LABELS))
    np.testing.assert_allclose(found, kl(LABELS, expit(LOGITS)) + entropy)


def test_reverse_kl_is_the_divergence_of_the_prediction_from_the_label() -> None:
    found, _ = LOSSES["reverse-kl"].of(LOGITS, LABELS)
    np.testing.assert_allclose(found, kl(expit(LOGITS), LABELS), atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_slopes_are_the_losses_derivatives(loss) -> None:
    step = 1e-6
    above, below = (loss.of(LOGITS + s, LABELS)[0] for s in (step, -step))
    np.testing.assert_allclose(loss.of(LOGITS, LABELS)[1], (above - below) / (2 * step), atol=1e-8)
