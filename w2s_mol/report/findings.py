"""The findings in words, made from the numbers; an unwelcome one reads no differently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from w2s_mol.numbers import Form, signed
from w2s_mol.report.blocks import Verdict, by_name
from w2s_mol.report.tables import control_in_words as in_words
from w2s_mol.selection.rendering import in_short, left_out, nothing_to_recover
from w2s_mol.selection.tables import StudySelection
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.controls import NO_EFFECT
from w2s_mol.statistics.gain_misfit import synthetic_summary

_NAMED = 3
"""Supervisors that a warning names."""


def of_study(
    cases: Cases, statistics: pd.DataFrame, selection: StudySelection, advice: str = ""
) -> Verdict:
    """Say what a study found: whether students gain, what to do, why, and what may mislead.

    Parameters
    ----------
    cases, statistics, selection
        Of the study.
    advice
        Which supervisor to use and how, empty where nothing is advised.
    """
    by = by_name(statistics, "statistic")
    n = len(cases.supervisors)
    gains, slacks = (round(by[name]["observed"] * n) for name in ("share_gain", "share_slack"))
    where = in_short(cases.keys)
    line = (
        f"{where}: the student beats its supervisor under {gains} of {n}, means over splits. "
        f"{_gain(by['mean_gain'])} {_headline(cases, by)}"
    ).rstrip()
    points = (
        _sentence(advice.removeprefix(f"{where}: ")),
        f"{_choice(selection)}{left_out(selection.not_finite)}",
        f"{_relation(by['correlation'])} Gain >= misfit holds for {slacks} of {n}.",
    )
    return Verdict(line, tuple(filter(None, points)), (cases.study,), warning(cases, selection))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def warning(cases: Cases, selection: StudySelection) -> str:
    """Say under whom the ceiling is not below the weak error; empty if it is under everyone."""
    weak, ceiling = (
        cases.means("test", name).mean(axis=0) for name in ("weak_error", "ceiling_error")
    )
    places = np.flatnonzero(ceiling >= weak)
    scores = nothing_to_recover(selection).strip()
    if not len(places):
        return scores
    form = Form.of([*weak, *ceiling], 3)
    high = form.number(float(ceiling.mean()))
    if len(places) == len(weak):
        low, most = (form.number(float(value)) for value in (weak.min(), weak.max()))
        errors = low if low == most else f"{low} to {most}"
        said = f"The ceiling, {high}, is not below any weak error ({errors})"
    else:
        names = [str(name) for name in cases.supervisors["weak"].iloc[places]]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        said = (
            f"The ceiling, {high}, is not below the weak error of {len(names)} of {len(weak)} "
            f"supervisors ({', '.join(names[:_NAMED])}{more})"
        )
    return (
        f"{said}: on these molecules the strong encoder is no better even with true labels, and "
        f"a student has nothing to recover there. {scores}"
    ).strip()


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
        f"{_gain(by[f'mean_{gain}'], what)}"
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
        f"{row['figure']} {row['experiment']} {signed(row['slope'])} "
        f"(r {signed(row['correlation'])})"
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
