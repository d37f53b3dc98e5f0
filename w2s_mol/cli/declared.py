"""A verb's options from what is declared of its settings: it receives them as ready objects.

A verb that takes a parameter of a settings class gets an option for each field of it; one of the
type ``Annotated[..., Option(...)]`` gets that option. The options that all verbs have are added.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ParameterInfo

from w2s_mol.cli.completion import COMPLETIONS
from w2s_mol.option import Option
from w2s_mol.settings_check import OneOf, Range

Verb = Callable[..., None]
Said = TypeVar("Said")


@dataclasses.dataclass(frozen=True)
class _Declared:
    """What is declared of one value that a verb is given, alone or in an object of settings."""

    name: str
    hint: Any
    default: Any
    checked_by_its_class: bool = False

    @property
    def plain(self) -> Any:
        """Its type, without what is said of it."""
        return _plain(self.hint)

    @property
    def option(self) -> Option:
        """How its option is spelt and explained."""
        return self._said(Option) or Option()

    @property
    def means(self) -> str:
        """What its text is, as ``Option.means`` says it."""
        is_path = Path in (self.plain, *_parts(self.plain))
        return "path" if is_path else self.option.means

    def parameter(self) -> Parameter:
        """Return the parameter that Typer makes an option, or an argument, of."""
        info = self._said(ParameterInfo) or self._typer_option()
        return Parameter(
            self.name,
            Parameter.KEYWORD_ONLY,
            annotation=Annotated[self.plain, info],
            default=list(self.default) if isinstance(self.default, tuple) else self.default,
        )

    def _said(self, kind: type[Said]) -> Said | None:
        said = get_args(self.hint)[1:] if get_origin(self.hint) is Annotated else ()
        return next((one for one in said if isinstance(one, kind)), None)

    def _typer_option(self) -> Any:
        option = self.option
        # A class checks its ranges itself, whoever makes one of it; Click need not.
        limits = None if self.checked_by_its_class else self._said(Range)
        least, most = (limits.least, limits.most) if limits else (-math.inf, math.inf)
        kinds = (self.plain, *_parts(self.plain))
        one = next((kind for kind in (int, float, str, Path) if kind in kinds), None)
        return typer.Option(
            *option.spellings(self.name),
            help=option.help or None,
            rich_help_panel=option.panel,
            envvar=option.envvar,
            metavar=option.metavar or (f"<{one.__name__.lower()}>" if one else None),
            min=None if least == -math.inf else least,
            max=None if most == math.inf else most,
            autocompletion=COMPLETIONS[option.completes] if option.completes else None,
        )


def with_options(verb: Verb, common: Mapping[str, tuple[Any, Any]]) -> Verb:
    """Return a verb whose signature is what Typer reads: a parameter for each option.

    Parameters
    ----------
    verb
        Takes objects of settings classes, and single values.
    common
        Options that are added, each with its default, by name; they act when they are parsed, and
        the verb gets none.
    """
    hints = get_type_hints(verb, include_extras=True)
    kinds: dict[str, Any] = {
        name: hint for name, hint in hints.items() if dataclasses.is_dataclass(hint)
    }
    declared = [*_declared(verb, hints), *(_Declared(name, *said) for name, said in common.items())]

    @functools.wraps(verb)
    def call(**given: Any) -> None:
        for name in common:
            del given[name]
        settings = {}
        for name, kind in kinds.items():
            values = {field.name: given.pop(field.name) for field in dataclasses.fields(kind)}
            settings[name] = kind(**values)
        verb(**settings, **given)

    parameters = [one.parameter() for one in declared]
    signature: Any = call  # what Typer reads of a function
    signature.__signature__ = inspect.Signature(parameters)
    signature.__annotations__ = {one.name: one.annotation for one in parameters}
    signature.means = {one.name: one.means for one in declared}
    return call


def options_of(kind: type, settings: Mapping[str, Any]) -> list[str]:
    """Return how some settings of a class are given on the command line, word by word."""
    types = get_type_hints(kind, include_extras=True)
    return [
        word
        for name, value in settings.items()
        for word in _Declared(name, types[name], value).option.words(name, value)
    ]


def meanings(kind: type) -> dict[str, str]:
    """Return what the text of each setting of a class is, as ``Option.means`` says it."""
    types = get_type_hints(kind, include_extras=True)
    return {f.name: _Declared(f.name, types[f.name], None).means for f in dataclasses.fields(kind)}


def spelt(kind: type) -> dict[str, str]:
    """Return the names of a class's settings by how their options are spelt, '-' as '_'."""
    types = get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind)]
    options = {name: _Declared(name, types[name], None).option.spellings(name) for name in names}
    long = {name: words[0].lstrip("-").replace("-", "_") for name, words in options.items()}
    return {**{word: name for name, word in long.items()}, **{name: name for name in names}}


def means(command: Any, name: str) -> str:
    """Return what the text of a command's option or argument is, as ``Option.means`` says it."""
    said: Mapping[str, str] = command.callback.means  # functools.wraps, in Typer, hands it on
    return said[name]


def _declared(verb: Verb, hints: Mapping[str, Any]) -> Iterator[_Declared]:
    for name, parameter in inspect.signature(verb).parameters.items():
        kind = hints[name]
        if not dataclasses.is_dataclass(kind):
            yield _Declared(name, kind, parameter.default)
            continue
        types = get_type_hints(kind, include_extras=True)
        for field in dataclasses.fields(kind):
            default = Parameter.empty if field.default is dataclasses.MISSING else field.default
            yield _Declared(field.name, types[field.name], default, checked_by_its_class=True)


def _plain(hint: Any) -> Any:
    """Return a type without what is said of it; several values are a list, as Click gives them."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        names = next((said.names for said in arguments[1:] if isinstance(said, OneOf)), None)
        return Literal[tuple(names)] if names else _plain(arguments[0])
    if origin in (Union, UnionType):
        [one] = [argument for argument in arguments if argument is not NoneType]
        return _plain(one) | None
    if origin in (tuple, list):
        return list[_plain(arguments[0])]  # type: ignore[misc]
    return hint


def _parts(plain: Any) -> Iterable[Any]:
    """Yield the types that a plain type is made of."""
    for one in get_args(plain):
        yield one
        yield from _parts(one)
