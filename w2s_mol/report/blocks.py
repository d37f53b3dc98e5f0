"""What a report is made of: sections of plain blocks, which every format renders."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from w2s_mol.figures.style import Picture

_NUMBER = re.compile(
    r"n/a|< [\d.]+|[-+]?inf|[-+]?\d+(\.\d+)?(e[-+]\d+)?( ± [\d.]+| \[.*\])?|\[.*\]"
    r"|\(.* ± .*\)e[-+]\d+"
)


@dataclass(frozen=True)
class Text:
    """A paragraph; one that says what was found names the runs that say so."""

    text: str
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What one study found.

    Attributes
    ----------
    text
        In a line.
    points
        At most three, each a sentence or two.
    runs
        Ids of the runs that say so.
    warning
        Why there is little to be found, where that is so.
    section
        The anchor of its figures and tables.
    """

    text: str
    points: tuple[str, ...]
    runs: tuple[str, ...]
    warning: str = ""
    section: str = ""


@dataclass(frozen=True)
class Commands:
    """Lines for a terminal, and what they do."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table with the runs that its numbers come from.

    Attributes
    ----------
    title, note
        Above and below it.
    columns, rows
        Text cells; ``numeric`` says which columns hold numbers.
    bold
        Positions of rows to point out.
    runs
        Ids of the runs.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]
    runs: tuple[str, ...]
    note: str = ""
    bold: frozenset[int] = frozenset()

    def numeric(self, column: int) -> bool:
        """Say whether a column holds numbers alone, with their spreads or intervals."""
        return all(_NUMBER.fullmatch(row[column]) for row in self.rows if row[column])


@dataclass(frozen=True)
class Drawing:
    """A picture in its place; a wide one has a row of its own."""

    picture: Picture
    wide: bool = False


@dataclass(frozen=True)
class Card:
    """A molecule, or a text.

    Attributes
    ----------
    smiles
        As it was given; of a long text its beginning.
    svg
        Its picture, a document of paths alone; empty where it cannot be drawn, and of texts.
    facts
        Names and values.
    """

    smiles: str
    svg: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Gallery:
    """Molecules side by side.

    Attributes
    ----------
    title, note
        Above and below them.
    cards
        Them, all with the same facts.
    runs
        Ids of the runs that the numbers come from.
    one
        What each of them is called.
    """

    title: str
    cards: list[Card]
    runs: tuple[str, ...]
    note: str = ""
    one: str = "molecule"


Block = Text | Verdict | Table | Drawing | Gallery | Commands


@dataclass(frozen=True)
class Section:
    """A headed part of a report."""

    anchor: str
    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """A whole report; ``date`` is the day it was made, empty where nobody asked for it."""

    title: str
    sections: list[Section]
    version: str
    date: str = ""


def by_name(table: pd.DataFrame, column: str) -> dict[str, dict[str, Any]]:
    """Return a table's rows by the names in one of its columns."""
    rows = table.to_dict(orient="records")
    return {str(row[column]): {str(k): v for k, v in row.items()} for row in rows}
