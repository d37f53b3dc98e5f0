"""What a user should know of a number of each molecule before it supervises anything."""

from __future__ import annotations

import numpy as np

from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array

_FEWEST = 3
_ROUNDING = 1e-12
_MOST_MISSING = 0.5


def remarks_on(name: str, values: Array, truth: Array, *, calibrated: bool = True) -> list[str]:
    """Say how a number goes with the label, and how often it is missing.

    Parameters
    ----------
    name
        Of the supervisor.
    values
        Shape (n,), NaN where there is none.
    truth
        True labels, shape (n,), NaN for molecules that it is not to be compared on.
    calibrated
        Whether a head makes labels of it; otherwise it is the label itself.

    Raises
    ------
    InputError
        If there is no number, or they are all the same.
    """
    said = ~np.isnan(values)
    if not said.any():
        raise InputError(
            f"{name} has no number for any of {len(values):,} molecules. Leave it out, or name "
            "another."
        )
    if np.ptp(values[said]) == 0:
        raise InputError(
            f"{name} is constant: {values[said][0]:g} for all {said.sum():,} molecules that have "
            "a number. There is nothing to learn from it; leave it out."
        )
    remarks = [f"{name}: {_with_the_label(values, truth, calibrated)}"]
    if not said.all():
        missing = (~said).mean()
        where = "most" if missing > _MOST_MISSING else "some"
        remarks.append(
            f"{name}: missing on {where} molecules, {(~said).sum():,} of {len(values):,} "
            f"({missing:.1%}); it says nothing of them, and its errors are of the others alone"
        )
    return remarks


def _with_the_label(values: Array, truth: Array, calibrated: bool) -> str:
    both = ~np.isnan(values) & ~np.isnan(truth)
    n = int(both.sum())
    if n < _FEWEST or np.ptp(values[both]) == 0 or np.ptp(truth[both]) == 0:
        return (
            f"too little to correlate it with the label, {n:,} labelled train molecules of the "
            "first split"
        )
    r = float(np.corrcoef(values[both], truth[both])[0, 1])
    if abs(r) >= 1 - _ROUNDING:
        return (
            f"it is the label itself, correlation {r:+.0f} with it: a study of it says nothing of "
            "new molecules"
        )
    direction = "rises with the label" if r > 0 else "falls as the label rises"
    wrong = (
        "" if calibrated or r > 0 else "; as it stands it points the wrong way, column: turns it"
    )
    return (
        f"it {direction}, correlation {r:+.3f} with it on {n:,} labelled train molecules of the "
        f"first split{wrong}"
    )
