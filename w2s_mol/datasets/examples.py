"""What may be known of molecules beside their labels: plain data for whoever labels or learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Examples:
    """``n`` molecules.

    Attributes
    ----------
    smiles
        Their SMILES, or the texts that stand for them.
    columns
        Numbers of the table beside the label, by name, each of shape (n,); NaN where a cell is
        empty.
    """

    smiles: Sequence[str]
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.smiles)
