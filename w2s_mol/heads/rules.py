"""How heads can be fitted, by name. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

HeadRule = Literal["ridge", "ols", "adamw", "mlp"]

WIDTH = 32
"""Hidden units of ``mlp``, as in the synthetic experiments."""
