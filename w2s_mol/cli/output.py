"""What a user sees: results on stdout, progress and notes on stderr."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.progress import Task
from rich.table import Table
from rich.text import Text

from w2s_mol.progress import Progress, silent

QUIET, NORMAL, VERBOSE = 0, 1, 2
verbosity = NORMAL
"""Set by -q and -v."""

_PLAIN_WIDTH = 110
_SECONDS_BETWEEN_LINES = 10.0


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else _PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def note(message: str) -> None:
    """Say something on stderr, unless -q."""
    if verbosity > QUIET:
        print(message, file=sys.stderr)


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
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        result(json.dumps(records, indent=2, ensure_ascii=False))
    elif form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([columns, *rows])
        result(text.getvalue().rstrip("\n"))
    else:
        rich_result(_table(columns, rows, title))


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str) -> Table:
    table = Table(title=title or None, title_justify="left", title_style="bold")
    for position, column in enumerate(columns):
        numeric = rows and all(isinstance(row[position], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


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
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _RateColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=_console(sys.stderr), transient=True) as bars:
            yield _ProgressBars(bars)


class _ProgressBars:
    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, work: str, done: int, total: int | None) -> None:
        if work not in self._tasks:
            self._tasks[work] = self._bars.add_task(work, total=total)
        finished = total is not None and done >= total
        self._bars.update(self._tasks[work], completed=done, total=total, visible=not finished)


class _ProgressLines:
    def __init__(self) -> None:
        self._started: dict[str, float] = {}
        self._last = time.monotonic()

    def __call__(self, work: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        started = self._started.setdefault(work, now)
        if now - self._last < _SECONDS_BETWEEN_LINES or done == 0:
            return
        self._last = now
        rate = done / max(now - started, 1e-9)
        left = f", {(total - done) / rate:,.0f} s left" if total and rate else ""
        print(f"{work}: {done:,} of {total or '?':,}, {rate:,.0f}/s{left}", file=sys.stderr)
