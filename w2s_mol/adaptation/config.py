"""What an adaptation is asked to do: every setting, its default, its type and its option.

Imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any

from w2s_mol.datasets.named import dataset_names, expand_datasets
from w2s_mol.datasets.rules import (
    DEFAULT_SEEDS,
    ROWS,
    DatasetNames,
    Delimiter,
    HowToSplit,
    SmilesColumn,
    SplitColumns,
    SplitFiles,
    SplitRepeats,
    SplitSeeds,
    TargetColumns,
    TaskAsked,
    WhatIfInvalid,
)
from w2s_mol.encoders.devices import Precision
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MAX_ATOMS, MaxAtoms, check_max_atoms
from w2s_mol.option import Option
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.pretraining.settings import TorchSeed, TrainingSettings
from w2s_mol.settings_check import Count, Positive, Range, checked
from w2s_mol.study.config import StudyConfig

_LARGEST_RATE, _RATE_TIMES_HIDDEN = 1e-3, 0.05
_READING = ("dataset", "smiles_column", "target_column", "delimiter", "task")
"""Settings that say which molecules there are, not what is done with them."""
_OF_SPLITS = ("split_column", "split_file", "split", "split_seeds", "split_repeats")
_AS_IN_A_STUDY = (*_READING, *_OF_SPLITS, "on_invalid", "max_atoms")


@dataclass(frozen=True, kw_only=True)
class AdaptationConfig:
    """The settings of an adaptation; every field is an option of ``w2s-mol adapt``.

    Attributes
    ----------
    dataset
        Names or paths of datasets, as a study takes them.
    unlabelled
        More molecules: ``rows`` for those of a table of one's own that have no label, and paths of
        other tables.
    transductive
        Learn the molecules of test parts as well. The encoder is marked for it: its name ends with
        ``(transductive)`` in all results.
    epochs, batch_size, learning_rate
        AdamW with a linear schedule; the rate at its highest is by default 0.05 / hidden size, at
        most 0.001, a third of pretraining's.
    head_epochs
        Before them, passes over the molecules in which new heads learn to read the encoder as it
        is: encoders are kept without the heads that they were trained under. It is not trained in
        these, so that they take a third of the time.
    objectives
        As ``Objectives.parse`` reads them; ``mlm`` is one of them. By default ``mlm`` and, for an
        encoder trained on them, ``descriptors``, with the weights that it was trained with.
    renumberings, max_length, max_atoms
        As in ``CorpusConfig``.
    precision
        ``fp32`` or ``bf16``.
    seed
        Of the order of molecules and of the masks.
    smiles_column, task ... on_invalid
        As in ``StudyConfig``: the splits are those of a study with the same ones.
    """

    dataset: DatasetNames = ()
    unlabelled: Annotated[
        tuple[str, ...],
        Option(
            means="name or path",
            help=f"More molecules: '{ROWS}' for the rows of your own table that have no label, or "
            "another table with the same column of SMILES. Repeatable.",
            metavar=f"{ROWS}|FILE",
        ),
    ] = ()
    transductive: Annotated[
        bool,
        Option(
            help="Learn the molecules of test parts too, without their labels; the encoder's name "
            "says so in all results."
        ),
    ] = False
    epochs: Annotated[Count, Option(help="Passes over the molecules.")] = 10
    head_epochs: Annotated[
        Count, Option(help="Passes before them in which new heads are fitted to the encoder.")
    ] = 10
    batch_size: Annotated[Count, Option(help="Molecules a step.")] = 32
    learning_rate: Annotated[
        Positive | None,
        Option(help="AdamW's, at its highest. Default: 0.05 / hidden size, at most 0.001."),
    ] = None
    objectives: Annotated[
        str | None,
        Option(
            metavar="NAME[=WEIGHT],...",
            help="mlm and, if you like, descriptors and pairs, each with its weight. Default: mlm, "
            "and descriptors if the encoder was trained on them, with its weights.",
        ),
    ] = None
    seed: Annotated[TorchSeed, Option(help="Of the order of molecules and the masks.")] = 0
    renumberings: Annotated[
        Count, Option(help="Random atom orders of each molecule; an epoch reads one.")
    ] = 10
    max_length: Annotated[
        int, Range(3, 512), Option(help="Leave out molecules of more tokens.")
    ] = 128
    precision: Annotated[Precision, Option(help="bf16 is faster on a GPU.")] = "fp32"
    smiles_column: SmilesColumn = "smiles"
    target_column: TargetColumns = ()
    task: Annotated[
        TaskAsked,
        Option(help="What the labels are, as for run: parts of splits need both of two classes."),
    ] = "auto"
    split_column: SplitColumns = ()
    split_file: SplitFiles = ()
    split: HowToSplit = "random"
    split_seeds: SplitSeeds = DEFAULT_SEEDS
    split_repeats: SplitRepeats = 0
    delimiter: Delimiter = None
    on_invalid: WhatIfInvalid = "error"
    max_atoms: MaxAtoms = MAX_ATOMS

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)
        check_max_atoms(self.max_atoms)
        if not self.dataset and not self.unlabelled:
            raise InputError(
                "no molecules are given. Name a dataset with --dataset, or a table of molecules "
                "with --unlabelled."
            )
        if ROWS in self.unlabelled and not self.dataset:
            raise InputError(
                f"--unlabelled {ROWS} is for the rows of a --dataset, and none is given. Give the "
                "path of a table."
            )
        if not self.dataset and (of_a_dataset := [n for n in self.chosen() if n in _OF_SPLITS]):
            raise InputError(
                f"{of_a_dataset[0]} is for a --dataset, and none is given. Leave it out."
            )

    def study(self) -> StudyConfig:
        """Return a study of the same datasets, whose splits are those that count here."""
        given = {name: getattr(self, name) for name in _AS_IN_A_STUDY}
        named = {n for name in self.dataset for n in expand_datasets(name)} <= {*dataset_names()}
        if named and self.unlabelled:
            del given["smiles_column"]  # it is that of the pools
        return StudyConfig(**given, unlabelled=tuple(n for n in self.unlabelled if n == ROWS))

    def of_the_study(self) -> dict[str, Any]:
        """Return the settings that a study with this encoder has to share, but for defaults."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name in _AS_IN_A_STUDY and getattr(self, field.name) != field.default
        }

    def training(self, objectives: Objectives) -> TrainingSettings:
        """Return how the encoder is trained."""
        return TrainingSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            objectives=objectives,
            precision=self.precision,
            order_seed=self.seed,
        )

    def rate(self, hidden: int) -> float:
        """Return the learning rate at its highest, for an encoder of a size."""
        return self.learning_rate or min(_LARGEST_RATE, _RATE_TIMES_HIDDEN / hidden)

    def chosen(self) -> dict[str, Any]:
        """Return what is asked for that is not the default, but for which molecules there are."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in _READING and getattr(self, field.name) != field.default
        }
