"""Progress on stderr: one line that is drawn anew in a terminal, a line a minute elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

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
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from w2s_mol.cli.tables import console
from w2s_mol.progress import Progress

_SECONDS_BETWEEN_LINES = 60.0
_WAITING = ", seconds"
"""How the name of a work ends that is waiting: what is done of it are seconds."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Yield a progress callback."""
    if not sys.stderr.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        yield Lines()
        return
    columns = (
        SpinnerColumn(),
        # What does not fit is left out at its end: a second line could not be drawn anew.
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console(sys.stderr), transient=True, expand=False) as bars:
        yield _OneBar(bars)


class _RateColumn(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


class _OneBar:
    """A bar for the work in hand; it goes when the next work begins."""

    def __init__(self, bars: Bars) -> None:
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


class Lines:
    """A line a minute: what is done, how much of it, and for how long it will go on."""

    def __init__(self) -> None:
        self._printed = time.monotonic()
        self._work = ""
        self._begun = (0.0, 0)  # when the work in hand began, and what was done then
        self._done = 0

    def __call__(self, work: str, done: int, total: int | None) -> None:
        """Take note of what is done, and tell it if a minute has gone."""
        now = time.monotonic()
        if work != self._work or done < self._done:
            self._work, self._begun = work, (now, done)
        self._done = done
        if now - self._printed < _SECONDS_BETWEEN_LINES:
            return
        self._printed = now
        if work.endswith(_WAITING):
            print(f"{work.removesuffix(_WAITING)}: for {_time(done)}", file=sys.stderr)
            return
        of = f"/{total:,}" if total else ""
        rate = (done - self._begun[1]) / max(now - self._begun[0], 1e-9)
        left = f", {_time((total - done) / rate)} left" if total and rate else ""
        print(f"{work}: {done:,}{of}{left}", file=sys.stderr)


def _time(seconds: float) -> str:
    """Return a time as people say it: seconds, minutes or hours.

    Examples
    --------
    >>> _time(40), _time(200), _time(20_000)
    ('40 s', '3 min', '5.6 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
