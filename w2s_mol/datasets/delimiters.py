"""What stands between the columns of a text table: as given, or found in its first rows."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence

from w2s_mol.errors import InputError

BLANK = " "
"""Any number of blanks and tabs; the last column takes what is left."""
_NAMED = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": BLANK}
_CANDIDATES = (",", ";", "\t")
_ROWS_LOOKED_AT = 50


def given_delimiter(text: str) -> str:
    """Return the delimiter that a user means: one character, or a word for one.

    Raises
    ------
    InputError
        If it is neither.
    """
    delimiter = {**_NAMED, "\\t": "\t"}.get(text, text)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\r\n\"'":
        raise InputError(
            f"delimiter is {text!r}. It should be one of: {', '.join(_NAMED)}; or one character "
            "that is neither letter, digit nor quote."
        )
    return delimiter


def delimiter_word(delimiter: str) -> str:
    """Return how a delimiter is called in messages."""
    return {sign: word for word, sign in _NAMED.items()}.get(delimiter, repr(delimiter))


def found_delimiter(lines: Sequence[str], usual: str) -> str:
    """Find the delimiter of a table with a header.

    It is in the header, and the more of the first rows have as many fields as the header, the
    likelier. A tie goes to the usual one of the file's suffix.

    Examples
    --------
    >>> found_delimiter(["smiles;y", "CCO;0,1"], usual=",")
    ';'
    """
    candidates = sorted(_CANDIDATES, key=lambda sign: sign != usual)
    fits = {sign: _fit(lines, sign) for sign in candidates}
    best = max(candidates, key=lambda sign: fits[sign])  # the first of equals
    return best if fits[best] > 0 else usual


def _fit(lines: Sequence[str], delimiter: str) -> float:
    """Return the share of rows with as many fields as the header; 0 if that has but one."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        header, *rows = itertools.islice(filter(None, reader), _ROWS_LOOKED_AT)
    except (csv.Error, ValueError):
        return 0
    if len(header) == 1:
        return 0
    same = sum(len(fields) == len(header) for fields in rows)
    return (1 + same) / (1 + len(rows))
