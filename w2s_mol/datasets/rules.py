"""What a user may say of a table, and how it is split. Imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from w2s_mol.option import Option
from w2s_mol.settings_check import Range, Seed

OnInvalid = Literal["error", "skip"]
SplitRule = Literal["random", "scaffold", "stratified"]
LabelKind = Literal["regression", "binary"]
"""What labels are: numbers, or 0 and 1 for two classes."""
TaskAsked = Literal["auto", "regression", "binary"]
"""What labels are to be read as; ``auto`` sees it from them."""
DEFAULT_SEEDS = (0, 1, 2)

ROWS = "rows"
"""The word for a table's own rows without a label."""

OWN_TABLE = "Your own table"
"""The heading of options that concern a user's table."""

DatasetNames = Annotated[
    tuple[str, ...],
    Option(
        short="-d",
        means="name or path",
        completes="datasets",
        metavar="NAME_OR_CSV",
        help="esol, freesolv, lipop, bace, bbbp, computed-logp (its labels are computed, not "
        "measured), 'all' for the paper's three, moleculeace:CHEMBL204_Ki and 29 more (see "
        "w2s-mol data list), moleculeace:all for these, or a table of your own. Repeatable.",
    ),
]
TargetColumns = Annotated[
    tuple[str, ...],
    Option(
        metavar="COLUMN",
        help="Column of the label. Repeatable: a dataset NAME:COLUMN each.",
        panel=OWN_TABLE,
    ),
]
SplitColumns = Annotated[
    tuple[str, ...],
    Option(
        help="Column that says train, valid or test. Repeatable, a split each.",
        panel=OWN_TABLE,
    ),
]
SplitFiles = Annotated[
    tuple[str, ...],
    Option(
        means="name or path",
        metavar="FILE.json",
        help='Rows of a split, from 0: {"train": [...], "valid": [...], "test": [...]}. '
        "Repeatable.",
        panel=OWN_TABLE,
    ),
]
HowToSplit = Annotated[
    SplitRule,
    Option(
        help="How to split 80/10/10 where no split is given; stratified keeps the shares of two "
        "classes.",
        panel=OWN_TABLE,
    ),
]
SplitSeeds = Annotated[
    tuple[Seed, ...],
    Option(long="--split-seed", help="A split for each. Repeatable.", panel=OWN_TABLE),
]
SplitRepeats = Annotated[
    int,
    Range(0, 1000),
    Option(
        help="So many splits 80/10/10 by --split, of seeds 0, 1, ..., of any dataset, instead of "
        "its own; moleculeace: so many draws of the validation part.",
    ),
]
SmilesColumn = Annotated[str, Option(help="Column of the SMILES.", panel=OWN_TABLE)]
Positive = Annotated[
    str | None,
    Option(
        help="The class that is 1, where labels are two classes. By default yes of yes and no, "
        "active of inactive and active, the larger of two numbers, the later by the alphabet.",
        metavar="WORD",
    ),
]
TextColumn = Annotated[
    str | None,
    Option(
        help="Column of plain texts, where the items are these and no molecules; encoders are "
        "then hf:NAME, folders of Hugging Face text encoders or file:EMBEDDINGS.parquet.",
        metavar="COLUMN",
        panel=OWN_TABLE,
    ),
]
Delimiter = Annotated[
    str | None,
    Option(
        help="Between the columns of a text table. By default found in its first rows.",
        metavar="CHARACTER|comma|semicolon|tab|blank",
        panel=OWN_TABLE,
    ),
]
WhatIfInvalid = Annotated[
    OnInvalid,
    Option(help="What to do with a row that cannot be used; skipped ones are counted."),
]
