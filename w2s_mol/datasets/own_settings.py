"""What a user may say of a table: of their own, of any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from w2s_mol.datasets.moleculeace import MOLECULEACE
from w2s_mol.datasets.named import dataset_names
from w2s_mol.datasets.rules import DEFAULT_SEEDS, OnInvalid, SplitRule
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MAX_ATOMS


@dataclass(frozen=True)
class AnyTable:
    """What holds of every table, named or not; see ``load_dataset``."""

    columns: Sequence[str] = ()
    on_invalid: OnInvalid = "error"
    max_atoms: int = MAX_ATOMS


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

    def seeds(self) -> list[int]:
        """Return the seeds of splits that are made, in order and once each.

        Raises
        ------
        InputError
            If there is none.
        """
        if not self.split_seeds:
            raise InputError("no split seed is given. Pass at least one.")
        return sorted(set(self.split_seeds))


def taken_by(name: str) -> frozenset[str]:
    """Return which settings of an ``OwnTable`` a dataset takes: a named one has most of its own."""
    if name not in dataset_names():
        return frozenset(field.name for field in fields(OwnTable))
    return frozenset({"split_seeds"} if name in MOLECULEACE else ())
