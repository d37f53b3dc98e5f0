"""What a user sees: results on stdout, progress and notes on stderr."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

from w2s_mol.numbers import Form
from w2s_mol.progress import Progress, silent

QUIET, NORMAL, VERBOSE = 0, 1, 2
verbosity = NORMAL
"""Set by -q and -v."""

SHOWN = 10
"""Reasons that are told; rows have them all."""
_PLAIN_WIDTH = 140
_SECONDS_BETWEEN_LINES = 10.0


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else _PLAIN_WIDTH
    # Names are the user's: what looks like markup in them is none.
    return Console(
        file=stream, width=width, highlight=False, soft_wrap=False, markup=False, emoji=False
    )


def note(message: str) -> None:
    """Say something on stderr, unless -q."""
    if verbosity > QUIET:
        print(message, file=sys.stderr)


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
        print(message, file=sys.stderr)


def result(text: str) -> None:
    """Print a result on stdout."""
    print(text)


def rich_result(renderable: Any) -> None:
    """Print a rich renderable on stdout."""
    _console(sys.stdout).print(renderable)


def print_rows(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str, title: str = ""
) -> None:
    """Print rows as a table, as JSON records or as CSV."""
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
        rich_result(_table(columns, rows, title))


def _is_known(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str) -> Table:
    table = Table(title=title or None, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        numeric = rows and all(isinstance(row[position], int | float | None) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    of_rows = zip(*rows, strict=True)
    forms = [Form.of(v for v in column if isinstance(v, float)) for column in of_rows]
    for row in rows:
        table.add_row(*(_cell(value, form) for value, form in zip(row, forms, strict=True)))
    return table


def _cell(value: Any, form: Form) -> str:
    if value is None:
        return ""
    return form.number(value) if isinstance(value, float) else str(value)


class _RateColumn(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Yield a progress callback: bars on a terminal, a line now and then elsewhere."""
    if verbosity == QUIET:
        yield silent
    elif not sys.stderr.isatty():
        yield _ProgressLines()
    else:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _RateColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=_console(sys.stderr), transient=True) as bars:
            yield _ProgressBars(bars)


class _ProgressBars:
    """A bar for the work in hand; it goes when the next work begins."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._work = ""
        self._done = 0

    def __call__(self, work: str, done: int, total: int | None) -> None:
        if self._task is None or work != self._work or done < self._done:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._task = self._bars.add_task(work, total=total)
        self._work, self._done = work, done
        self._bars.update(self._task, completed=done, total=total)


class _ProgressLines:
    """A line every ten seconds, with the rate of the work in hand."""

    def __init__(self) -> None:
        self._printed = time.monotonic()
        self._work = ""
        self._begun = (0.0, 0)  # when the work in hand began, and what was done then
        self._done = 0

    def __call__(self, work: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if work != self._work or done < self._done:
            self._work, self._begun = work, (now, done)
        self._done = done
        if now - self._printed < _SECONDS_BETWEEN_LINES:
            return
        self._printed = now
        rate = (done - self._begun[1]) / max(now - self._begun[0], 1e-9)
        of = f" of {total:,}" if total else ""
        left = f", {(total - done) / rate:,.0f} s left" if total and rate else ""
        print(f"{work}: {done:,}{of}, {rate:,.0f}/s{left}", file=sys.stderr)
