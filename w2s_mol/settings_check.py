"""Settings held to what their class says of each: types, ranges and names, from its annotations.

The library's door is as strict as the command line's: a wrong value is named before anything runs.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, fields
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from w2s_mol.errors import InputError, shortened, unknown_name

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Range:
    """Which numbers a setting may be.

    Attributes
    ----------
    least, most
        The ends; ``least`` itself may be unless ``open_below``.
    """

    least: float = -math.inf
    most: float = math.inf
    open_below: bool = False

    def __str__(self) -> str:
        least = f"{self.least:g}"
        if self.most <= _FEW:
            return f"{least} to {self.most:g}"
        said = f"more than {least}" if self.open_below else f"{least} or more"
        return said if self.most == math.inf else f"{said}, and less than {_power(self.most)}"

    def holds(self, value: float) -> bool:
        """Say whether a number is in the range."""
        enough = value > self.least if self.open_below else value >= self.least
        return enough and value <= self.most


_FEW = 10_000
"""What a reader sees at once; larger ends are the powers of 2 that a machine's numbers have."""


def _power(most: float) -> str:
    return f"2^{(int(most) + 1).bit_length() - 1}"


@dataclass(frozen=True)
class OneOf:
    """Which texts a setting may be: the names in a registry, as they are when it is checked."""

    names: Collection[str]


@dataclass(frozen=True)
class NumberOr:
    """A setting that is a whole number, or a word; it is kept as a text.

    Attributes
    ----------
    word
        The word.
    least
        The least number.
    """

    word: str
    least: int


_WHOLE = re.compile(r"[0-9]{1,18}")
"""Longer ones count more than there is."""

Seed = Annotated[int, Range(0, 2**63 - 1)]
"""A seed: as many as torch and TOML take."""
Count = Annotated[int, Range(0, 2**31 - 1, open_below=True)]
"""How many of something there are: at least one, and no more than an array has places for."""
Positive = Annotated[float, Range(0, open_below=True)]
NotNegative = Annotated[float, Range(0)]


def checked(settings: Any) -> dict[str, Any]:
    """Return the values of a dataclass's fields, each as its annotation says.

    One text or number stands for a tuple of one, a list for a tuple, a path for its text.

    Raises
    ------
    InputError
        If one is of another type, out of its range or not one of the names it may be.
    """
    hints = get_type_hints(type(settings), include_extras=True)
    return {
        field.name: check(field.name, getattr(settings, field.name), hints[field.name])
        for field in fields(settings)
    }


def check(name: str, value: Any, hint: Any) -> Any:
    """Return a value as an annotation says it is.

    Raises
    ------
    InputError
        If it is something else.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        said = [one for one in arguments[1:] if isinstance(one, NumberOr)]
        value = _number_or(name, value, said[0]) if said else value
        return _in_limits(name, check(name, value, arguments[0]), arguments[1:])
    if origin in (Union, UnionType):
        others = [argument for argument in arguments if argument is not NoneType]
        return None if value is None else check(name, value, others[0])
    if origin is Literal:
        return _one_of(name, value, arguments)
    if origin is tuple:
        return _several(name, value, arguments[0])
    return _SIMPLE[hint](name, value)


def made(kind: type[Settings], settings: Mapping[str, Any]) -> Settings:
    """Return a dataclass of settings from keywords.

    Raises
    ------
    InputError
        If there is no such setting, or one that is needed is not given.
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in settings:
        if name not in known:
            raise unknown_name("setting", name, known)
    for name, field in known.items():
        if name not in settings and field.default is MISSING:
            raise InputError(f"no {name} is given. It is needed.")
    return kind(**settings)


def wrong(name: str, value: Any, expected: str) -> InputError:
    """Return the error for a setting that is something else."""
    kind = "" if value is None or isinstance(value, Real) else f", {_kind(value)}"
    # What numpy and pandas say of a table has many lines.
    said = shortened(" ".join(str(value).split())) if not isinstance(value, Real) else str(value)
    return InputError(f"{name} is {said}{kind}. It should be {expected}.")


def _kind(value: Any) -> str:
    return "a text" if isinstance(value, str) else f"a {type(value).__name__}"


def _in_limits(name: str, value: Any, said: tuple[Any, ...]) -> Any:
    for limits in said:
        if isinstance(limits, Range) and value is not None and not limits.holds(value):
            raise InputError(f"{name} is {value}. It should be {limits}.")
        if isinstance(limits, OneOf):
            _one_of(name, value, limits.names)
    return value


def _number_or(name: str, value: Any, said: NumberOr) -> str:
    text = str(value) if isinstance(value, Integral) and not _is_truth(value) else value
    expected = f"a whole number of {said.least} or more, or {said.word!r}"
    if not isinstance(text, str):
        raise wrong(name, value, expected)
    if text == said.word:
        return text
    if not _WHOLE.fullmatch(text) or int(text) < said.least:
        got = shortened(text) if text is value else text
        raise InputError(f"{name} is {got}. It should be {expected}.")
    return str(int(text))


def _one_of(name: str, value: Any, choices: Collection[str]) -> str:
    if not isinstance(value, str):
        raise wrong(name, value, f"one of: {', '.join(choices)}")
    if value not in choices:
        raise unknown_name(name, value, choices)
    return value


def _several(name: str, value: Any, item: Any) -> tuple[Any, ...]:
    if isinstance(value, list | tuple):
        return tuple(check(name, one, item) for one in value)
    if isinstance(value, str | os.PathLike | Real):
        return (check(name, value, item),)
    raise wrong(name, value, "a list or a tuple")


def _text(name: str, value: Any) -> str:
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str):
        raise wrong(name, value, "a text")
    if not text.isprintable() and any("\ud800" <= character <= "\udfff" for character in text):
        raise wrong(name, ascii(text), "a text that UTF-8 can hold")
    return text


def _whole(name: str, value: Any) -> int:
    if _is_truth(value) or not isinstance(value, Integral):
        raise wrong(name, value, "a whole number")
    return int(value)


def _real(name: str, value: Any) -> float:
    if _is_truth(value) or not isinstance(value, Real):
        raise wrong(name, value, "a number")
    if not math.isfinite(value):
        raise wrong(name, value, "finite")
    return float(value)


def _is_truth(value: Any) -> bool:
    return type(value).__name__ in ("bool", "bool_")  # Python's and numpy's


def _yes_or_no(name: str, value: Any) -> bool:
    if not _is_truth(value):
        raise wrong(name, value, "True or False")
    return bool(value)


_SIMPLE: dict[Any, Callable[[str, Any], Any]] = {
    str: _text,
    int: _whole,
    float: _real,
    bool: _yes_or_no,
}
