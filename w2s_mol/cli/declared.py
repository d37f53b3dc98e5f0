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
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ParameterInfo

from w2s_mol.option import Option
from w2s_mol.settings_check import Range

Verb = Callable[..., None]
Said = TypeVar("Said")


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
    hints.pop("return", None)
    kinds: dict[str, Any] = {
        name: hint for name, hint in hints.items() if dataclasses.is_dataclass(hint)
    }
    parameters = list(_parameters(inspect.signature(verb), hints))
    parameters += [_parameter(name, *said) for name, said in common.items()]

    @functools.wraps(verb)
    def call(**given: Any) -> None:
        for name in common:
            del given[name]
        settings = {}
        for name, kind in kinds.items():
            values = {field.name: given.pop(field.name) for field in dataclasses.fields(kind)}
            settings[name] = kind(**values)
        verb(**settings, **given)

    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _parameters(signature: inspect.Signature, hints: Mapping[str, Any]) -> Iterator[Parameter]:
    for name, parameter in signature.parameters.items():
        if not dataclasses.is_dataclass(hints[name]):
            yield _parameter(name, hints[name], parameter.default)
            continue
        types = get_type_hints(hints[name], include_extras=True)
        for field in dataclasses.fields(hints[name]):
            default = Parameter.empty if field.default is dataclasses.MISSING else field.default
            # The class checks ranges itself, whoever makes one; Click need not.
            yield _parameter(field.name, types[field.name], default, ranges=False)


def _parameter(name: str, hint: Any, default: Any, *, ranges: bool = True) -> Parameter:
    """Return the parameter that Typer makes an option, or an argument, of."""
    said = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    plain = _plain(hint)
    info = _first(said, ParameterInfo)
    if info is None:
        limits = _first(said, Range) if ranges else None
        info = _typer_option(name, plain, _first(said, Option) or Option(), limits or Range())
    return Parameter(
        name,
        Parameter.KEYWORD_ONLY,
        annotation=Annotated[plain, info],
        default=list(default) if isinstance(default, tuple) else default,
    )


def _first(said: Iterable[Any], kind: type[Said]) -> Said | None:
    return next((one for one in said if isinstance(one, kind)), None)


def _typer_option(name: str, plain: Any, option: Option, limits: Range) -> Any:
    one = next((kind for kind in (int, float, str) if kind in (plain, *get_args(plain))), None)
    return typer.Option(
        *option.spellings(name),
        help=option.help or None,
        rich_help_panel=option.panel,
        metavar=option.metavar or (f"<{one.__name__}>" if one else None),
        min=None if limits.least == -math.inf else limits.least,
        max=None if limits.most == math.inf else limits.most,
    )


def _plain(hint: Any) -> Any:
    """Return a type without what is said of it; several values are a list, as Click gives them."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _plain(arguments[0])
    if origin in (Union, UnionType):
        [one] = [argument for argument in arguments if argument is not NoneType]
        return _plain(one) | None
    if origin in (tuple, list):
        return list[_plain(arguments[0])]  # type: ignore[misc]
    return hint
