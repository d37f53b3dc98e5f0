"""A choice in plain sentences, and the tables that stand beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from w2s_mol.advice.choice import Choice
from w2s_mol.advice.errors import ALL_USES, SOURCE_USES, UseErrors, words
from w2s_mol.advice.worth import Worth
from w2s_mol.numbers import Form
from w2s_mol.selection.rendering import Rendering, in_short
from w2s_mol.supervisors.names import TOP
from w2s_mol.uses.registry import CEILING, DIRECT, USES, WEAK

_WHAT = {WEAK: "the supervisor's labels themselves"} | {n: use.what for n, use in USES.items()}


def sentence(choice: Choice) -> str:
    """Say which supervisor and which use, chosen on validation, and what they give on test."""
    form = Form.of([choice.test, choice.test_direct])
    said = _said(choice, form, f" ({_WHAT[choice.use]})", "95 % interval over molecules")
    return f"{in_short(choice.errors.keys)}: {said}"


def in_brief(choice: Choice) -> str:
    """Say the same below a table that says of which study it is."""
    said = _said(choice, Form.brief([choice.test, choice.test_direct]), "", "95 %")
    # The table's pick is by another rule, for the student alone.
    return f"Over all uses: {said}" if said.startswith("use ") else said


def _said(choice: Choice, form: Form, use_in_words: str, interval: str) -> str:
    test, direct = form.number(choice.test), form.number(choice.test_direct)
    if choice.mean_is_best:
        return (
            f"use no model. On validation none is better than {choice.errors.task.floor} "
            f"that there are. On test direct has {direct}, {choice.weak}, {words(choice.use)}, "
            f"{test}."
        )
    if choice.errors.task.is_rounding(choice.test, choice.test_direct):
        return (
            f"{choice.weak} knows the labels themselves (error {test} on test). Look at "
            "where it comes from: nothing is to be learnt from the truth."
        )
    if choice.direct_is_better:
        return (
            f"use no supervisor; fit the strong encoder directly. On validation no use of "
            f"a supervisor is better (the best is {choice.weak}, {words(choice.use)}). On test "
            f"direct has {direct}, that {test}{_difference(choice, interval)}.{_floor(choice)}"
        )
    return (
        f"use {choice.weak}, {words(choice.use)}{use_in_words}. Chosen on "
        f"validation; on test it has {test}, direct {direct}{_difference(choice, interval)}."
        f"{_floor(choice)}{_worth(choice.worth)}{_taken_there(choice.weak)}"
    )


def _floor(choice: Choice) -> str:
    """Say so where test molecules are such that no model at all would have been better."""
    if not choice.test_mean < min(choice.test, choice.test_direct):
        return ""
    form = Form.of([choice.test, choice.test_direct])
    return (
        f" On test {choice.errors.task.floor} is better than both: {form.number(choice.test_mean)}."
    )


def _taken_there(weak: str) -> str:
    if not weak.startswith(TOP):
        return ""
    return f" {weak} was taken by the rule on these validation molecules: it looks too good there."


def what_uses_are() -> str:
    """Say in a line each what is made of a supervisor."""
    return "\n".join(f"{words(use)}: {_WHAT[use]}." for use in ALL_USES)


def rendered_uses(
    errors: UseErrors, form_of: Callable[[Iterable[float]], Form] = Form.of
) -> Rendering:
    """Return every use: the mean supervisor, and the one that is best for it on validation."""
    forms = {part: form_of(getattr(errors, part)[[*SOURCE_USES, DIRECT]].to_numpy().ravel())
             for part in ("valid", "test")}  # fmt: skip
    rows, least = [], {}
    for use in ALL_USES:
        best = errors.best(use)
        if best is None:
            rows.append((words(use), "n/a", "", "n/a", "n/a"))
            least[use] = math.inf
            continue
        least[use] = float(errors.relative[use][best])
        rows.append(
            (
                words(use),
                forms["test"].number(float(errors.test[use].mean())),
                str(best[1]) if use in SOURCE_USES else "",
                forms["valid"].number(float(errors.valid[use][best])),
                forms["test"].number(float(errors.test[use][best])),
            )
        )
    honest = [use for use in ALL_USES if use != CEILING.name]
    pick = ALL_USES.index(min(honest, key=lambda use: least[use]))
    seen = "validation"
    return Rendering(
        title=f"{in_short(errors.keys)}: what is made of a supervisor",
        columns=("use", "mean (test)", f"best on {seen}", seen, "test"),
        rows=tuple(rows),
        numeric=frozenset({1, 3, 4}),
        pick=pick,
        goes=("mean (test)", seen),
        note=f"Errors in {errors.task.error_unit(errors.unit)}, means over {errors.n_splits} "
        "splits and draws.",
    )


def rendered_budgets(
    group: Sequence[UseErrors],
    ranking: pd.DataFrame,
    form_of: Callable[[Iterable[float]], Form] = Form.of,
) -> Rendering:
    """Return errors against the number of true labels, of the mean supervisor.

    Parameters
    ----------
    group
        Studies that differ in the number of labels alone.
    ranking
        One row each, in the same order: ``rule`` and ``weak_error`` (rank correlations with the
        true error), ``rule_regret`` and ``weak_error_regret``.
    form_of
        How a column's numbers are written.
    """
    means = pd.DataFrame([one.test.mean() for one in group])
    form = form_of(means[[*SOURCE_USES, DIRECT]].to_numpy().ravel())
    two, regret = Form(decimals=2, rounding=1.0), form_of(
        ranking[["rule_regret", "weak_error_regret"]].to_numpy().ravel()
    )  # fmt: skip
    rows = [
        (
            f"{one.n_labels:,.0f}",
            str(one.n_splits),
            *(form.number(float(row[use])) for use in (*SOURCE_USES, DIRECT)),
            two.number(ranks["rule"]),
            two.number(ranks["weak_error"]),
            regret.number(ranks["rule_regret"]),
            regret.number(ranks["weak_error_regret"]),
        )
        for one, (_, row), (_, ranks) in zip(
            group, means.iterrows(), ranking.iterrows(), strict=True
        )
    ]
    first = group[0].keys
    return Rendering(
        title=f"{first['dataset']}, strong {first['strong']}: errors against true labels",
        columns=("labels", "draws", *(words(u) for u in (*SOURCE_USES, DIRECT)), "rule",
                 "weak error", "regret", "of weak error"),
        rows=tuple(rows),
        numeric=frozenset(range(6 + len(SOURCE_USES))),
        goes=("draws", "of weak error", "weak error", "regret", "rule"),
        note=f"Test, mean over supervisors, in {group[0].task.error_unit(group[0].unit)}. Rule and "
        "weak error: Spearman's correlation of weak error - misfit, and of the smallest weak "
        "error, with the student's true error; regret: what their picks lose.",
    )  # fmt: skip


def _difference(choice: Choice, interval: str) -> str:
    if not choice.test_direct > 0 or math.isnan(choice.low):
        return ""
    gain, low, high = (
        100 * share for share in (1 - choice.test / choice.test_direct, choice.low, choice.high)
    )
    sure = "established" if choice.established else "not established"
    return (
        f": {abs(gain):.0f} % {'less' if gain >= 0 else 'more'} than direct ({interval}: "
        f"{low:+.0f} to {high:+.0f} % saved; {sure})"
    )


def _worth(value: Worth | None) -> str:
    if value is None:
        return ""
    return (
        f" Worth {_labels(value.labels, value)} true labels more "
        f"[{_labels(value.low, value)}, {_labels(value.high, value)}]."
    )


def _labels(number: float, value: Worth) -> str:
    return f"over {value.most:,.0f}" if math.isinf(number) else f"{number:,.0f}"
