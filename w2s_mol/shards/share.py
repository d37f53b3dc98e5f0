"""How large shards are, and shares of them for job arrays: the third of a hundred is ``3/100``.

Imports nothing heavy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from w2s_mol.errors import InputError

SIZE = 20_000
"""Rows of a shard, where nobody says."""

_WRITTEN = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class Share:
    """One of ``whole`` shares, counted from 1."""

    number: int
    whole: int

    def __str__(self) -> str:
        return f"{self.number}/{self.whole}"

    @classmethod
    def parse(cls, text: str) -> Share:
        """Read a share as it is written.

        Raises
        ------
        InputError
            If it is none.

        Examples
        --------
        >>> Share.parse("3/100").of(250)
        range(2, 250, 100)
        """
        found = _WRITTEN.fullmatch(text.strip())
        if not found or not 1 <= (number := int(found[1])) <= (whole := int(found[2])):
            raise InputError(
                f"--shard {text!r} is no share. It should be as 3/100: the third of a hundred, "
                "counted from 1."
            )
        return cls(number, whole)

    def of(self, n: int) -> range:
        """Return the numbers of the share's shards, of ``n``: every ``whole``-th."""
        return range(self.number - 1, n, self.whole)
