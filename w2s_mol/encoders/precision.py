"""The arithmetic that transformers can be run in, by name. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal, get_args

from w2s_mol.errors import unknown_name

Precision = Literal["fp32", "bf16"]


def check_precision(precision: str) -> None:
    """Raise InputError if arithmetic of this precision is not offered."""
    if precision not in get_args(Precision):
        raise unknown_name("precision", precision, get_args(Precision))
