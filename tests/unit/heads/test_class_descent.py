import numpy as np
import pytest
import torch

from w2s_mol.heads.class_descent import _Entropies, entropies, fit_class_adamw
from w2s_mol.heads.fitter import Given
from w2s_mol.heads.logistic import fit_logistic_at
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.probability import logit, probability
from w2s_mol.heads.rules import Confidence

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(120, 3))
SOFT = probability(X @ GENERATOR.normal(size=(3, 2)) + [0.5, -1])
LEARN, CHOOSE = np.arange(80), np.arange(80, 120)


def fitted(labels=SOFT, given=Given(), confidence=Confidence(), epochs=150, loss="cross-entropy"):  # noqa: B008
    return fit_class_adamw(
        InMemory(X), labels, LEARN, CHOOSE, given, loss, confidence, epochs, seed=1
    )


def test_descent_comes_to_where_the_solver_is() -> None:
    found = fitted(epochs=1500).predict(X)
    expected = fit_logistic_at(InMemory(X), SOFT, LEARN, 1e-4).predict(X)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_losses_are_those_of_the_solver() -> None:
    from w2s_mol.heads.bernoulli import LOSSES

    logits, labels = np.array([[-3.0, 0.2]]), np.array([[0.3, 0.9]])
    for name, loss in LOSSES.items():
        found = entropies(torch.tensor(logits), torch.tensor(labels), name)
        np.testing.assert_allclose(found.numpy(), loss.of(logits, labels)[0], rtol=1e-6)


def test_without_confidence_nothing_of_it_counts() -> None:
    plain = fitted()
    other = fitted(confidence=Confidence(0.0, 0.9, "half"))
    np.testing.assert_array_equal(plain.coefficients, other.coefficients)


def test_a_confident_student_is_surer_than_its_supervisor() -> None:
    labels = 0.5 + 0.3 * (SOFT - 0.5)
    plain = np.abs(fitted(labels).predict(X) - 0.5).mean()
    confident = np.abs(fitted(labels, confidence=Confidence(0.5)).predict(X) - 0.5).mean()
    assert confident > plain + 0.05


def test_own_predictions_count_more_and_more_over_the_warm_up() -> None:
    ones = torch.ones(4, 1)
    objective = _Entropies(ones / 2, ones, 0 * ones, "cross-entropy", Confidence(0.8, 0.5, "half"))
    sums = torch.tensor([[-1.0], [-1.0], [1.0], [1.0]])
    rows = torch.arange(4)

    def losses(done: float) -> torch.Tensor:
        objective.begin(lambda: sums, done)
        return objective.losses(sums, rows)

    def of_target(own: float) -> torch.Tensor:
        target = (1 - own) / 2 + own * (sums > 0).float()
        return entropies(sums, target, "cross-entropy")

    for done, own in ((0.0, 0.0), (0.25, 0.4), (0.5, 0.8), (1.0, 0.8)):
        torch.testing.assert_close(losses(done), of_target(own))


@pytest.mark.parametrize(("share", "above"), [(0.25, 1), (0.5, 2), (1.0, 4), (0.0, 0)])
def test_hardened_predictions_keep_the_labels_share(share: float, above: int) -> None:
    ones = torch.ones(4, 1)
    objective = _Entropies(share * ones, ones, 0 * ones, "cross-entropy", Confidence(1.0, 0.0))
    sums = torch.tensor([[0.4], [0.1], [0.3], [0.2]])
    objective.begin(lambda: sums, 0.0)
    found = objective.losses(sums, torch.arange(4))
    own = torch.zeros(4, 1)
    own[torch.argsort(sums[:, 0], descending=True)[:above]] = 1
    torch.testing.assert_close(found, entropies(sums, own, "cross-entropy"))


def test_what_is_corrected_is_added_before_the_link() -> None:
    start = probability(logit(SOFT) + 1)
    found = fitted(given=Given(start=start), epochs=600).correcting().predict(X, start)
    np.testing.assert_allclose(found, SOFT, atol=0.03)


def test_a_column_descends_as_it_would_alone() -> None:
    both = fitted(epochs=5)
    alone = fitted(SOFT[:, [1]], epochs=5)
    np.testing.assert_allclose(both.coefficients[:, [1]], alone.coefficients, atol=1e-6)
