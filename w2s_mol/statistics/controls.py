"""Null controls: which effects of a study are more than its controls show as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.gain_misfit import (
    DRAWS,
    draw,
    mean_with_influences,
    slope_with_influences,
    statistics_of,
    too_few,
)
from w2s_mol.statistics.intervals import (
    LEVEL,
    UNKNOWN,
    Interval,
    holm,
    of_draws,
    of_influences,
)
from w2s_mol.statistics.ranking import PAPERS_RULE, ranked
from w2s_mol.study.groups import NO_CONTROL, STUDY_KEYS

Array = NDArray[np.float64]

CONTROLS = {
    "random weak": "weak encoders with random weights",
    "random strong": "a strong encoder with random weights",
    "self": "every weak encoder supervises itself",
    "peer": "every weak encoder supervises another seed of its own size",
    "shuffled labels": "weak labels permuted among the molecules",
}
"""The controls by name, in words."""

_DRAWN = ("random strong", "shuffled labels")
"""Of these several are draws of one control."""

SURVIVES = "survives"
UNTESTED = "cannot be tested"
NO_EFFECT = "no effect to test"
CONTROL_TOO = "the control shows it too"
UNDECIDED = "undecided"
UNDEFINED = "undefined in the control"
ONE_MOLECULE = "one molecule decides"
VERDICTS = (UNTESTED, SURVIVES, NO_EFFECT, CONTROL_TOO, UNDECIDED, UNDEFINED, ONE_MOLECULE)

MOST_OF_ONE_MOLECULE = 0.2
"""A quantity of which one molecule has a larger share than this gets no verdict."""

_SAME = tuple(
    key for key in STUDY_KEYS if key not in ("dataset", "unit", "strong", "shuffled_labels",
                                             "strong_sha256")
)  # fmt: skip
"""What a control shares with its study."""
_SEEDLESS = {"protocol": ("paper",), "head": ("ridge", "ols")}
"""Where the seed of a study draws nothing but the permutation of shuffled labels."""
_FROM_GAIN = ("mean_gain", "median_gain", "correlation", "slope")


def control_table(every: Sequence[Cases], draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Compare every study with its null controls on the same molecules.

    Parameters
    ----------
    every
        Cases of studies and controls together; a control belongs to the studies with which it
        shares the molecules, the splits and all but what it controls for.

    Returns
    -------
    DataFrame
        study, dataset, strong, control, which (of several of its kind), control_study, effect,
        what; estimate, low, high of the study; control_estimate, control_low, control_high;
        difference, difference_low, difference_high (paired: the same molecules); leverage,
        control_leverage (the largest share of one molecule); p, that the effect or its difference
        is none, and p_holm, the largest of a kind of control, corrected for the number of kinds
        and effects; verdict, in ``VERDICTS``. An effect survives where its interval lies above
        zero, so does the difference's, and p_holm is below 0.05.
    """
    compared = [
        (study, control)
        for study in every
        if study.control == NO_CONTROL
        for control in every
        if _controls(control, study)
    ]
    found = {
        id(cases): _effects(cases, draws, seed)
        for cases in {id(one): one for pair in compared for one in pair}.values()
    }
    rows: list[dict[str, object]] = []
    for study, control in compared:
        rows.extend(_compared(study, control, found[id(study)], found[id(control)]))
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    table["p_holm"] = np.nan
    for _, of_study in table.groupby(["study", "dataset", "strong"], sort=False):
        # Draws of one kind (permutations, random strong encoders) are one control: the largest p.
        kind = of_study["control"].where(
            of_study["control"].isin(_DRAWN), of_study["control"] + of_study["which"]
        )
        of_kind = of_study["p"].groupby([kind, of_study["effect"]], sort=False).max()
        corrected = dict(zip(of_kind.index, holm(of_kind.tolist()), strict=True))
        pairs = zip(kind, of_study["effect"], strict=True)
        table.loc[of_study.index, "p_holm"] = [corrected[pair] for pair in pairs]
    table["p_holm"] = table["p_holm"].where(table["p"].notna())
    return table.assign(verdict=[_verdict(row) for row in table.to_dict(orient="records")])


def _controls(control: Cases, study: Cases) -> bool:
    """Say whether a control is one of a study's."""
    if control.control == NO_CONTROL or control.molecules != study.molecules:
        return False
    same = set(_SAME) - ({"study_seed"} if _is_another_permutation(control) else set())
    if any(control.keys[key] != study.keys[key] for key in same):
        return False
    same_strong = control.keys["strong_sha256"] == study.keys["strong_sha256"]
    same_weak = control.every_weak == study.every_weak
    shares = {
        "random weak": same_strong,
        "random strong": same_weak,
        "self": same_weak,
        "peer": same_weak,
        "shuffled labels": same_strong and same_weak,
    }
    return bool(shares[control.control])


def _is_another_permutation(control: Cases) -> bool:
    """Say whether a control's seed is that of its permutation and of nothing else."""
    return bool(control.keys["shuffled_labels"]) and all(
        control.keys[key] in values for key, values in _SEEDLESS.items()
    )


