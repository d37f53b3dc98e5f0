"""Progress where there is no terminal: a line a minute."""

from __future__ import annotations

import pytest

from w2s_mol.cli import bars


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that it is, to be set."""
    now = [0.0]
    monkeypatch.setattr(bars.time, "monotonic", lambda: now[0])
    return now


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_a_minute_says_what_how_much_of_it_and_how_long_it_takes(clock, capsys) -> None:
    with bars.shown() as progress:
        for second in range(0, 301, 5):
            clock[0] = second
            progress("embedding", second * 10, 6000)
    assert told(capsys) == [
        f"embedding: {done:,}/6,000, {left} left"
        for done, left in [
            (600, "9 min"),
            (1200, "8 min"),
            (1800, "7 min"),
            (2400, "6 min"),
            (3000, "5 min"),
        ]
    ]


def test_work_of_less_than_a_minute_is_silent(clock, capsys) -> None:
    with bars.shown() as progress:
        for second in range(59):
            clock[0] = second
            progress(f"part {second}", 1, 2)
    assert told(capsys) == []


def test_waiting_is_told_once_a_minute_too(clock, capsys) -> None:
    with bars.shown() as progress:
        for tenth in range(1300):
            clock[0] = tenth / 10
            progress("waiting for another process at work on runs/a, seconds", tenth // 10, None)
    assert told(capsys) == [
        "waiting for another process at work on runs/a: for 60 s",
        "waiting for another process at work on runs/a: for 2 min",
    ]


def test_work_of_unknown_size_is_counted(clock, capsys) -> None:
    with bars.shown() as progress:
        progress("reading", 0, None)
        clock[0] = 61.0
        progress("reading", 1234, None)
    assert told(capsys) == ["reading: 1,234"]
