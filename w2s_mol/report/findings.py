"""The findings in words, made from the numbers; an unwelcome one reads no differently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from w2s_mol.report.blocks import by_name
from w2s_mol.selection.tables import StudySelection
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.controls import CONTROLS
from w2s_mol.statistics.gain_misfit import synthetic_summary


def of_study(cases: Cases, statistics: pd.DataFrame, selection: StudySelection) -> str:
    """Say what a study found."""
    by = by_name(statistics, "statistic")
    n = len(cases.supervisors) * len(cases.splits)
    gains, slacks = (round(by[name]["estimate"] * n) for name in ("share_gain", "share_slack"))
    slack, projection, epsilon = (
        by[name]["estimate"]
        for name in ("mean_slack", "mean_slack_projection", "mean_slack_epsilon")
    )
    return (
        f"{cases.keys['dataset']}, strong {cases.keys['strong']}: the student beats its supervisor "
        f"in {gains} of {n} cases; Theorem 1's inequality holds in {slacks} of {n}. "
        f"{_relation(by['correlation'])} The mean slack, {slack:.3f}, is {projection:.3f} from the "
        f"student not being the projection on test molecules and {epsilon:.3f} from the ceiling "
        f"not being the truth. {_choice(selection)}"
    )


def _relation(r: dict[str, Any]) -> str:
    low, high = r["low_all"], r["high_all"]
    if low != low:
        return "The correlation of gain and misfit is undefined: misfits do not vary."
    relation = "Gain and misfit are correlated" if low > 0 else "There is no evidence that gain "
    relation += "" if low > 0 else "grows with misfit"
    return f"{relation} (r {r['estimate']:.2f}, 95 % interval {low:.2f} to {high:.2f})."


def _choice(selection: StudySelection) -> str:
    rule = by_name(selection.selectors, "selector")
    regret = rule["bound"]["regret"]
    choice = "the best supervisor" if regret == 0 else f"which costs {regret:.3f} against the best"
    as_good = [
        f"the {rule[name]['what']}"
        for name in ("weak_error", "hidden")
        if name in rule and rule[name]["regret"] <= regret
    ]
    plainer = f" As good or better: {' and '.join(as_good)}." if as_good else ""
    return f"The paper's rule picks {selection.table['weak'].iloc[0]}, {choice}.{plainer}"


def of_synthetic(results: pd.DataFrame) -> Iterator[str]:
    """Say what the synthetic experiments found, in one sentence."""
    summary = synthetic_summary(results)
    each = [
        f"{row['figure']} {row['experiment']} {row['slope']:+.2f} (r {row['correlation']:+.2f})"
        for row in summary.to_dict(orient="records")
    ]
    yield (
        f"Synthetic, heads {results['head'].iloc[0]}: slope of gain on misfit by experiment: "
        f"{'; '.join(each)}. The paper's figures show about +1 in 2a to 2c and -1 in 3a to 3c."
    )


def of_controls(controls: pd.DataFrame) -> Iterator[str]:
    """Say which effects survive which controls."""
    if controls.empty:
        return
    for (dataset, strong), rows in controls.groupby(["dataset", "strong"], sort=False):
        parts = []
        for effect, of_effect in rows.groupby("what", sort=False):
            survives = of_effect[of_effect["survives"].eq(True)]["control"].tolist()
            compared = of_effect[of_effect["survives"].notna()]["control"].tolist()
            if not compared:
                continue
            if len(survives) == len(compared):
                parts.append(f"the {effect} survives all controls that define it")
            elif survives:
                failed = [name for name in compared if name not in survives]
                parts.append(f"the {effect} survives {_and(survives)}, not {_and(failed)}")
            else:
                parts.append(f"the {effect} survives none of them")
        yield f"Controls on {dataset}, strong {strong}: {'; '.join(parts)}."


def _and(names: list[str]) -> str:
    words = [f"'{name}'" for name in names if name in CONTROLS]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 2 else words)
