"""What is to be diagnosed: every setting, its default, its type and its option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from w2s_mol.datasets.rules import (
    OWN_TABLE,
    Delimiter,
    OnInvalid,
    SmilesColumn,
    TaskAsked,
    TextColumn,
)
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MAX_ATOMS, MaxAtoms, check_max_atoms
from w2s_mol.option import Option
from w2s_mol.settings_check import Range, checked
from w2s_mol.study.config import Pooling

_ENCODERS = Option(
    means="name or path",
    completes="encoders",
    metavar="NAME_OR_DIR",
    help="As for run. Repeatable.",
)


@dataclass(frozen=True)
class DiagnosticsConfig:
    """The settings of ``w2s-mol diagnose``; those that ``w2s-mol run`` has too mean the same.

    Attributes
    ----------
    dataset, task, smiles_column, text_column, target_column, unit, delimiter, on_invalid, max_atoms
        The molecules; scores use no label, a heat map of penalties does.
    weak, strong, pooling
        Encoders; every weak one is compared with every strong one.
    ridge
        Of the kernel projections of Xue et al.'s norm, as a share of the variance.
    tolerance
        Share of the variance that an intrinsic dimension may leave out.
    """

    dataset: Annotated[
        str,
        Option(
            short="-d",
            means="name or path",
            completes="datasets",
            metavar="NAME_OR_CSV",
            help="As for run; one.",
        ),
    ]
    weak: Annotated[
        tuple[str, ...],
        _ENCODERS,
    ] = ("shipped",)
    strong: Annotated[
        tuple[str, ...],
        _ENCODERS,
    ] = ("molbert",)
    pooling: Annotated[Pooling, Option(help="How transformers make one vector of a molecule.")] = (
        "mean+pooled"
    )
    ridge: Annotated[
        float, Range(1e-6), Option(help="Of the norm's projections, as a share of the variance.")
    ] = 1e-3
    tolerance: Annotated[
        float,
        Range(0, 0.99, open_below=True),
        Option(help="Share of the variance that intrinsic dimensions leave out."),
    ] = 0.01
    task: Annotated[
        TaskAsked,
        Option(help="What the labels are, as for run; a heat map needs numbers."),
    ] = "auto"
    smiles_column: SmilesColumn = "smiles"
    text_column: TextColumn = None
    target_column: Annotated[str | None, Option(help="Column of the label.", panel=OWN_TABLE)] = (
        None
    )
    unit: Annotated[str, Option(help="Unit of the label.", panel=OWN_TABLE)] = "label units"
    delimiter: Delimiter = None
    on_invalid: Annotated[
        OnInvalid,
        Option(help="What to do with a row that cannot be used; skipped ones are counted."),
    ] = "error"
    max_atoms: MaxAtoms = MAX_ATOMS

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)
        check_max_atoms(self.max_atoms)
        if not (self.weak and self.strong):
            raise InputError("no weak or no strong encoder is given. Name one of each.")
