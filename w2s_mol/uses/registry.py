"""Every use by its name, in the order of tables; a new one is a class here and a line below."""

from __future__ import annotations

from w2s_mol.uses.contract import Use
from w2s_mol.uses.corrected import Both, Delta, Stack
from w2s_mol.uses.plain import Ceiling, Direct, Mean, WeakToStrong

STUDENT, CEILING = WeakToStrong(), Ceiling()
DIRECT, MEAN = Direct.name, Mean.name

BESIDE: dict[str, Use] = {use.name: use for use in (Delta(), Stack(), Both(), Direct(), Mean())}
"""The uses that stand beside the paper's student and its ceiling in every result."""

USES: dict[str, Use] = {use.name: use for use in (STUDENT, *BESIDE.values(), CEILING)}

WEAK = "weak"
"""What is called like a use and is none: the supervisor's labels as they are."""
