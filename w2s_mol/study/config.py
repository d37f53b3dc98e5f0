"""What a study is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from w2s_mol.datasets.own_settings import DEFAULT_SEEDS, SplitRule
from w2s_mol.datasets.rows import OnInvalid
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import HeadRule
from w2s_mol.molecules.smiles import MAX_ATOMS, check_max_atoms
from w2s_mol.settings_check import Count, Seed, checked

Protocol = Literal["paper", "disjoint"]


@dataclass(frozen=True)
class StudyConfig:
    """The settings of one study; every field is an option of ``w2s-mol run``.

    Attributes
    ----------
    dataset
        Names or paths of datasets; ``all`` stands for the paper's three.
    weak
        Weak encoders: names, folders of one encoder or of a family, ``shipped``.
    strong
        The strong encoder; ``self`` lets every supervisor teach its own representation, a null
        control.
    shuffle_weak_labels
        Permute the weak labels among the molecules of a part before the student sees them, a null
        control.
    protocol
        ``paper``: weak head and weak labels on the same train molecules. ``disjoint``: the train
        molecules are halved by seed, one half for the weak head, the other for the strong ones.
    head
        ``ridge``, ``ols`` or ``adamw``; the same rule for the weak, the strong and the ceiling.
    head_epochs
        Of ``adamw``.
    pooling
        Of transformer encoders; fixed representations have none.
    seed
        Of the halves of ``disjoint``, of the batch order of ``adamw`` and of shuffled labels.
    smiles_column ... delimiter
        Of a user's own table; see ``load_dataset``.
    on_invalid
        ``error``, or ``skip``: leave out molecules that cannot be read, or that one of the
        encoders cannot represent.
    max_atoms
        Molecules of more atoms cannot be used; at most 5,000.
    """

    dataset: tuple[str, ...]
    weak: tuple[str, ...] = ("shipped",)
    strong: str = "molbert"
    shuffle_weak_labels: bool = False
    protocol: Protocol = "paper"
    head: HeadRule = "ridge"
    head_epochs: Count = 1000
    pooling: Literal["mean+pooled", "mean", "pooled", "cls", "last"] = "mean+pooled"
    seed: Seed = 0
    smiles_column: str = "smiles"
    target_column: str | None = None
    unit: str = "label units"
    split_column: tuple[str, ...] = ()
    split_file: tuple[str, ...] = ()
    split: SplitRule = "random"
    split_seeds: tuple[Seed, ...] = DEFAULT_SEEDS
    delimiter: str | None = None
    on_invalid: OnInvalid = "error"
    max_atoms: int = MAX_ATOMS

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)
        check_max_atoms(self.max_atoms)
        if not self.dataset:
            raise InputError("no dataset is given. Name one, for example lipop.")
        if not self.weak:
            raise InputError("no weak encoder is given. Name one, or 'shipped'.")

    def as_toml(self) -> dict[str, Any]:
        """Return the settings as TOML holds them: no nulls, lists for tuples."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }

    def chosen(self) -> dict[str, Any]:
        """Return those of them that are not the defaults."""
        defaults = {field.name: field.default for field in fields(self)}
        return {n: v for n, v in self.as_toml().items() if getattr(self, n) != defaults[n]}
