"""Null controls: which effects of a study are more than its controls show as well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.statistics.cases import NO_CONTROL, Cases
from w2s_mol.statistics.gain_misfit import STATISTICS, gain_misfit_replicates
from w2s_mol.statistics.ranking import rule_replicates
from w2s_mol.statistics.resampling import REPLICATES, interval

Array = NDArray[np.float64]

CONTROLS = {
    "random weak": "weak encoders with random weights",
    "random strong": "a strong encoder with random weights",
    "self": "every weak encoder supervises itself",
    "shuffled labels": "weak labels permuted among the molecules",
}
"""The controls by name, in words."""

_SAME = ("dataset_sha256", "protocol", "head", "head_epochs", "pooling", "study_seed")
_FROM_GAIN = ("mean_gain", "correlation", "slope", "mean_slack")


def control_table(
    every: Sequence[Cases], replicates: int = REPLICATES, seed: int = 0
) -> pd.DataFrame:
    """Compare every study with its null controls on the same molecules.

    An effect survives a control where its own interval lies above zero, and so does that of its
    difference from the control. Both are over molecules, splits and seeds, from the same
    replicates.

    Parameters
    ----------
    every
        Cases of studies and controls together; a control belongs to the studies with which it
        shares the molecules and all but what it controls for.

    Returns
    -------
    DataFrame
        study, dataset, strong, control, effect, what; estimate, low, high of the study;
        control_estimate, control_low, control_high; difference_low, difference_high; survives
        (True, False, or None where the effect is undefined in the control).
    """
    found = {id(cases): _effects(cases, replicates, seed) for cases in every}
    rows = []
    for study in (cases for cases in every if cases.control == NO_CONTROL):
        for control in (cases for cases in every if _controls(cases, study)):
            rows.extend(_compared(study, control, found[id(study)], found[id(control)]))
    return pd.DataFrame(rows)


def _controls(control: Cases, study: Cases) -> bool:
    """Say whether a control is one of a study's."""
    if control.control == NO_CONTROL or any(control.keys[k] != study.keys[k] for k in _SAME):
        return False
    same_strong = control.keys["strong_sha256"] == study.keys["strong_sha256"]
    same_weak = control.supervisors["weak"].tolist() == study.supervisors["weak"].tolist()
    shares = {
        "random weak": same_strong,
        "random strong": same_weak,
        "self": same_weak,
        "shuffled labels": same_strong and same_weak,
    }
    return bool(shares[control.control])


_Effect = tuple[str, float, Array]


def _effects(cases: Cases, replicates: int, seed: int) -> dict[str, _Effect]:
    """Return each effect: words, estimate and replicates."""
    observed, _, everything = gain_misfit_replicates(cases, replicates, seed)
    effects = {}
    for name in _FROM_GAIN:
        what, statistic = STATISTICS[name]
        effects[name] = (what, float(statistic(observed)), statistic(everything))
    estimate, drawn = rule_replicates(cases, "valid", replicates, seed)
    effects["rule_spearman"] = ("rank correlation of the paper's rule", estimate, drawn)
    return effects


def _compared(
    study: Cases, control: Cases, effects: dict[str, _Effect], under: dict[str, _Effect]
) -> list[dict[str, object]]:
    rows = []
    for name, (what, estimate, drawn) in effects.items():
        _, control_estimate, control_drawn = under[name]
        low, high = interval(drawn)
        control_low, control_high = interval(control_drawn)
        difference_low, difference_high = interval(drawn - control_drawn)
        undefined = np.isnan(difference_low) or np.isnan(low)
        rows.append(
            {
                "study": study.study,
                "dataset": study.keys["dataset"],
                "strong": study.keys["strong"],
                "control": control.control,
                "control_study": control.study,
                "effect": name,
                "what": what,
                "estimate": estimate,
                "low": low,
                "high": high,
                "control_estimate": control_estimate,
                "control_low": control_low,
                "control_high": control_high,
                "difference_low": difference_low,
                "difference_high": difference_high,
                "survives": None if undefined else bool(low > 0 and difference_low > 0),
            }
        )
    return rows
