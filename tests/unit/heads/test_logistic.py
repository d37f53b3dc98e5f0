"""Logistic heads against scikit-learn, fitted one by one."""

import numpy as np
import pytest
from head_problems import InPieces
from sklearn.linear_model import LogisticRegression

from w2s_mol.heads.bernoulli import CROSS_ENTROPY, REVERSE_KL
from w2s_mol.heads.fitter import Given
from w2s_mol.heads.logistic import fit_logistic, fit_logistic_at
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.penalties import LOGISTIC_PENALTIES
from w2s_mol.heads.probability import LEAST, logit, probability


class Classes:
    """Molecules whose classes follow a linear rule with noise, and soft labels of them."""

    def __init__(self, n: int, d: int, k: int, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        self.x = generator.normal(size=(n + 40, d)) * generator.uniform(0.1, 10, d) + 3
        sums = (self.x - 3) @ generator.normal(size=(d, k)) / d
        self.soft = probability(sums + 0.3 * generator.normal(size=(n + 40, k)))
        self.hard = (generator.random((n + 40, k)) < self.soft).astype(float)
        rows = generator.permutation(n + 40)
        self.learn, self.choose = rows[:n], rows[n:]

    @property
    def features(self) -> InMemory:
        return InMemory(self.x)


def one_by_one(
    of: Classes, labels: np.ndarray, penalty: float, weights: np.ndarray | None = None
) -> LogisticRegression:
    """Fit a soft label as two rows, one of each class."""
    x = of.x[of.learn]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = labels[of.learn]
    each = np.ones(len(y)) if weights is None else weights
    model = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=100_000)
    doubled = np.repeat([1, 0], len(y))
    return model.fit(np.vstack([x, x]), doubled, np.concatenate([y * each, (1 - y) * each]))


def of_peer(of: Classes, model: LogisticRegression) -> np.ndarray:
    x = of.x[of.learn]
    return model.predict_proba((of.x - x.mean(axis=0)) / x.std(axis=0))[:, 1]


@pytest.mark.parametrize(("n", "d"), [(120, 5), (60, 90)])
@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_probabilities_are_those_of_scikit_learn(n: int, d: int, kind: str) -> None:
    of = Classes(n, d, 3)
    labels = getattr(of, kind)
    found = fit_logistic(of.features, labels, of.learn, of.choose)
    for column in range(3):
        peer = one_by_one(of, labels[:, column], found.penalties[column])
        np.testing.assert_allclose(found.predict(of.x)[:, column], of_peer(of, peer), atol=1e-5)


