"""What a study is asked to do: every setting, its default, its type and its option."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, cast, get_args

from w2s_mol.datasets.rules import (
    DEFAULT_SEEDS,
    OWN_TABLE,
    ROWS,
    DatasetNames,
    Delimiter,
    HowToSplit,
    Positive,
    SmilesColumn,
    SplitColumns,
    SplitFiles,
    SplitRepeats,
    SplitSeeds,
    TargetColumns,
    TaskAsked,
    TextColumn,
    WhatIfInvalid,
)
from w2s_mol.errors import InputError
from w2s_mol.heads.rules import HEADS, WIDTH, Confidence, HeadRule, HeadSettings
from w2s_mol.items.contract import Items
from w2s_mol.items.registry import items_of
from w2s_mol.molecules.limits import MAX_ATOMS, MaxAtoms, check_max_atoms
from w2s_mol.option import Option
from w2s_mol.settings_check import Count, NumberOr, OneOf, Seed, checked
from w2s_mol.study.class_options import (
    Heads,
    LossOption,
    Strength,
    TeachOption,
    ThresholdOption,
    Warmup,
)
from w2s_mol.study.protocols import PROTOCOLS
from w2s_mol.tasks.registry import TASKS

RESULTS_FORMAT = 3
"""Raised when the same inputs no longer give the same results; part of every study's id.

