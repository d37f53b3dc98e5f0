"""What a user may say of a table: of their own, of any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from w2s_mol.datasets.moleculeace import MOLECULEACE
from w2s_mol.datasets.named import dataset_names
from w2s_mol.datasets.rules import (
    DEFAULT_SEEDS,
    OnInvalid,
    SplitRepeats,
    SplitRule,
    TaskAsked,
)
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MAX_ATOMS
from w2s_mol.settings_check import check

_SAYS_THE_SPLITS = {
    "split_columns": "split columns",
    "split_files": "split files",
    "split_seeds": "split seeds",
}


@dataclass(frozen=True)
class AnyTable:
    """What holds of every table, named or not; see ``load_dataset``."""

    columns: Sequence[str] = ()
    on_invalid: OnInvalid = "error"
    max_atoms: int = MAX_ATOMS
    unlabelled: Sequence[str] = ()
    task: TaskAsked = "auto"


@dataclass(frozen=True)
class OwnTable:
    """How a user's own CSV is read; see ``load_dataset``."""

    smiles_column: str = "smiles"
    target_column: str | None = None
    one_of_several: bool = False
    unit: str = "label units"
    split_columns: tuple[str, ...] = ()
    split_files: tuple[str | Path, ...] = ()
    split: SplitRule = "random"
    split_seeds: tuple[int, ...] = DEFAULT_SEEDS
    delimiter: str | None = None
    split_repeats: int = 0
    apart: str | None = None
    positive: str | None = None
    text_column: str | None = None

    def __post_init__(self) -> None:
        if self.text_column is not None:
            self._check_texts()
        check("split_repeats", self.split_repeats, SplitRepeats)
        self._check_splits()
        if not self.split_repeats:
            return
        for said, option in _SAYS_THE_SPLITS.items():
            if said in self.given():
                raise InputError(
                    f"both split repeats and {option} are given. Repeats are the splits of seeds "
                    f"0 to {self.split_repeats - 1}, and no others: leave one of the two out."
                )

    def _check_splits(self) -> None:
        made, said = ("split", "split_seeds"), ("split_columns", "split_files")
        for how in (name.replace("_", " ") for name in made if name in self.given()):
            for where in (name.replace("_", " ") for name in said if name in self.given()):
                raise InputError(
                    f"both {how} and {where} are given. Splits that are given are not made: leave "
                    "one of the two out."
                )

    def _check_texts(self) -> None:
        if "smiles_column" in self.given():
            raise InputError(
                f"both a column of SMILES ({self.smiles_column!r}) and one of texts "
                f"({self.text_column!r}) are given. Choose one: --smiles-column or --text-column."
            )
        if self.split == "scaffold":
            raise InputError(
                "split is 'scaffold', and the items are texts, which have no scaffold. Leave it "
                "out for random splits, or say your own with --split-column or --split-file."
            )

    @property
    def item_column(self) -> str:
        """Return the column of the items."""
        return self.smiles_column if self.text_column is None else self.text_column

    def given(self) -> list[str]:
        """Return the names of the settings that differ from their defaults."""
        return [f.name for f in fields(self) if getattr(self, f.name) != f.default]

    def seeds(self) -> list[int]:
        """Return the seeds of splits that are made, in order and once each.

        Raises
        ------
        InputError
            If there is none.
        """
        if self.split_repeats:
            return [*range(self.split_repeats)]
        if not self.split_seeds:
            raise InputError("no split seed is given. Pass at least one.")
        return sorted(set(self.split_seeds))


def taken_by(name: str, *, repeated: bool, pooled: bool = False) -> set[str]:
    """Return which settings of an ``OwnTable`` a dataset takes: a named one has most of its own.

    Parameters
    ----------
    name
        Of the dataset.
    repeated
        Whether its splits are to be made, and so by a rule that may be chosen.
    pooled
        Whether tables without labels are read beside it, which have a column of SMILES.
    """
    if name not in dataset_names():
        return {field.name for field in fields(OwnTable)}
    of_pool = {"smiles_column"} if pooled else set()
    if name in MOLECULEACE:
        return {"split_seeds", "split_repeats"} | of_pool
    return ({"split", "split_repeats"} if repeated else {"split_repeats"}) | of_pool
