"""Quantities by a Bregman divergence: identities always, inequalities over convex classes.

A convex class is all mixtures of a few vectors of probabilities on ``M`` molecules; its member
nearest to the weak model is found by scipy.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.special import expit, rel_entr

from w2s_mol.heads.probability import LEAST, logit, within
from w2s_mol.tasks.binary import BRIER, LOG_LOSS
from w2s_mol.tasks.bregman import Divergence, terms_of
from w2s_mol.tasks.contract import Predicted
from w2s_mol.tasks.regression import SQUARES

M, VERTICES = 12, 3
SEEDS = range(150)
ROUNDING = 1e-6
"""Of what scipy minimises."""

probabilities = st.floats(LEAST, 1 - LEAST)
rows = arrays(np.float64, (4, 9), elements=probabilities)
classes = arrays(np.float64, 9, elements=st.sampled_from([0.0, 1.0]))
each = pytest.mark.parametrize(
    "divergence", [SQUARES, LOG_LOSS, BRIER], ids=["squares", "KL", "Brier"]
)


def means(divergence: Divergence, *predicted: np.ndarray) -> dict[str, float]:
    """Return every quantity of truth, weak, student and ceiling."""
    of = Predicted(*predicted)
    return {term.name: float(term.of(of).mean()) for term in terms_of(divergence)}


@each
@given(rows, classes)
def test_slack_is_the_sum_of_its_two_parts(
    divergence: Divergence, of: np.ndarray, hard: np.ndarray
) -> None:
    for truth in (of[0], hard):
        found = means(divergence, truth, *of[1:])
        parts = found["slack_projection"] + found["slack_epsilon"]
        assert found["slack"] == pytest.approx(parts, abs=1e-9)
        assert found["bound"] - found["w2s_error"] == pytest.approx(found["slack"], abs=1e-9)


@each
@given(rows, classes)
def test_three_points_are_apart_by_a_product(
    divergence: Divergence, of: np.ndarray, hard: np.ndarray
) -> None:
    """A ceiling that is the truth leaves nothing in epsilon: the identity of the three points."""
    for truth in (of[0], hard):
        found = means(divergence, truth, of[1], of[2], truth)
        assert found["slack_epsilon"] == found["ceiling_error"] == 0
        assert found["slack_projection"] == pytest.approx(found["slack"], abs=1e-9)


@pytest.mark.parametrize(
    ("divergence", "phi"),
    [
        (SQUARES, lambda p: p**2),
        (BRIER, lambda p: p**2),
        (LOG_LOSS, lambda p: p * np.log(p) + (1 - p) * np.log(1 - p)),
    ],
    ids=["squares", "Brier", "KL"],
)
@given(rows)
def test_each_is_what_a_convex_function_lies_above_its_tangent(
    divergence: Divergence, phi: Callable[[np.ndarray], np.ndarray], of: np.ndarray
) -> None:
    p, q = of[:2]
    np.testing.assert_allclose(
        divergence.of(p, q), phi(p) - phi(q) - divergence.slope(q) * (p - q), atol=1e-9
    )
    assert (divergence.of(p, q) >= -1e-15).all()
    assert (divergence.of(p, p) == 0).all()


@given(rows, classes)
def test_the_part_in_epsilon_is_bounded_by_the_ceilings_brier(
    of: np.ndarray, hard: np.ndarray
) -> None:
    """By Cauchy and Schwarz, as for squares by ceiling error and misfit."""
    _, weak, student, ceiling = of
    found = means(LOG_LOSS, hard, weak, student, ceiling)
    apart = ((logit(student) - logit(weak)) ** 2).mean()
    bound = math.sqrt(apart * means(BRIER, hard, weak, student, ceiling)["ceiling_error"])
    assert abs(found["slack_epsilon"]) <= bound * (1 + 1e-9) + 1e-9


def test_the_quantities_of_a_second_divergence_have_names_of_their_own() -> None:
    plain, second = terms_of(LOG_LOSS), terms_of(BRIER, prefix="b_", suffix=" (B)", told=False)
    assert [term.name for term in second] == [f"b_{term.name}" for term in plain]
    assert [term.words for term in second] == [f"{term.words} (B)" for term in plain]
    assert not any(term.in_summary for term in second)


def nearest(
    points: np.ndarray,
    distance: Callable[[np.ndarray], float],
    slope: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the mixture of some points, shape (k, m), of the least distance; ``slope`` its own."""
    k = len(points)
    found = minimize(
        lambda shares: distance(shares @ points),
        np.full(k, 1 / k),
        jac=lambda shares: points @ slope(shares @ points),
        method="SLSQP",
        bounds=[(0, 1)] * k,
        constraints={
            "type": "eq",
            "fun": lambda shares: shares.sum() - 1,
            "jac": lambda _: np.ones(k),
        },
        options={"ftol": 1e-14, "maxiter": 300},
    )
    shares = np.clip(found.x, 0, None)
    return shares / shares.sum() @ points


