"""Tables that fit the terminal: whole columns and rows go, in a stated order; no word is cut."""

from __future__ import annotations

import bisect
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from w2s_mol.errors import unknown_name

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from w2s_mol.selection.rendering import Rendering

_WIDTH = 80
"""Where there is no terminal to ask."""
_NARROWEST = 24
"""So narrow may a column of words become before another one goes."""
_LONGEST_HEAD = 16
"""Of more than one line a head is, rather than longer."""
_GAP = 2
"""Blanks between columns."""
_WIDEST = 10_000
_SPREAD = " ± "
ALL_ROWS = 0
LINES = 20
"""So many are printed of a study at most, where no number of rows is asked for."""


@dataclass(frozen=True)
class Shown:
    """A table as the terminal shows it.

    Attributes
    ----------
    title
        Above it.
    heads
        Of its columns; one without a head is said of the whole row, and always stays.
    rows
        A text for each column.
    numeric
        Positions of the columns that hold numbers.
    goes
        Heads of columns that can be done without, in the order in which they go.
    pick
        Position of the row to point out.
    kept
        Positions of the rows that are shown however few are.
    note
        Below it.
    rest
        Where else rows that are not shown are found, to be read after ``--top 0``.
    most
        How many rows are shown where no number is asked for.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    goes: tuple[str, ...] = ()
    pick: int | None = None
    kept: frozenset[int] = frozenset()
    note: str = ""
    rest: str = ""
    most: int | None = None


@dataclass(frozen=True)
class Asked:
    """What the command line says of tables.

    Attributes
    ----------
    columns
        The names of those to show, as ``--columns`` gives them; none: those that there is room for.
    top
        How many rows; 0: all. None: as many as a table shows by itself.
    """

    columns: str | None = None
    top: int | None = None

    @property
    def names(self) -> list[str]:
        """Return the names of columns, as ``name_of`` makes them."""
        return [name_of(one) for one in (self.columns or "").split(",") if one.strip()]

    def check(self, heads: Iterable[str]) -> None:
        """Raise InputError if a column is asked for that is none of these."""
        known = dict.fromkeys(name_of(head) for head in heads if head)
        for name in self.names:
            if name not in known:
                raise unknown_name("column", name, known)


def of_rendering(rendered: Rendering) -> Shown:
    """Return a table that selection or advice put together."""
    return Shown(
        title=rendered.title,
        heads=rendered.columns,
        rows=rendered.rows,
        numeric=rendered.numeric,
        goes=rendered.goes,
        pick=rendered.pick,
        kept=rendered.kept,
        note=rendered.note,
    )


def name_of(head: str) -> str:
    """Return what a column is called on the command line.

    Examples
    --------
    >>> name_of("true error (test)"), name_of("weak_error"), name_of("rule - this")
    ('true-error', 'weak-error', 'rule-this')
    """
    bare = re.sub(r"\(.*\)|'", "", head.lower())
    return "-".join(re.findall(r"[^\W_]+(?:\.[^\W_]+)*", bare))


def width() -> int:
    """Return how many columns a table has room for: 80 where there is no terminal."""
    return shutil.get_terminal_size((_WIDTH, 24)).columns


def wrapped(text: str) -> str:
    """Return a text in lines that fit, broken between words alone."""
    lines = text.splitlines()
    return "\n".join(
        textwrap.fill(line, width(), break_long_words=False, break_on_hyphens=False)
        for line in lines
    )


def console(stream: Any, columns: int | None = None) -> Console:
    """Return what writes to a stream, in colour only where that is a terminal that has some."""
    from rich.console import Console

    # Names are the user's: what looks like markup in them is none.
    return Console(
        file=stream, width=columns, highlight=False, soft_wrap=False, markup=False, emoji=False
    )


def text_of(table: Shown, asked: Asked | None = None, rows: int | None = None) -> str:
    """Return a table as text, with its title, what was left out of it, and its note.

    Parameters
    ----------
    table
        What to show.
    asked
        Which columns and rows the command line asks for.
    rows
        How many there are at most where it asks for no number.
    """
    asked = asked or Asked()
    number = (table.most if rows is None else rows) if asked.top is None else asked.top
    shown = _rows(table, number)
    aligned = _aligned(table)
    places, gone = _columns(aligned, asked, shown)
    parts = [_bold(wrapped(table.title))] if table.title else []
    parts.append(_drawn(aligned, places, shown, widest=bool(asked.names)))
    left = len(table.rows) - len(shown)
    said = [f"{left:,} more: --top 0{table.rest}."] if left else []
    if gone:
        names = ", ".join(name_of(table.heads[place]) for place in gone)
        said.append(f"Left out: {names} (--columns).")
    parts += [wrapped(text) for text in (" ".join(said), table.note) if text]
    return "\n".join(parts)


def together(blocks: Sequence[Shown | str], asked: Asked) -> str:
    """Return tables, and what is said between them, as text.

    Raises
    ------
    InputError
        If a column is asked for that none of the tables has.
    """
    asked.check(head for one in blocks if isinstance(one, Shown) for head in one.heads)
    return "\n".join(
        wrapped(one) if isinstance(one, str) else text_of(one, asked) for one in blocks
    )


def within(lines: int, table: Shown, others: str, asked: Asked) -> str:
    """Return a table with as many rows as have room in so many lines, and others below it."""
    if asked.top is not None:
        return _above(text_of(table, asked), others)

    def shown(rows: int) -> str:
        return _above(text_of(table, asked, rows), others)

    possible = range(2, min(len(table.rows), lines) + 1)  # one row is shown whatever it takes
    more = bisect.bisect_left(possible, x=True, key=lambda rows: shown(rows).count("\n") >= lines)
    return shown(1 + more)


def _above(text: str, others: str) -> str:
    return "\n".join(filter(None, [text, others]))


def _rows(table: Shown, number: int | None) -> list[int]:
    """Return the places of the rows to show: those that are kept, and the first of the others."""
    everyone = range(len(table.rows))
    if number is None or number == ALL_ROWS or number >= len(everyone):
        return list(everyone)
    others = [place for place in everyone if place not in table.kept]
    return sorted([*table.kept, *others[: max(0, number - len(table.kept))]])


def _columns(table: Shown, asked: Asked, rows: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the places of the columns to show, and of those there was no room for."""
    by_name = {name_of(head): place for place, head in enumerate(table.heads) if head}
    if wanted := [by_name[name] for name in asked.names if name in by_name]:
        # Its first column says what a row is, and what has no head is said of the row.
        always = [place for place, head in enumerate(table.heads) if not head]
        return list(dict.fromkeys([0, *wanted, *always])), []
    places = list(range(len(table.heads)))
    gone = []
    for head in table.goes:
        if _least(table, places, rows) <= width():
            break
        if head in table.heads:
            place = table.heads.index(head)
            places.remove(place)
            gone.append(place)
    return places, sorted(gone)


