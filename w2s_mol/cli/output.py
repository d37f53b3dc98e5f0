"""What a user sees: results on stdout, progress and notes on stderr."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from w2s_mol.cli.tables import Asked, Shown, text_of, wrapped
from w2s_mol.numbers import Form
from w2s_mol.progress import Progress, silent

QUIET, NORMAL, VERBOSE = 0, 1, 2
verbosity = NORMAL
"""Set by -q and -v."""

SHOWN = 10
"""Reasons that are told; rows have them all."""


def say(message: str) -> None:
    """Say something on stderr: in a terminal, which breaks lines within words, in whole words.

    Whoever reads a file searches it for paths, so that lines are not broken there.
    """
    print(wrapped(message) if sys.stderr.isatty() else message, file=sys.stderr)


def note(message: str) -> None:
    """Say something on stderr, unless -q."""
    if verbosity > QUIET:
        say(message)


def note_counts(reasons: Mapping[str, int]) -> None:
    """Say how many rows have what wrong with them, in the order given: the first ten reasons."""
    for reason, count in itertools.islice(reasons.items(), SHOWN):
        note(f"note: {count:,} × {reason}.")
    if others := list(reasons.values())[SHOWN:]:
        note(f"note: {sum(others):,} more for {len(others):,} other reasons, each in its row.")


def note_missing(folder: object, shards: int) -> None:
    """Say how many shards of a folder others have yet to make, if any."""
    if shards:
        note(f"{shards:,} shards of {folder} are not there yet.")


def detail(message: str) -> None:
    """Say something on stderr if -v."""
    if verbosity >= VERBOSE:
        say(message)


def result(text: str) -> None:
    """Print a result on stdout."""
    print(text)


def print_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    form: str,
    title: str = "",
    *,
    goes: Sequence[str] = (),
    asked: Asked | None = None,
) -> None:
    """Print rows as a table, as JSON records or as CSV.

    Parameters
    ----------
    columns, rows
        What to print.
    form
        ``table``, ``json`` or ``csv``; these two have all columns and rows.
    title
        Above a table.
    goes
        Columns that a table can do without, in the order in which they go.
    asked
        What the command line says of the table.

    Raises
    ------
    InputError
        If a column is asked for that is none of these.
    """
    if form == "json":
        # JSON has no NaN and no infinity: what is undefined is null.
        known = [[value if _is_known(value) else None for value in row] for row in rows]
        records = [dict(zip(columns, row, strict=True)) for row in known]
        result(json.dumps(records, indent=2, ensure_ascii=False))
    elif form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([columns, *rows])
        result(text.getvalue().rstrip("\n"))
    else:
        asked = asked or Asked()
        asked.check(columns)
        result(text_of(shown(columns, rows, title, goes), asked))


def shown(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str, goes: Sequence[str] = ()
) -> Shown:
    """Return values as a table: the numbers of each column in one form."""
    of_rows = list(zip(*rows, strict=True)) or [()] * len(columns)
    numeric = frozenset(
        place
        for place, column in enumerate(of_rows)
        if column and all(isinstance(value, int | float | None) for value in column)
    )
    forms = [Form.brief(v for v in column if isinstance(v, float)) for column in of_rows]
    texts = tuple(
        tuple(_cell(value, form) for value, form in zip(row, forms, strict=True)) for row in rows
    )
    return Shown(title, tuple(columns), texts, numeric, tuple(goes))


def _is_known(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _cell(value: Any, form: Form) -> str:
    if value is None:
        return ""
    return form.number(value) if isinstance(value, float) else str(value)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Yield a progress callback: a bar in a terminal, a line a minute elsewhere; silent with -q."""
    if verbosity == QUIET:
        yield silent
        return
    from w2s_mol.cli import bars

    with bars.shown() as progress:
        yield progress