def projection(divergence: Divergence, points: np.ndarray, weak: np.ndarray) -> np.ndarray:
    """Return the mixture of the least D(mixture, weak)."""
    return nearest(
        points,
        lambda p: divergence.of(p, weak).mean(),
        lambda p: (divergence.slope(p) - divergence.slope(weak)) / M,
    )


def fitted(points: np.ndarray, weak: np.ndarray) -> np.ndarray:
    """Return the mixture of the least KL(weak, mixture), as a classifier is usually fitted."""
    return within(
        nearest(
            points,
            lambda p: LOG_LOSS.of(weak, within(p)).mean(),
            lambda p: (within(p) - weak) / (within(p) * (1 - within(p))) / M,
        )
    )


class Instance:
    """A convex class that holds the truth, probabilities or classes, and a weak model of it."""

    def __init__(self, seed: int, kind: str) -> None:
        generator = np.random.default_rng(seed)
        self.points = within(generator.random((VERTICES, M)))
        if kind == "classes":
            self.points[0] = generator.random(M) < 0.5
            self.truth = self.points[0]
        else:
            self.truth = generator.dirichlet(np.ones(VERTICES)) @ self.points
        self.member = generator.dirichlet(np.ones(VERTICES)) @ self.points
        sums = 2 * self.truth - 1 if kind == "classes" else logit(self.truth)
        self.weak = expit(sums + generator.normal(size=M))


@pytest.mark.parametrize("kind", ["probabilities", "classes"])
@each
def test_gain_is_at_least_misfit_over_a_convex_class_that_holds_the_truth(
    divergence: Divergence, kind: str
) -> None:
    """With misfit D(student, weak), and the student that minimises it: in every instance."""
    for seed in SEEDS:
        of = Instance(seed, kind)
        student = projection(divergence, of.points, of.weak)
        found = means(divergence, of.truth, of.weak, student, of.member)
        assert found["gain"] >= found["misfit"] - ROUNDING
        assert found["misfit"] > ROUNDING
        # Whatever member of the class stands for the ceiling.
        assert found["slack_projection"] >= -ROUNDING


@pytest.mark.parametrize(
    ("kind", "least", "most"), [("probabilities", 1, 30), ("classes", 120, 150)]
)
def test_of_the_forward_misfit_nothing_of_the_kind_holds(kind: str, least: int, most: int) -> None:
    """KL(weak, student), of the student that minimises it: half of all instances fall short."""
    short = 0
    for seed in SEEDS:
        of = Instance(seed, kind)
        student = fitted(of.points, of.weak)
        gain = means(LOG_LOSS, of.truth, of.weak, student, of.truth)["gain"]
        short += gain < LOG_LOSS.of(of.weak, student).mean() - ROUNDING
    assert least <= short <= most


def test_one_molecule_is_enough_to_fall_short_of_the_forward_misfit() -> None:
    """The class [0.99, 1] holds the truth, and its nearest member is 0.99 by both divergences."""
    truth, weak, student = (np.array([value]) for value in (1.0, 0.5, 0.99))
    found = means(LOG_LOSS, truth, weak, student, truth)
    assert found["gain"] == pytest.approx(math.log(0.99 / 0.5))
    assert found["misfit"] < found["gain"] < LOG_LOSS.of(weak, student)[0] / 2


def test_a_logistic_heads_theorem_is_of_errors_the_other_way_round() -> None:
    """Its logits are a convex set: KL(weak, truth) falls by KL(weak, student), if it is finite."""
    for seed in SEEDS:
        of = Instance(seed, "probabilities")
        logits = logit(of.points)
        truth = expit(np.random.default_rng(seed).dirichlet(np.ones(VERTICES)) @ logits)
        student = expit(
            nearest(
                logits,
                lambda t, weak=of.weak: LOG_LOSS.of(weak, expit(t)).mean(),
                lambda t, weak=of.weak: (expit(t) - weak) / M,
            )
        )
        before, after, forward = (
            (rel_entr(p, q) + rel_entr(1 - p, 1 - q)).mean()
            for p, q in ((of.weak, truth), (student, truth), (of.weak, student))
        )
        assert before - after >= forward - ROUNDING
