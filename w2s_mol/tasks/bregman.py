"""Quantities of weak-to-strong studies by a Bregman divergence.

For a convex phi, ``D(p, q) = phi(p) - phi(q) - phi'(q) (p - q)``; the squared difference is that of
``p^2``, the Kullback-Leibler divergence that of the negative entropy. For any three points

    D(y, weak) - D(y, student) - D(student, weak) = (phi'(student) - phi'(weak)) (y - student),

which is not negative in the mean where the student minimises D(student, weak) over a convex set
that holds y: gain >= misfit (Charikar et al. 2024, Theorem 1, for squares; Mulgund and Pabbaraju
2025, arXiv 2501.19105, for any). What gain has beyond misfit is slack; the ceiling parts it in two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from w2s_mol.tasks.contract import Predicted, Ratio, Term, recovered

if TYPE_CHECKING:
    from w2s_mol.tasks.contract import Array

ERROR_RECOVERED = Ratio(
    "pgr", "performance gap recovered", "gain / (weak error - ceiling error)",
    lambda means: recovered(means["weak_error"], means["w2s_error"], means["ceiling_error"]),
)  # fmt: skip


@dataclass(frozen=True)
class Divergence:
    """A Bregman divergence of predictions, molecule by molecule.

    Attributes
    ----------
    of
        From p and q to D(p, q).
    slope
        The derivative of phi.
    """

    of: Callable[[Array, Array], Array]
    slope: Callable[[Array], Array]

    def pull(self, predicted: Predicted, target: Array) -> Array:
        """Return ``(phi'(student) - phi'(weak)) (target - student)``: slack, of what is true.

        With the ceiling for a target it is not negative in the mean where the student is the
        projection of the weak model onto a convex set that holds the ceiling: it is negative
        because the student was fitted on other molecules, or because the ceiling lies outside.
        """
        pulled = self.slope(predicted.w2s) - self.slope(predicted.weak)
        return pulled * (target - predicted.w2s)

    def rest(self, predicted: Predicted) -> Array:
        """Return the part of slack between ceiling and truth: Theorem 2's term in epsilon.

        For squares at most ``2 sqrt(ceiling_error * misfit)`` in size.
        """
        pulled = self.slope(predicted.w2s) - self.slope(predicted.weak)
        return pulled * (predicted.truth - predicted.ceiling)


def terms_of(
    divergence: Divergence, *, prefix: str = "", suffix: str = "", told: bool = True
) -> tuple[Term, ...]:
    """Return the quantities of a divergence, in the order of results.

    Parameters
    ----------
    divergence
        By which errors and misfit are measured.
    prefix, suffix
        Of the terms' names and words, where a task has a second divergence.
    told
        Whether ``w2s-mol run`` prints those that matter.
    """
    d = divergence.of

    def term(
        name: str,
        words: str,
        what: str,
        of: Callable[[Predicted], Array],
        *,
        shown: bool = True,
        mean: str | None = None,
    ) -> Term:
        of_mean = f"{mean}{suffix}" if mean else mean
        return Term(f"{prefix}{name}", f"{words}{suffix}", what, of, told and shown, of_mean)

    def gain(p: Predicted) -> Array:
        return d(p.truth, p.weak) - d(p.truth, p.w2s)

    return (
        term("weak_error", "weak error", "D(truth, weak)",
             lambda p: d(p.truth, p.weak), mean=""),
        term("w2s_error", "true error", "D(truth, student)",
             lambda p: d(p.truth, p.w2s), mean=""),
        term("misfit", "misfit", "D(student, weak)", lambda p: d(p.w2s, p.weak)),
        term("ceiling_error", "ceiling error", "D(truth, strong on true labels)",
             lambda p: d(p.truth, p.ceiling), mean=""),
        term("gain", "gain", "weak error - true error", gain),
        term("bound", "weak error - misfit", "the column of Table 1",
             lambda p: d(p.truth, p.weak) - d(p.w2s, p.weak), shown=False, mean=""),
        term("slack", "slack", "gain - misfit; >= 0 exactly where gain >= misfit",
             lambda p: gain(p) - d(p.w2s, p.weak)),
        term("slack_projection", "slack, projection", "of slack, between student and ceiling",
             lambda p: divergence.pull(p, p.ceiling), shown=False,
             mean="" if prefix else "of it, slack_projection: between student and ceiling"),
        term("slack_epsilon", "slack, epsilon", "of slack, between ceiling and truth",
             divergence.rest, shown=False,
             mean="" if prefix else "of it, slack_epsilon: between ceiling and truth"),
    )  # fmt: skip