1: up to 0.3. 2: the halves of ``disjoint`` and shuffled labels are drawn from streams of their own.
3: rows have the misfit on molecules without a label, and there are rows of molecules told apart.
"""

ALL = "all"
_LABELS = "How many true labels there are"
StudentOn = Literal["same", "rest", "all"]
ValidLabels = Literal["all", "share"]
Keep = Literal["all", "predictions", "results"]
_SEVERAL = 2
TASK_NAMES: ChainMap[str, Any] = ChainMap(
    cast("dict[str, Any]", TASKS), dict.fromkeys(get_args(TaskAsked))
)
"""What ``task`` may be: what is seen from the labels, and every task there is."""

Pooling = Literal["mean+pooled", "mean", "pooled", "cls", "last"]


@dataclass(frozen=True)
class StudyConfig:
    """The settings of one study; every field is an option of ``w2s-mol run``, whose help it has.

    Attributes
    ----------
    dataset
        Names or paths of datasets; ``all`` stands for the paper's three.
    weak
        Supervisors: names of encoders, folders of one or of a family, ``shipped``; numbers of
        each molecule, ``column:``, ``raw:`` and ``property:``; combinations of these, ``concat:``,
        ``mean:`` and ``chain:``.
    strong
        The strong encoders, each a student of all supervisors. Null controls: ``self`` lets every
        supervisor teach its own representation, ``peer`` another seed of its family and size.
    labels, label_seeds
        How many true labels of the train molecules supervisors have, and so all that is compared
        with them; a draw for each seed. Fewer labels of one seed are among the more.
    student_on
        Where labels are drawn: the molecules whose weak labels the student learns.
    unlabelled
        Molecules without a label, whose weak labels the student learns in every draw: ``rows``
        for those of a table of one's own, and paths of other tables; see ``load_dataset``.
    valid_labels
        Where labels are drawn: ``share`` draws as large a share of the validation labels, on which
        the supervisors' penalties and uses are chosen and the rule is measured.
    shuffle_weak_labels
        Permute the weak labels among the molecules of a part before the student sees them, a null
        control.
    protocol
        ``paper``: weak head and weak labels on the same train molecules. ``disjoint``: the train
        molecules are halved by seed, one half for the weak head, the other for the strong ones.
    task
        What the labels are, and so what heads are fitted and what is measured: ``regression``,
        ``binary`` (two classes), or whichever of the two is seen from them for ``auto``.
    head, head_epochs, head_width, heads
        ``ridge`` (logistic for classes), ``ols``, ``adamw`` (of so many epochs), ``mlp`` (of so
        many hidden units, and no models are kept) or ``mixture`` (of so many logistic heads); the
        same rule for the weak, the strong and the ceiling.
    teach, loss
        Of classes: whether students learn probabilities or the likelier class, and by which loss.
    confidence, confidence_warmup, confidence_threshold
        The auxiliary confidence loss; see ``heads.rules.Confidence``.
    pooling
        Of transformer encoders; fixed representations have none.
    seed
        Of the halves of ``disjoint``, of the batch order of ``adamw``, ``mlp`` and ``mixture``, of
        the initial weights of the latter two and of shuffled labels.
    smiles_column ... delimiter
        Of a user's own table; see ``load_dataset``. Several targets are a dataset
        each, ``NAME:TARGET``.
    text_column
        Of a user's own table: its items are the texts of this column, and no molecules.
    apart
        Of a user's own table: a column of 0 and 1; errors on the test molecules that have 1 are
        told apart as well, those on activity cliffs of MoleculeACE's sets always.
    split_repeats
        So many splits by seed, of any dataset, instead of its own; none for 0.
    on_invalid
        ``error``, or ``skip``: leave out molecules that cannot be read, or that one of the
        encoders cannot represent.
    keep
        ``all``: predictions, and every head (``models.parquet``, ``scalers.parquet``);
        ``predictions`` without the heads; ``results`` alone, for studies of thousands of draws.
    max_atoms
        Molecules of more atoms cannot be used; at most 5,000.
    """

    dataset: DatasetNames
    weak: Annotated[
        tuple[str, ...],
        Option(
            means="name or path",
            completes="encoders",
            metavar="NAME_OR_DIR",
            help="Supervisors. Weak encoders: names, folders of one or of a family, "
            "hf:NAME[@REVISION], file:EMBEDDINGS.parquet, python:MODULE:OBJECT, skfp:NAME, "
            "'random' for untrained ones as a null control ('random-bert' as BERT is initialised). "
            "Numbers: column:NAME of the table and "
            "property:MolLogP of RDKit, calibrated, or raw:NAME as it stands. Combinations: "
            "concat:A+B (features side by side), mean:A+B or mean:h96 (labels averaged), chain:A>B "
            "or chain:all (each taught by the one before), top:3 (the mean of the best of all "
            "others by the rule). Repeatable.",
        ),
    ] = ("shipped",)
    strong: Annotated[
        tuple[str, ...],
        Option(
            means="name or path",
            completes="encoders",
            metavar="NAME_OR_DIR",
            help="molbert, rdkit2d, ecfp, a folder, or as for --weak; concat:A+B for several "
            "encoders side by side; as null controls random-h256-l6-s0 (any size and seed), self "
            "(every supervisor teaches itself) or peer (another pretraining seed of its own family "
            "and size). Repeatable.",
        ),
    ] = ("molbert",)
    labels: Annotated[
        tuple[Annotated[str, NumberOr(ALL, 2)], ...],
        Option(
            help="True labels that supervisors have: a number, drawn from the train molecules, or "
            "all of them. Repeatable.",
            panel=_LABELS,
            metavar="N|all",
        ),
    ] = (ALL,)
    label_seeds: Annotated[
        tuple[Seed, ...],
        Option(long="--label-seed", help="A draw for each. Repeatable.", panel=_LABELS),
    ] = (0,)
    student_on: Annotated[
        StudentOn,
        Option(
            help="Where labels are drawn, the student learns weak labels of the same molecules, "
            "of the rest of the train part, or of all of it.",
            panel=_LABELS,
        ),
    ] = "same"
    valid_labels: Annotated[
        ValidLabels,
        Option(
            help="Where labels are drawn: use all true labels of the validation part, or as small "
            "a share of them as of the train part.",
            panel=_LABELS,
        ),
    ] = "all"
    unlabelled: Annotated[
        tuple[str, ...],
        Option(
            means="name or path",
            help=f"Molecules without a label whose weak labels the student learns: '{ROWS}' for "
            "the rows of your own table that have none, or another table with the same column of "
            "SMILES or texts. Repeatable.",
            panel=_LABELS,
            metavar=f"{ROWS}|FILE",
        ),
    ] = ()
    shuffle_weak_labels: Annotated[
        bool,
        Option(
            help="Permute the weak labels before the student sees them: a null control; --seed "
            "draws another permutation."
        ),
    ] = False
    protocol: Annotated[
        str,
        OneOf(PROTOCOLS),
        Option(help="paper: weak and strong heads on the same molecules; disjoint: on halves."),
    ] = "paper"
    task: Annotated[
        str,
        OneOf(TASK_NAMES),
        Option(
            help="What the labels are, and so what is measured: numbers (regression), two classes "
            "(binary), or seen from them (auto): two words or two whole numbers are classes."
        ),
    ] = "auto"
    head: Annotated[
        HeadRule,
        Option(
            help="How heads are fitted, weak and strong alike. Numbers: ridge, ols, adamw, or mlp "
            "with a hidden layer, a class that is not convex (no models are kept for predict and "
            "fit). Classes: ridge (logistic), adamw, or mixture of logistic heads."
        ),
    ] = "ridge"
    head_epochs: Annotated[Count, Option(help="Epochs of the adamw head.")] = 1000
    head_width: Annotated[Count, Option(help="Hidden units of the mlp head.")] = WIDTH
    heads: Heads = HEADS
    teach: TeachOption = "probabilities"
    loss: LossOption = "cross-entropy"
    confidence: Strength = 0.0
    confidence_warmup: Warmup = 0.2
    confidence_threshold: ThresholdOption = "share"
    pooling: Annotated[Pooling, Option(help="How transformers make one vector of a molecule.")] = (
        "mean+pooled"
    )
    seed: Annotated[
        Seed, Option(help="Of disjoint halves, permuted weak labels, the descent of heads.")
    ] = 0
    smiles_column: SmilesColumn = "smiles"
    text_column: TextColumn = None
    target_column: TargetColumns = ()
    positive: Positive = None
    unit: Annotated[str, Option(help="Unit of the label.", panel=OWN_TABLE)] = "label units"
    split_column: SplitColumns = ()
    split_file: SplitFiles = ()
    split: HowToSplit = "random"
    split_seeds: SplitSeeds = DEFAULT_SEEDS
    split_repeats: SplitRepeats = 0
    delimiter: Delimiter = None
    apart: Annotated[
        str | None,
        Option(
            help="Column of 0 and 1: errors on the test molecules that have 1 are told apart as "
            "well. moleculeace: always cliff_mol, activity cliffs.",
            panel=OWN_TABLE,
            metavar="COLUMN",
        ),
    ] = None
    on_invalid: WhatIfInvalid = "error"
    max_atoms: MaxAtoms = MAX_ATOMS
    keep: Annotated[
        Keep,
        Option(
            help="What the run folder keeps beside results: every molecule's predictions and every "
            "head (for predict and fit), predictions alone, or nothing."
        ),
    ] = "all"

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)
        check_max_atoms(self.max_atoms)
        if not self.dataset:
            raise InputError("no dataset is given. Name one, for example lipop.")
        if not self.weak:
            raise InputError("no weak encoder is given. Name one, or 'shipped'.")
        if not self.strong:
            raise InputError("no strong encoder is given. Name one, for example molbert.")
        self._check_labels()
        self._check_classes()

    def _check_classes(self) -> None:
        if not self.confidence:
            for name in ("confidence_warmup", "confidence_threshold"):
                if name in self.chosen():
                    raise InputError(f"{name} is for the confidence loss. Give --confidence.")
        if "heads" in self.chosen() and self.head != "mixture":
            raise InputError("heads is of a mixture. Give --head mixture with it.")
        if self.teach == "classes" and self.loss == "reverse-kl":
            raise InputError(
                "loss reverse-kl of a class is infinite wherever a student doubts it. Teach "
                "probabilities, or leave out --loss."
            )

    @property
    def items(self) -> Items:
        """Return what the items are."""
        return items_of(self.text_column, self.max_atoms)

    def _check_labels(self) -> None:
        if not self.labels or not self.label_seeds:
            raise InputError(f"no number of labels or label seed is given. {ALL!r} takes all.")
        drawn = any(labels != ALL for labels in self.labels)
        if drawn and self.protocol != "paper":
            raise InputError(
                f"protocol {self.protocol} says itself which molecules have true labels. Leave out "
                "--labels; --labels N --student-on rest teaches the student on the others."
            )
        for name in ("label_seeds", "student_on", "valid_labels"):
            if not drawn and name in self.chosen():
                raise InputError(f"{name} is for labels that are drawn. Give --labels N with it.")
        for name in ("labels", "label_seeds"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))

    @property
    def head_settings(self) -> HeadSettings:
        """Return all that decides how heads are fitted."""
        return HeadSettings(
            self.head, self.head_epochs, self.head_width, self.heads, self.seed, self.loss,
            Confidence(self.confidence, self.confidence_warmup, self.confidence_threshold),
            self.teach,
        )  # fmt: skip

    def teaching(self, task: str) -> str:
        """Say how students learn what labels are; nothing of numbers, which have one way."""
        if task != "binary":
            return ""
        said = f"{self.teach}, {self.loss}"
        if not self.confidence:
            return said
        return (
            f"{said}, confidence {self.confidence:g} (warm-up {self.confidence_warmup:g}, "
            f"threshold {self.confidence_threshold})"
        )

    def as_toml(self) -> dict[str, Any]:
        """Return the settings as TOML holds them: no nulls, lists for tuples."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if len(self.target_column) < _SEVERAL:  # as when there was one at most: ids stay
            values["target_column"] = next(iter(self.target_column), None)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }

    def chosen(self) -> dict[str, Any]:
        """Return those of them that are not the defaults."""
        defaults = {field.name: field.default for field in fields(self)}
        return {n: v for n, v in self.as_toml().items() if getattr(self, n) != defaults[n]}
