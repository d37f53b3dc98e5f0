"""Two classes for labels: which words or numbers of a column they are, and which of them is 1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from shlex import quote

from w2s_mol.datasets.numbers import number_of
from w2s_mol.datasets.rules import TaskAsked
from w2s_mol.errors import InputError, shortened

_LABEL = "label"
_FEW_CODES = 4
_TWO = 2
_SHOWN = 5
"""How many of a column's words a message names."""

_PAIRS = {
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("f", "t"),
    ("negative", "positive"),
    ("neg", "pos"),
    ("-", "+"),
    ("off", "on"),
    ("absent", "present"),
    ("low", "high"),
    ("fail", "pass"),
    ("safe", "toxic"),
}
"""Words for 0 and 1 whose order nobody doubts."""
_NEGATIONS = ("non", "not", "in", "im", "un")
_NEGATED = ("no", "non", "not", "without")
"""What stands before a word, apart from it, of the class that lacks it."""
_SIGNS = ("-", " ", "_")
_NOTHING = {"nan", "na", "n/a", "n.a.", "none", "null", "missing", "unknown", "nd", "n.d."}
"""What stands in a cell without a label, and so is no class."""

_Key = float | str


@dataclass(frozen=True)
class Classes:
    """The two classes of a column.

    Attributes
    ----------
    words
        How the column spells them: that for 0, and that for 1.
    """

    words: tuple[str, str]

    @cached_property
    def _labels(self) -> dict[_Key, float]:
        return {_key(word): float(number) for number, word in enumerate(self.words)}

    def label_of(self, text: str) -> tuple[float, str]:
        """Return a cell's 0 or 1, and why it cannot be used; empty if it can.

        Parameters
        ----------
        text
            Without blanks around it.

        Examples
        --------
        >>> Classes(("no", "yes")).label_of("Yes")
        (1.0, '')
        """
        label = self._labels.get(_key(text))
        if label is not None:
            return label, ""
        number, reason = number_of(text, _LABEL)
        if not text or (reason and text.lower() == "nan"):
            return number, reason
        return float("nan"), f"label is none of the classes {_both(self.words)}"


NUMBERED = Classes(("0", "1"))
"""Classes that are written as the numbers they are."""


def found_classes(
    where: str, cells: Iterable[str], asked: TaskAsked, positive: str | None = None
) -> Classes | None:
    """Return the classes that a column holds, or None if it holds numbers.

    Classes are two words in any case, or two whole numbers of which the smaller is 0. Cells that
    are neither, where most are, are no concern of this: they are faults of their rows.

    Parameters
    ----------
    where
        The column, for messages.
    cells
        Its texts, without blanks around them; they are read until it is plain what they are.
    asked
        ``binary`` takes nothing but classes, ``regression`` nothing but numbers.
    positive
        The class that is 1, if not the obvious or, of unknown words, the later by the alphabet.

    Raises
    ------
    InputError
        If it holds neither, or is not what is asked for, or ``positive`` is none of the classes.

    Examples
    --------
    >>> found_classes("column 'y'", ["active", "Inactive", "active"], "auto").words
    ('Inactive', 'active')
    >>> found_classes("column 'y'", ["1", "0", "0.5"], "auto") is None
    True
    """
    found = None
    if asked != "regression":
        seen = _seen(cells)
        found = _of_words(where, seen) if seen.are_words else _of_numbers(where, seen, asked)
    if positive is None:
        return found
    if found is None:
        raise InputError(
            f"positive is {positive!r}, and labels of {where} are read as numbers. It says which "
            "of two classes is 1: leave it out."
        )
    return _turned(where, found, positive)


def classes_note(column: str, classes: Classes, asked: TaskAsked, positive: str | None) -> str:
    """Return what is to be said of labels that are read as classes."""
    zero, one = classes.words
    note = f"labels of column {column!r} are classes: {one!r} is 1, {zero!r} is 0"
    other_way = [] if positive is not None else [f"--positive {quote(zero)} for the other way"]
    as_numbers = ["--task regression for numbers"] if asked == "auto" and _numeric(classes) else []
    ways = " or ".join([*as_numbers, *other_way])
    return f"{note}; pass {ways}" if ways else note


def codes_note(column: str, labels: Sequence[float]) -> str:
    """Return what is to be said of labels that are read as numbers and may be classes.

    Empty unless they are a few whole numbers: the codes of two classes and of "unknown", say.
    """
    counts = Counter(label for label in labels if label == label)
    if not _TWO < len(counts) <= _FEW_CODES or not all(n.is_integer() for n in counts):
        return ""
    named = ", ".join(f"{number:g} ({n:,})" for number, n in sorted(counts.items()))
    return (
        f"labels of column {column!r} are read as numbers, and are {named}; if two of them are "
        "classes, leave the cells of the others empty and pass --on-invalid skip"
    )