def _least(table: Shown, places: Sequence[int], rows: Sequence[int]) -> int:
    """Return the width below which a word or a number would be cut."""
    return _across(least for least, _ in _bounds(table, places, rows))


def _across(widths: Iterable[int]) -> int:
    """Return how wide a table of columns is."""
    known = list(widths)
    return sum(known) + _GAP * (len(known) - 1)


def _bounds(table: Shown, places: Sequence[int], rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return for each column how narrow it may be, and how wide what is in it is."""
    from rich.cells import cell_len

    found = []
    for place in places:
        head, cells = table.heads[place], [table.rows[row][place] for row in rows]
        longest = max(map(cell_len, cells), default=0)
        words = [word for text in (*cells, head) for word in text.split()]
        number = place in table.numeric
        least = longest if number else max(min(longest, _NARROWEST), *map(cell_len, ("", *words)))
        least = max(least, min(cell_len(head), _LONGEST_HEAD), *map(cell_len, ("", *head.split())))
        found.append((least, max(least, longest, cell_len(head))))
    return found


def _widths(bounds: Sequence[tuple[int, int]], room: int) -> list[int]:
    """Return the widths of columns: as wide as they are, the widest narrowed until all have room.

    Rich narrows columns of numbers too, and then cuts what does not fit.
    """
    widths = [most for _, most in bounds]
    while _across(widths) > room:
        loose = [at for at, (least, _) in enumerate(bounds) if widths[at] > least]
        if not loose:
            break
        widths[max(loose, key=widths.__getitem__)] -= 1
    return widths


def _drawn(table: Shown, places: Sequence[int], rows: Sequence[int], *, widest: bool) -> str:
    bounds = _bounds(table, places, rows)
    widths = _widths(bounds, _WIDEST if widest else width())
    return _captured(_made(table, places, rows, widths), _across(widths))


def _captured(renderable: Any, room: int) -> str:
    screen = console(sys.stdout, room + _GAP)
    with screen.capture() as captured:
        screen.print(renderable)
    lines = captured.get().splitlines()
    return "\n".join(lines if screen.is_terminal else map(str.rstrip, lines))


def _bold(text: str) -> str:
    from rich.text import Text

    return _captured(Text(text, style="bold", no_wrap=True, overflow="ignore"), _WIDEST)


def _made(table: Shown, places: Sequence[int], rows: Sequence[int], widths: Sequence[int]) -> Table:
    """Return some columns and rows as Rich's table, whose pick is bold."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for place, wide in zip(places, widths, strict=True):
        made.add_column(
            table.heads[place],
            justify="right" if place in table.numeric else "left",
            width=wide,
            overflow="fold",
        )
    for row in rows:
        cells = [table.rows[row][place] for place in places]
        made.add_row(*cells, style="bold" if row == table.pick else None)
    return made


def _aligned(table: Shown) -> Shown:
    """Return a table in whose columns of numbers the ± stand below each other."""
    columns = [list(column) for column in zip(*table.rows, strict=True)]
    for place in table.numeric:
        if not columns:
            break
        spreads = [text.partition(_SPREAD)[2] for text in columns[place]]
        longest = max(map(len, spreads))
        columns[place] = [
            f"{text.partition(_SPREAD)[0]}{_SPREAD}{spread:>{longest}}" if spread else text
            for text, spread in zip(columns[place], spreads, strict=True)
        ]
    return replace(table, rows=tuple(zip(*columns, strict=True))) if columns else table
