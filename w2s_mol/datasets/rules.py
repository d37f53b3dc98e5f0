"""What a user may say of a table, and how it is split. Imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from w2s_mol.option import Option
from w2s_mol.settings_check import Range

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
