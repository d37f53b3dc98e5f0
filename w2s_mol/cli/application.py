"""How a verb's Typer application is made: its options, what it refuses, how its help looks."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.core import TyperCommand

from w2s_mol.cli import options
from w2s_mol.cli.declared import with_options
from w2s_mol.errors import InputError


class _Command(TyperCommand):
    """A verb whose options are given once, but for those that may be repeated.

    Click would take the last value and say nothing of the others.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse a command line."""
        if not ctx.resilient_parsing:  # a shell asks about an unfinished line
            self._refuse_repeated(ctx, args)
        return super().parse_args(ctx, args)

    def _refuse_repeated(self, ctx: Any, args: list[str]) -> None:
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter, times in Counter(given).items():
            several = getattr(parameter, "multiple", False) or parameter.nargs != 1
            if times > 1 and not several and not getattr(parameter, "is_flag", False):
                name = max(parameter.opts, key=len)
                raise InputError(f"{name} is given {times} times. It takes one value.")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options under their headings; a name that is long has a line of its own."""
        parameters = self.get_params(ctx)
        needed_first = sorted(parameters, key=lambda one: not getattr(one, "required", False))
        for heading, records in help_sections(needed_first, ctx).items():
            with formatter.section(heading):
                formatter.write_dl(records)


def help_sections(parameters: Iterable[Any], context: Any) -> dict[str, list[tuple[str, str]]]:
    """Return what the help says of arguments and options, name and text, by their heading."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        record = parameter.get_help_record(context)
        if record is not None:
            usual = f"{parameter.param_type_name.title()}s"
            heading = getattr(parameter, "rich_help_panel", None) or usual
            named = (parameter.metavar or record[0]) if usual == "Arguments" else record[0]
            sections.setdefault(heading, []).append((named, record[1]))
    return sections


def _to_the_end(verb: Callable[..., None]) -> Callable[..., None]:
    """Return a verb that fails once it is done if it left out runs for their damage."""

    @functools.wraps(verb)
    def call(**given: Any) -> None:
        verb(**given)
        if options.damaged:
            raise InputError("\nerror: ".join(map(str, options.damaged)))

    return call


class _App(typer.Typer):
    """An application whose verbs have the options that are declared of their settings."""

    def command(self, *args: Any, **given: Any) -> Callable[[Any], Any]:
        """Return the decorator of a verb."""
        register = super().command(*args, **{"cls": _Command, **given})
        return lambda verb: register(with_options(_to_the_end(verb), options.OF_ALL_VERBS))

    def callback(self, *args: Any, **given: Any) -> Callable[[Any], Any]:
        """Return the decorator of what stands before verbs."""
        register = super().callback(*args, **given)
        return lambda verb: register(with_options(verb, options.BEFORE_VERBS))


def new_app(**given: Any) -> typer.Typer:
    """Return an application, for one verb unless told otherwise."""
    return _App(
        **{
            "add_completion": False,
            # Plain text: a table of Rich's cuts the names of options at 80 columns.
            "rich_markup_mode": None,
            "pretty_exceptions_enable": False,
            "context_settings": {"help_option_names": ["--help", "-h"]},
            **given,
        }
    )
