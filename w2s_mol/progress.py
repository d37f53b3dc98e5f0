"""How long work reports what is done; the library itself prints nothing."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called with the name of the work, how much of it is done, and how much there is (if known)."""


def silent(work: str, done: int, total: int | None) -> None:
    """Report nothing."""