def _which(control: Cases) -> str:
    """Return what tells a control from others of its kind."""
    return {
        "random weak": ", ".join(dict.fromkeys(control.supervisors["family"])),
        "random strong": str(control.keys["strong"]),
        "shuffled labels": f"seed {control.keys['study_seed']}",
    }.get(control.control, "")


@dataclass(frozen=True)
class _Effect:
    """An effect: words, how sure it is, and what its difference from a control's is made of.

    Attributes
    ----------
    what
        In words.
    found
        Its estimate and interval.
    influences
        Of the molecules, (m,), where the effect is a sum of them.
    draws
        Of what it truly is, (r,), where it is not.
    leverage
        The largest share of one molecule.
    """

    what: str
    found: Interval
    influences: Array | None = None
    draws: Array | None = None
    leverage: float = 0.0

    def minus(self, other: _Effect) -> Interval:
        """Return the difference from the same effect of a study on the same molecules."""
        if self.influences is not None and other.influences is not None:
            difference = self.found.estimate - other.found.estimate
            return of_influences(difference, self.influences - other.influences)
        if self.draws is not None and other.draws is not None:
            return of_draws(self.draws - other.draws)
        return UNKNOWN


def _effects(cases: Cases, draws: int, seed: int) -> dict[str, _Effect]:
    drawn = draw(cases, draws, seed)
    gain, misfit = cases.leverage("gain"), cases.leverage("misfit")
    of_all = statistics_of(cases.task)
    mean, influences = mean_with_influences(drawn.sample, "gain")
    found = of_influences(mean, influences)
    effects = {"mean_gain": _Effect(of_all["mean_gain"][0], found, influences, leverage=gain)}
    for name, leverage in (("median_gain", gain), ("correlation", max(gain, misfit))):
        what, statistic = of_all[name]
        truths = None if drawn.truths is None else statistic(drawn.truths)
        observed = Interval(float(statistic(drawn.observed)))
        found = observed if truths is None else of_draws(truths)
        effects[name] = _Effect(what, found, draws=truths, leverage=leverage)
    what, statistic = of_all["slope"]
    slope = slope_with_influences(drawn.sample)
    effects["slope"] = (
        _Effect(what, Interval(float(statistic(drawn.observed))))
        if slope is None
        else _Effect(what, of_influences(*slope), slope[1], leverage=max(gain, misfit))
    )
    rule = ranked(cases, "valid", draws, seed)
    scores = rule.scores[PAPERS_RULE]
    known = float(rule.against(scores, rule.errors[None])["spearman"][0])
    truths = None if rule.truths is None else rule.against(scores, rule.truths)["spearman"]
    found = Interval(known) if truths is None else of_draws(truths)
    effects["rule_spearman"] = _Effect(
        "rank correlation of the paper's rule",
        found,
        draws=truths,
        leverage=cases.leverage("w2s_error", between=True),
    )
    if np.isnan(effects["correlation"].found.estimate):  # a student that copies its supervisor
        for name in _FROM_GAIN:
            bare = effects[name].found.without()
            effects[name] = _Effect(effects[name].what, bare)
        effects["slope"] = _Effect(effects["slope"].what, UNKNOWN)  # of rounding on rounding
    if too_few(cases):
        return {n: _Effect(e.what, e.found.without()) for n, e in effects.items()}
    return effects


def _compared(
    study: Cases, control: Cases, effects: dict[str, _Effect], under: dict[str, _Effect]
) -> list[dict[str, object]]:
    rows = []
    for name, effect in effects.items():
        other = under[name]
        difference = effect.minus(other)
        rows.append(
            {
                "study": study.study,
                "dataset": study.keys["dataset"],
                "strong": study.keys["strong"],
                "control": control.control,
                "which": _which(control),
                "control_study": control.study,
                "effect": name,
                "what": effect.what,
                "estimate": effect.found.estimate,
                "low": effect.found.low,
                "high": effect.found.high,
                "control_estimate": other.found.estimate,
                "control_low": other.found.low,
                "control_high": other.found.high,
                "difference": difference.estimate,
                "difference_low": difference.low,
                "difference_high": difference.high,
                "leverage": effect.leverage,
                "control_leverage": other.leverage,
                # Both have to be beyond doubt: the larger p of the two.
                "p": float(np.maximum(effect.found.p, difference.p)),
            }
        )
    return rows


def _verdict(row: Mapping[Any, Any]) -> str:
    if row["leverage"] > MOST_OF_ONE_MOLECULE:
        return ONE_MOLECULE
    if np.isnan(row["low"]):
        return UNTESTED
    if not row["low"] > 0:
        return NO_EFFECT
    if np.isnan(row["control_low"]):
        return UNDEFINED
    if row["control_leverage"] > MOST_OF_ONE_MOLECULE:
        return ONE_MOLECULE
    if row["difference_low"] > 0 and row["p_holm"] < 1 - LEVEL:
        return SURVIVES
    return CONTROL_TOO if row["control_low"] > 0 else UNDECIDED
