"""The one hierarchy of errors that this package raises on purpose.

Every message says what went wrong, where, what was got, what was expected and the way out.
The command line turns these into one line on stderr and the exit code; nothing else does.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable

_CPU_ALLOCATOR = re.compile(
    r"(\[enforce fail at [\w.]+:\d+\] [^.]*\. )?DefaultCPUAllocator: can't allocate memory"
)
"""How torch begins to say that the CPU's memory is used up; it has no type for that."""


class W2SMolError(Exception):
    """The run failed for a reason outside the user's input (exit code 1)."""

    exit_code = 1


class InputError(W2SMolError):
    """An argument, a file or a value given by the user cannot be used (exit code 2)."""

    exit_code = 2


class UnknownNameError(InputError):
    """A name is none of the known ones.

    Attributes
    ----------
    kind, known, hint
        As ``unknown_name`` was told.
    """

    def __init__(self, message: str, kind: str, known: list[str], hint: str) -> None:
        super().__init__(message)
        self.kind, self.known, self.hint = kind, known, hint

    def __reduce__(self) -> tuple[type, tuple[str, str, list[str], str]]:
        """Be raised in another process than the one that found it."""
        return type(self), (str(self), self.kind, self.known, self.hint)


class ItemError(ValueError):
    """Why a cell holds no item, or an encoder cannot read one: a row's fault, told with others."""


class DownloadError(W2SMolError):
    """A file could not be fetched, or is not the file that was asked for (exit code 1)."""


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or its kind if it says nothing."""
    return (str(error) or type(error).__name__).splitlines()[0]


def shortened(text: str, longest: int = 60) -> str:
    """Return how a text is quoted in a message: in full, or its beginning and its length.

    Examples
    --------
    >>> shortened("C" * 500, longest=5)
    "'CCCCC' ... (500 characters)"
    """
    if len(text) <= longest:
        return repr(text)
    return f"{text[:longest]!r} ... ({len(text):,} characters)"


def means_no_memory(error: BaseException) -> bool:
    """Say whether an error is Python's, numpy's or torch's word for too little memory."""
    torch = sys.modules.get("torch")  # an error of torch's comes from a torch that is here
    kinds = (MemoryError, torch.OutOfMemoryError) if torch else (MemoryError,)
    return isinstance(error, kinds) or (
        type(error) is RuntimeError and _CPU_ALLOCATOR.match(str(error)) is not None
    )


def unknown_name(
    kind: str, name: str, known: Iterable[str], hint: str = "", meant: str = ""
) -> UnknownNameError:
    """Return the error for a name that is not one of the known ones, with the nearest of them.

    Where a caller knows better what may be ``meant``, that is what is guessed.
    """
    known = sorted(known)
    spelt = {other.lower(): other for other in known}
    typed = name.lower()
    begun = [other for other in spelt if typed and other.startswith(typed)]
    near = begun or difflib.get_close_matches(typed, spelt, n=1, cutoff=0.5)
    meant = meant or (spelt[near[0]] if near else "")
    guess = f" Did you mean {meant!r}?" if meant else ""
    tail = f" {hint}" if hint else ""
    message = f"unknown {kind} {name!r}.{guess} It should be one of: {', '.join(known)}.{tail}"
    return UnknownNameError(message, kind, known, hint)
