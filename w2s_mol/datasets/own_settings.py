"""What a user may say of a table of their own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from w2s_mol.datasets.rules import DEFAULT_SEEDS, SplitRule


@dataclass(frozen=True)
class OwnTable:
    """How a user's own CSV is read; see ``load_dataset``."""

    smiles_column: str = "smiles"
    target_column: str | None = None
    unit: str = "label units"
    split_columns: tuple[str, ...] = ()
    split_files: tuple[str | Path, ...] = ()
    split: SplitRule = "random"
    split_seeds: tuple[int, ...] = DEFAULT_SEEDS
    delimiter: str | None = None

    def given(self) -> list[str]:
        """Return the names of the settings that differ from their defaults."""
        default = OwnTable()
        names = (field.name for field in fields(self))
        return [name for name in names if getattr(self, name) != getattr(default, name)]
