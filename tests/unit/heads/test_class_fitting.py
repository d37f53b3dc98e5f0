import numpy as np
import pytest

from w2s_mol.errors import InputError
from w2s_mol.heads.class_fitting import class_fitter
from w2s_mol.heads.fitter import Given
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.penalties import LOGISTIC_PENALTIES
from w2s_mol.heads.probability import probability
from w2s_mol.heads.rules import Confidence, HeadSettings

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(90, 3))
SOFT = probability(X @ GENERATOR.normal(size=(3, 2)))
ROWS = (np.arange(60), np.arange(60, 90))


@pytest.mark.parametrize("rule", ["ridge", "mixture", "adamw"])
def test_every_rule_predicts_probabilities_with_a_number_beside_or_without(rule) -> None:
    fit = class_fitter(HeadSettings(rule, epochs=3, heads=2))
    for given in (Given(), Given(beside=SOFT), Given(weights=np.linspace(0.5, 2, 60))):
        found = fit(InMemory(X), SOFT, *ROWS, given).predict(X, given.beside)
        assert found.shape == (90, 2)
        assert ((found > 0) & (found < 1)).all()


@pytest.mark.parametrize(("rule", "why"), [("ols", "is for numbers"), ("mlp", "is for numbers"),
                                           ("lasso", "unknown")])  # fmt: skip
def test_rules_of_numbers_are_refused(rule, why) -> None:
    with pytest.raises(InputError, match=why):
        class_fitter(HeadSettings(rule))


def test_confidence_is_for_descent_and_cross_entropy() -> None:
    with pytest.raises(InputError, match="--head adamw"):
        class_fitter(HeadSettings("ridge", confidence=Confidence(0.5)))
    with pytest.raises(InputError, match="infinite losses"):
        class_fitter(HeadSettings("adamw", loss="reverse-kl", confidence=Confidence(0.5)))


def test_ways_of_students_are_for_weak_labels_alone() -> None:
    plain = class_fitter(HeadSettings("ridge"))
    reverse = class_fitter(HeadSettings("ridge", loss="reverse-kl"))
    assert not plain.tells_weak_apart
    assert reverse.tells_weak_apart
    labels = (SOFT > 0.5).astype(float) * 0.6 + 0.2
    of_truth, of_weak, as_plain = (
        fit(InMemory(X), labels, *ROWS, weak=weak).predict(X)
        for fit, weak in ((reverse, False), (reverse, True), (plain, True))
    )
    np.testing.assert_array_equal(of_truth, as_plain)
    assert not np.allclose(of_weak, of_truth, atol=1e-3)


def test_a_given_penalty_is_taken() -> None:
    fit = class_fitter(HeadSettings("ridge")).at(float(LOGISTIC_PENALTIES[10]))
    assert fit(InMemory(X), SOFT, *ROWS).penalties.tolist() == [LOGISTIC_PENALTIES[10]] * 2


def test_reverse_kl_of_certainties_is_refused() -> None:
    fit = class_fitter(HeadSettings("ridge", loss="reverse-kl"))
    classes = (SOFT > 0.5).astype(float)
    with pytest.raises(InputError, match=r"says 0 and 1 alone.*column:NAME"):
        fit(InMemory(X), classes, *ROWS, weak=True)
    fit(InMemory(X), classes, *ROWS)  # the truth is learnt by cross-entropy
