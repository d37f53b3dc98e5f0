"""What is wrong with the rows of a table, told all at once: one error, or one note."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence, Sized
from dataclasses import dataclass

from w2s_mol import files, paths
from w2s_mol.errors import InputError, W2SMolError, shortened

SHOWN = 10
"""How many rows of each reason a message lists; the rest go into a file."""
FIX_OR_SKIP = "Fix the {rows}, or pass --on-invalid skip."
_FIRST_NUMBER = re.compile(r"([\d,]+) (\w.*)")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one row.

    Attributes
    ----------
    place
        Its line, row or record.
    reason
        What rows are counted by; it holds nothing of the row itself.
    found
        What was found, for the reader to recognise.
    """

    place: int
    reason: str
    found: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.found}" if self.found else self.reason


def item_fault(place: int, why: str, item: str = "") -> Fault:
    """Return the fault of an item, from what says why (an ``ItemError``, an encoder's reason).

    Examples
    --------
    >>> str(item_fault(5, "750 atoms, the limit is 500", "CCO"))
    "too many atoms, the limit is 500: 750 in 'CCO'"
    """
    reason, detail = reason_and_detail(why)
    quoted = shortened(item) if item else ""
    return Fault(place, reason, " in ".join(text for text in (detail, quoted) if text))


def reason_and_detail(why: str) -> tuple[str, str]:
    """Part what a message says of any row from what it says of one: a count, a text after ': '.

    Examples
    --------
    >>> reason_and_detail("65 tokens, the limit is 64")
    ('too many tokens, the limit is 64', '65')
    >>> reason_and_detail("an unknown element: 'Xx'")
    ('an unknown element', "'Xx'")
    """
    if counted := _FIRST_NUMBER.fullmatch(why):
        return f"too many {counted[2]}", counted[1]
    reason, _, detail = why.partition(": ")
    return reason, detail


def faults_error(
    where: str,
    faults: Sequence[Fault],
    total: int | None = None,
    word: str = "line",
    way_out: str = FIX_OR_SKIP,
) -> InputError:
    """Return the error for all faulty rows of a table.

    Parameters
    ----------
    where
        The table's name.
    faults
        At least one, in order.
    total
        How many rows the table has, if that is to be said.
    word
        What a place is: ``line``, ``row`` or ``record``.
    way_out
        What to do; ``{rows}`` is row or rows.

    Returns
    -------
    InputError
        One fault is told in a line. Several are counted by reason, with the first ten of each;
        if there are more, all are listed in a file under ``W2S_MOL_HOME``.
    """
    way_out = way_out.format(rows="row" if len(faults) == 1 else "rows")
    if len(faults) == 1:
        return InputError(f"{where} {word} {faults[0].place}: {faults[0]}. {way_out}")
    by_reason = _by_reason(faults)
    of_total = f" of {total:,}" if total is not None else ""
    lines = [f"{where}: {len(faults):,}{of_total} rows cannot be used."]
    for reason, alike in by_reason.items():
        lines.append(f"{len(alike):,} × {reason}:")
        lines += [
            f"  {word} {fault.place}" + (f": {fault.found}" if fault.found else "")
            for fault in alike[:SHOWN]
        ]
        if len(alike) > SHOWN:
            lines.append(f"  and {len(alike) - SHOWN:,} more")
    if any(len(alike) > SHOWN for alike in by_reason.values()):
        lines += _listed(where, faults, word)
    return InputError("\n".join([*lines, way_out]))


def left_out_note(faults: Sequence[Fault]) -> str:
    """Return a note that counts the rows left out, by reason."""
    counts = {reason: len(alike) for reason, alike in _by_reason(faults).items()}
    reasons = "; ".join(f"{count:,} × {reason}" for reason, count in counts.items())
    return f"{counted_rows(faults)} left out ({reasons})"


def counted_rows(rows: Sized) -> str:
    """Return how many rows there are, in words."""
    return f"{len(rows):,} row" + ("s" if len(rows) != 1 else "")


def _by_reason(faults: Sequence[Fault]) -> dict[str, list[Fault]]:
    groups: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        groups[fault.reason].append(fault)
    return groups


def _listed(where: str, faults: Sequence[Fault], word: str) -> list[str]:
    """Write all faults into a file; return what tells of it."""
    rows = [f"{word}\treason\tfound"]
    rows += ["\t".join([str(f.place), f.reason, f.found.replace("\t", " ")]) for f in faults]
    content = "\n".join([*rows, ""])
    name = re.sub(r"[^\w.+-]", "-", where)[:80]
    key = files.sha256_bytes(f"{where}\n{content}".encode(errors="replace"))[:8]
    path = paths.home() / "faults" / f"{name}-{key}.tsv"
    try:
        files.write_bytes(path, content.encode(errors="replace"))
    except W2SMolError:  # what is wrong with the table matters more than where it is listed
        return []
    return [f"All are listed in {path}"]
