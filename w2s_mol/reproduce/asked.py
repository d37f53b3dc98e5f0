"""What a reproduction was to run, as its folder says it. A report of any runs reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from w2s_mol import files
from w2s_mol.errors import InputError

_PLAN = "plan.json"
_ASKED = (
    "Every experiment of Charikar, Pabbaraju and Shiragur (2024) that can run with what is at hand."
)


def write_asked(folder: Path, ran: Sequence[str], gaps: Sequence[str]) -> None:
    """Write down what was run, and what could not be."""
    files.write_json(folder / _PLAN, {"ran": [*ran], "gaps": [*gaps]})


def what_was_asked(folder: Path) -> list[str]:
    """Return the sentences on a reproduction's aim and gaps; none if the folder holds none.

    Raises
    ------
    InputError
        If its plan cannot be read.
    """
    path = folder / _PLAN
    if not path.is_file():
        return []
    try:
        gaps = files.read_json(path)["gaps"]
        fault = None if isinstance(gaps, list) else f"its gaps are a {type(gaps).__name__}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        fault = repr(error)
    if fault:
        raise InputError(f"{path} cannot be read: {fault}. Run w2s-mol reproduce again.")
    return [_ASKED, *(f"Gap: {gap}" for gap in gaps)]
