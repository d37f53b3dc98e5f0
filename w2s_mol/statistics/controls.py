"""Null controls: which effects of a study are more than its controls show as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.gain_misfit import gain_misfit_replicates, statistics_of
from w2s_mol.statistics.ranking import rule_replicates
from w2s_mol.statistics.resampling import REPLICATES, interval
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

SURVIVES = "survives"
NO_EFFECT = "no effect to test"
CONTROL_TOO = "the control shows it too"
UNDECIDED = "undecided"
UNDEFINED = "undefined in the control"
ONE_MOLECULE = "one molecule decides"
VERDICTS = (SURVIVES, NO_EFFECT, CONTROL_TOO, UNDECIDED, UNDEFINED, ONE_MOLECULE)

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


def control_table(
    every: Sequence[Cases], replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
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
        difference_low, difference_high; leverage, control_leverage (the largest share of one
        molecule); verdict, in ``VERDICTS``. Intervals are over molecules, splits and
        seeds, the difference's from the same replicates. An effect survives where its interval
        lies above zero, and so does the difference's.
    """
    found = {id(cases): _effects(cases, replicates, seed) for cases in every}
    rows = []
    for study in (cases for cases in every if cases.control == NO_CONTROL):
        for control in (cases for cases in every if _controls(cases, study)):
            rows.extend(_compared(study, control, found[id(study)], found[id(control)]))
    return pd.DataFrame(rows)


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
    """An effect: words, estimate, replicates, and the largest share of one molecule in it."""

    what: str
    estimate: float
    drawn: Array
    leverage: float


def _effects(cases: Cases, replicates: int, seed: int) -> dict[str, _Effect]:
    observed, _, everything = gain_misfit_replicates(cases, replicates, seed)
    gain, misfit = cases.leverage("gain"), cases.leverage("misfit")
    effects = {}
    statistics = statistics_of(cases.task)
    for name in _FROM_GAIN:
        what, statistic = statistics[name]
        # A median over cases is not moved by a case that one molecule throws far off.
        leverage = {"median_gain": 0.0, "mean_gain": gain}.get(name, max(gain, misfit))
        effects[name] = _Effect(what, float(statistic(observed)), statistic(everything), leverage)
    estimate, drawn = rule_replicates(cases, "valid", replicates, seed)
    effects["rule_spearman"] = _Effect("rank correlation of the paper's rule", estimate, drawn, 0.0)
    if np.isnan(effects["correlation"].estimate):  # a student that copies its supervisor
        nothing = np.full(replicates, np.nan)
        for name in _FROM_GAIN:
            effects[name] = _Effect(effects[name].what, effects[name].estimate, nothing, 0.0)
    return effects


def _compared(
    study: Cases, control: Cases, effects: dict[str, _Effect], under: dict[str, _Effect]
) -> list[dict[str, object]]:
    rows = []
    for name, effect in effects.items():
        other = under[name]
        low, high = interval(effect.drawn)
        control_low, control_high = interval(other.drawn)
        difference_low, difference_high = interval(effect.drawn - other.drawn)
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
                "estimate": effect.estimate,
                "low": low,
                "high": high,
                "control_estimate": other.estimate,
                "control_low": control_low,
                "control_high": control_high,
                "difference_low": difference_low,
                "difference_high": difference_high,
                "leverage": effect.leverage,
                "control_leverage": other.leverage,
                "verdict": _verdict(effect, other, low, control_low, difference_low),
            }
        )
    return rows


def _verdict(
    effect: _Effect, other: _Effect, low: float, control_low: float, difference_low: float
) -> str:
    if effect.leverage > MOST_OF_ONE_MOLECULE:
        return ONE_MOLECULE
    if not low > 0:
        return NO_EFFECT
    if np.isnan(control_low):
        return UNDEFINED
    if other.leverage > MOST_OF_ONE_MOLECULE:
        return ONE_MOLECULE
    if difference_low > 0:
        return SURVIVES
    return CONTROL_TOO if control_low > 0 else UNDECIDED
