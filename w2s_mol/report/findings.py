"""The findings in words, made from the numbers; an unwelcome one reads no differently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from w2s_mol.numbers import Form
from w2s_mol.report.blocks import by_name
from w2s_mol.report.tables import control_in_words as in_words
from w2s_mol.selection.rendering import in_short, left_out, nothing_to_recover
from w2s_mol.selection.tables import StudySelection
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.controls import NO_EFFECT
from w2s_mol.statistics.gain_misfit import synthetic_summary


def of_study(cases: Cases, statistics: pd.DataFrame, selection: StudySelection) -> str:
    """Say what a study found."""
    by = by_name(statistics, "statistic")
    n = len(cases.supervisors)
    gains, slacks = (round(by[name]["observed"] * n) for name in ("share_gain", "share_slack"))
    slack, projection, epsilon = (
        by[name]["estimate"]
        for name in ("mean_slack", "mean_slack_projection", "mean_slack_epsilon")
    )
    form = Form.of([slack, projection, epsilon], 3, 2)
    return (
        f"{in_short(cases.keys)}: the student beats its supervisor "
        f"under {gains} of {n}, means over splits; gain >= misfit holds for {slacks}. "
        f"{_gain(by['mean_gain'])} {_headline(cases, by)}{nothing_to_recover(selection)}"
        f"{_relation(by['correlation'])} The mean slack, {form.number(slack)}, is "
        f"{form.number(projection)} between student and ceiling (slack_projection) and "
        f"{form.number(epsilon)} between ceiling and truth (slack_epsilon). {_choice(selection)}"
        f"{left_out(selection.not_finite)}"
    )


def _headline(cases: Cases, by: dict[str, dict[str, Any]]) -> str:
    """Say the same of the score that readers look for, where the task has one."""
    task = cases.task
    if not task.headline:
        return ""
    gain = f"gain_{task.headline}"
    means = cases.means("test", gain).mean(axis=0)
    known = means[~np.isnan(means)]
    what = task.words(gain)
    return (
        f"By {what.removeprefix('gain in ')} it beats its supervisor under {(known > 0).sum()} of "
        f"{len(known)}{'' if len(known) == len(means) else ' of which it is defined'}. "
        f"{_gain(by[f'mean_{gain}'], what)} "
    )


def _gain(mean: dict[str, Any], what: str = "gain") -> str:
    """Say whether a mean gain is established."""
    form = Form.of([mean["estimate"], mean["low"], mean["high"]], 3, 2)
    size = f"{form.with_interval(mean['estimate'], mean['low'], mean['high'])}"
    if mean["low"] != mean["low"]:
        said = form.number(mean["estimate"])
        return f"The mean {what} is {said}; no interval: {mean['why_none']}."
    if mean["low"] > 0:
        return f"The mean {what} is above zero, {size}."
    if mean["high"] < 0:
        return f"The mean {what} is below zero, {size}."
    return f"Whether there is a {what} on average is not established, {size}."


def _relation(r: dict[str, Any]) -> str:
    estimate, low, high = r["estimate"], r["low"], r["high"]
    if estimate != estimate:
        return "The correlation of gain and misfit is undefined: one supervisor, or none varies."
    if low != low:
        return f"Gain and misfit correlate by {estimate:.2f}; no interval: {r['why_none']}."
    size = f"(r {estimate:.2f}, 95 % interval {low:.2f} to {high:.2f})"
    if low > 0:
        return f"Gain grows with misfit {size}."
    if high < 0:
        return f"Gain falls with misfit {size}."
    return f"There is no evidence that gain goes with misfit {size}."


def _signed(value: float) -> str:
    return "undefined" if value != value else f"{value:+.2f}"


def _choice(selection: StudySelection) -> str:
    if len(selection.finite) == 1:
        return "There is one supervisor, and nothing to choose."
    rule = by_name(selection.selectors, "selector")
    regret = rule["bound"]["regret"]
    cost = Form.of([regret], 3, 2).number(regret)
    choice = "the best supervisor" if regret == 0 else f"which costs {cost} against the best"
    as_good = [
        f"the {rule[name]['what']}"
        for name in ("weak_error", "hidden")
        if name in rule and rule[name]["regret"] <= regret
    ]
    plainer = f" As good or better: {' and '.join(as_good)}." if as_good else ""
    return f"The paper's rule picks {selection.table['weak'].iloc[0]}, {choice}.{plainer}"


def of_synthetic(results: pd.DataFrame) -> str:
    """Say what the synthetic experiments found, in two sentences."""
    summary = synthetic_summary(results)
    each = [
        f"{row['figure']} {row['experiment']} {_signed(row['slope'])} "
        f"(r {_signed(row['correlation'])})"
        for row in summary.to_dict(orient="records")
    ]
    return (
        f"Synthetic, heads {results['head'].iloc[0]}: slope of gain on misfit by experiment: "
        f"{'; '.join(each)}. The points of the paper's figures follow lines of slope +1 in 2a to "
        "2c and -1 in 3a to 3c."
    )


def of_controls(rows: pd.DataFrame) -> str:
    """Say which effects of one study survive which controls."""
    first = rows.iloc[0]
    parts = []
    for what, of_effect in rows.groupby("what", sort=False):
        verdicts = [
            f"{verdict}: {_and(_controls(found, of_effect))}"
            for verdict, found in of_effect.groupby("verdict", sort=False)
        ]
        if set(of_effect["verdict"]) == {NO_EFFECT}:
            parts.append(f"{what}: {NO_EFFECT}")
        else:
            parts.append(f"{what}: {', '.join(verdicts)}")
    return f"Controls of {in_short(first)}, by effect. {'; '.join(parts)}."


def _controls(found: pd.DataFrame, every: pd.DataFrame) -> list[str]:
    """Return the controls of some rows; those of a kind that is parted are named one by one."""
    verdicts = every.groupby("control")["verdict"].nunique()
    return [
        row["control"] if verdicts[row["control"]] == 1 else in_words(row["control"], row["which"])
        for row in found.to_dict(orient="records")
    ]


def _and(names: list[str]) -> str:
    words = [f"'{name}'" for name in dict.fromkeys(names)]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 2 else words)