def test_the_penalty_is_the_one_of_the_least_loss_on_the_others() -> None:
    of = Classes(80, 30, 4, seed=3)
    found = fit_logistic(of.features, of.soft, of.learn, of.choose)
    for column in range(4):
        losses = []
        for penalty in LOGISTIC_PENALTIES:
            one = fit_logistic_at(of.features, of.soft[:, [column]], of.learn, penalty)
            p, y = one.predict(of.x)[of.choose, 0], of.soft[of.choose, column]
            losses.append(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
        chosen = losses[LOGISTIC_PENALTIES.tolist().index(found.penalties[column])]
        assert chosen == pytest.approx(min(losses), abs=2e-5)


def test_weights_are_those_of_scikit_learn() -> None:
    of = Classes(90, 4, 1)
    weights = np.random.default_rng(1).uniform(0.2, 3, 90)
    found = fit_logistic(of.features, of.soft, of.learn, of.choose, Given(weights))
    x = of.x[of.learn]
    mean = np.average(x, axis=0, weights=weights)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
    y = of.soft[of.learn, 0]
    z = (x - mean) / scale
    model = LogisticRegression(C=1 / found.penalties[0], tol=1e-10, max_iter=100_000)
    doubled = np.repeat([1, 0], len(y))
    model.fit(np.vstack([z, z]), doubled, np.concatenate([y * weights, (1 - y) * weights]))
    expected = model.predict_proba((of.x - mean) / scale)[:, 1]
    np.testing.assert_allclose(found.predict(of.x)[:, 0], expected, atol=1e-5)


def test_the_logit_of_a_number_beside_is_one_feature_more() -> None:
    of = Classes(100, 6, 2)
    beside = of.soft
    found = fit_logistic(of.features, of.hard, of.learn, of.choose, Given(beside=beside))
    for column in range(2):
        more = InMemory(np.column_stack([of.x, logit(beside[:, column])]))
        penalty = found.penalties[column]
        alone = fit_logistic_at(more, of.hard[:, [column]], of.learn, penalty)
        np.testing.assert_allclose(
            found.predict(of.x, beside)[:, column], alone.predict(more.array)[:, 0], atol=1e-5
        )


def test_what_is_corrected_is_added_before_the_link() -> None:
    """The rest is a plain logistic fit whose sums begin at the logit that is given."""
    of = Classes(100, 4, 1)
    start = probability(logit(of.soft) + 1.0)
    found = fit_logistic(of.features, of.soft, of.learn, of.choose, Given(start=start))
    corrected = found.correcting().predict(of.x, start)
    # What is wrong with the start is a constant, which no penalty holds back.
    np.testing.assert_allclose(logit(corrected), logit(of.soft), atol=0.02)


def test_columns_that_correct_nothing_are_as_without() -> None:
    of = Classes(100, 4, 2)
    start = np.column_stack([of.soft[:, 0], np.full(140, np.nan)])
    both = fit_logistic_at(of.features, of.hard, of.learn, 1.0, Given(start=start))
    plain = fit_logistic_at(of.features, of.hard, of.learn, 1.0)
    np.testing.assert_allclose(
        both.columns([1]).predict(of.x), plain.columns([1]).predict(of.x), atol=1e-5
    )


@pytest.mark.parametrize("loss", [CROSS_ENTROPY, REVERSE_KL])
def test_a_label_that_a_head_can_give_is_given(loss) -> None:
    """Both divergences are zero there, and nowhere else."""
    of = Classes(150, 4, 1, seed=2)
    labels = probability((of.x - 3) @ np.full((4, 1), 0.2) - 0.5)
    found = fit_logistic(of.features, labels, of.learn, of.choose, loss=loss)
    np.testing.assert_allclose(found.predict(of.x), labels, atol=5e-3)


def test_columns_fitted_together_are_as_fitted_alone() -> None:
    of = Classes(70, 20, 3)
    together = fit_logistic(of.features, of.hard, of.learn, of.choose)
    for column in range(3):
        alone = fit_logistic(of.features, of.hard[:, [column]], of.learn, of.choose)
        assert alone.penalties[0] == together.penalties[column]
        np.testing.assert_allclose(
            alone.predict(of.x)[:, 0], together.predict(of.x)[:, column], atol=1e-5
        )


def test_features_in_pieces_are_as_in_one() -> None:
    of = Classes(70, 8, 1)
    pieces = fit_logistic(InPieces(of.x, 7), of.hard, of.learn, of.choose)
    whole = fit_logistic(of.features, of.hard, of.learn, of.choose)
    np.testing.assert_allclose(pieces.predict(of.x), whole.predict(of.x), atol=1e-6)


def test_no_label_of_other_molecules_is_read() -> None:
    of = Classes(60, 5, 1)
    shown = np.full_like(of.hard, np.nan)
    for rows in (of.learn, of.choose):
        shown[rows] = of.hard[rows]
    some = of.learn[:30]
    hidden = shown.copy()
    hidden[of.learn[30:]] = np.nan
    first = fit_logistic(of.features, hidden, some, of.choose)
    second = fit_logistic(of.features, shown, some, of.choose)
    np.testing.assert_array_equal(first.predict(of.x), second.predict(of.x))


def test_classes_told_apart_without_fault_have_a_finite_head() -> None:
    of = Classes(50, 3, 1)
    labels = (of.x[:, [0]] > np.median(of.x[:, 0])).astype(float)
    found = fit_logistic(of.features, labels, of.learn, of.choose)
    assert np.isfinite(found.coefficients).all()
    assert ((found.predict(of.x) > 0.5) == (labels == 1)).mean() > 0.95


def test_labels_of_one_class_give_its_certainty_everywhere() -> None:
    of = Classes(30, 3, 1)
    found = fit_logistic(of.features, np.zeros((70, 1)), of.learn, of.choose)
    np.testing.assert_allclose(found.predict(of.x), LEAST, rtol=0.01)


def test_constant_features_and_more_features_than_molecules_do_no_harm() -> None:
    of = Classes(12, 40, 1)
    of.x[:, 3] = 7.0
    found = fit_logistic(of.features, of.hard, of.learn, of.choose)
    assert np.isfinite(found.predict(of.x)).all()