@dataclass
class _Seen:
    """What a column was seen to hold: how often each number, and each spelling of each word."""

    numbers: Counter[float] = field(default_factory=Counter)
    words: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def are_words(self) -> bool:
        """Say whether there are more words than numbers."""
        return len(self.numbers) <= _TWO and sum(self.counts().values()) > self.numbers.total()

    def counts(self) -> Counter[str]:
        """Return how often there is each word, as it is spelt most often, the first of equals."""
        spellings = self.words.values()
        return Counter({one.most_common(1)[0][0]: one.total() for one in spellings})


def _seen(cells: Iterable[str]) -> _Seen:
    """Read cells until three numbers differ."""
    seen = _Seen()
    for text in cells:
        key = _key(text)
        if isinstance(key, float):
            seen.numbers[key] += 1
            if len(seen.numbers) > _TWO:
                break
        elif _is_word(key):
            seen.words[key][text] += 1
    return seen


def _key(text: str) -> _Key:
    """Return what two spellings of one class have in common."""
    number, reason = number_of(text, _LABEL)
    return text.lower() if reason else number


def _is_word(key: str) -> bool:
    return key in ("+", "-") or (any(map(str.isalpha, key)) and key not in _NOTHING)


def _of_words(where: str, seen: _Seen) -> Classes:
    counts = seen.counts()
    if len(counts) == 1:
        if seen.numbers:
            raise _words_and_numbers(where, counts, seen.numbers)
        raise _one_class(where, *counts)
    if len(counts) > _TWO:
        named = ", ".join(f"{shortened(w)} ({n:,})" for w, n in counts.most_common(_SHOWN))
        others = ", ..." if len(counts) > _SHOWN else ""
        raise InputError(
            f"{where} holds {len(counts):,} different words: {named}{others}. Labels should be "
            "numbers, or words for two classes: leave the cells of other rows empty and pass "
            "--on-invalid skip, or name another column."
        )
    zero, one = sorted(counts, key=str.lower)
    return Classes((one, zero) if _is_negative(one.lower(), zero.lower()) else (zero, one))


def _is_negative(word: str, other: str) -> bool:
    """Say whether a word is plainly that for 0 where the other is that for 1."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    shared = len(list(alike))
    if (word[shared:], other[shared:]) == ("-", "+"):  # BBB- and BBB+
        return True
    apart = [place + 1 for place, sign in enumerate(word[:shared]) if sign in _SIGNS]
    return any(_negates(word[start:], other[start:]) for start in (0, *apart))


def _negates(word: str, other: str) -> bool:
    negated = {f"{no}{sign}{other}" for no in _NEGATIONS for sign in ("", *_SIGNS)}
    negated |= {f"{no}{sign}{other}" for no in _NEGATED for sign in _SIGNS}
    return (word, other) in _PAIRS or (bool(other) and word in negated)


def _of_numbers(where: str, seen: _Seen, asked: TaskAsked) -> Classes | None:
    numbers = sorted(seen.numbers)
    whole = all(number.is_integer() for number in numbers)
    if len(numbers) == _TWO and whole:
        return Classes((f"{numbers[0]:.17g}", f"{numbers[1]:.17g}"))
    if asked == "auto" or not numbers:
        return None
    if len(numbers) == 1 and whole:
        raise _one_class(where, f"{numbers[0]:g}")
    raise _no_classes(where, numbers, whole=whole)


def _no_classes(where: str, numbers: Sequence[float], *, whole: bool) -> InputError:
    named = ", ".join(f"{number:g}" for number in numbers)
    kind = "different" if whole else "real"
    probable = not whole and numbers[0] >= 0 and numbers[-1] <= 1
    meant = ", as probabilities are" if probable else ""
    return InputError(
        f"{where} holds {kind} numbers{meant}, such as {named}, and task is binary. It should hold "
        "two classes, such as 0 and 1. Pass --task regression, or make two classes of them."
    )


def _words_and_numbers(where: str, words: Counter[str], numbers: Counter[float]) -> InputError:
    both = [f"{word!r} ({n:,})" for word, n in words.items()]
    both += [f"{number:g} ({n:,})" for number, n in sorted(numbers.items())]
    return InputError(
        f"{where} holds {', '.join(both)}. Write classes as two words, or as two numbers."
    )


def _one_class(where: str, word: str) -> InputError:
    return InputError(
        f"{where} holds one class only, {shortened(word)}. There is nothing to learn from it: "
        "labels should be of two classes, or numbers."
    )


def _turned(where: str, classes: Classes, positive: str) -> Classes:
    label, reason = classes.label_of(positive.strip())
    if reason:
        raise InputError(
            f"positive is {positive!r}, which is none of the classes of {where}. It should be one "
            f"of: {', '.join(classes.words)}."
        )
    zero, one = classes.words
    return classes if label else Classes((one, zero))


def _numeric(classes: Classes) -> bool:
    return isinstance(_key(classes.words[0]), float)


def _both(words: tuple[str, str]) -> str:
    return f"{words[0]!r} and {words[1]!r}"
