"""What a study is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from w2s_mol.datasets.loading import DEFAULT_SEEDS, SplitRule
from w2s_mol.datasets.rows import OnInvalid
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.heads.linear import HeadRule
from w2s_mol.molecules.smiles import MAX_ATOMS, check_max_atoms

Protocol = Literal["paper", "disjoint"]


SELF = "self"
"""The strong encoder's name where every supervisor teaches its own representation."""


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
    head_epochs: int = 1000
    pooling: Literal["pooled", "mean", "mean+pooled"] = "mean+pooled"
    seed: int = 0
    smiles_column: str = "smiles"
    target_column: str | None = None
    unit: str = "label units"
    split_column: tuple[str, ...] = ()
    split_file: tuple[str, ...] = ()
    split: SplitRule = "random"
    split_seeds: tuple[int, ...] = DEFAULT_SEEDS
    delimiter: str | None = None
    on_invalid: OnInvalid = "error"
    max_atoms: int = MAX_ATOMS

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                object.__setattr__(self, field.name, tuple(value))
            elif field.name in {"dataset", "weak"} and isinstance(value, str):
                object.__setattr__(self, field.name, (value,))
        _check_choice("protocol", self.protocol, Protocol)
        _check_choice("head", self.head, HeadRule)
        _check_choice("on_invalid", self.on_invalid, OnInvalid)
        _check_choice("split", self.split, SplitRule)
        check_max_atoms(self.max_atoms)
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}. It should be 0 or more.")
        if not self.dataset:
            raise InputError("no dataset is given. Name one, for example lipop.")
        if not self.weak:
            raise InputError("no weak encoder is given. Name one, or 'shipped'.")
        if self.head_epochs < 1:
            raise InputError(f"head_epochs is {self.head_epochs}; it must be at least 1.")

    def as_toml(self) -> dict[str, Any]:
        """Return the settings as TOML holds them: no nulls, lists for tuples."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }


def _check_choice(name: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        raise unknown_name(name, value, get_args(choices))
