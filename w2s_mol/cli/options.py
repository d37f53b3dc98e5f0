"""Options that several verbs share."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from w2s_mol.cli import output
from w2s_mol.errors import InputError, unknown_name

TableFormat = Literal["table", "json", "csv"]


def _load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Make a TOML file's values the defaults of this call: flags over file over defaults."""
    if path is None:
        return None
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"config {path}: {error}. It should be TOML.") from error
    known = {str(parameter.name) for parameter in context.command.params} - {"config", "help"}
    defaults: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in known:
            raise unknown_name(f"key in {path}:", key, known)
        defaults[name] = value
    context.default_map = defaults
    return path


def _be_quiet(value: bool) -> bool:
    if value:
        output.verbosity = output.QUIET
    return value


def _be_verbose(value: bool) -> bool:
    if value:
        output.verbosity = output.VERBOSE
    return value


Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml",
        help="Take options from a file; those given here come first.",
        is_eager=True,
        callback=_load_config,
    ),
]
Device = Annotated[
    str, typer.Option(metavar="auto|cpu|cuda", help="Where encoders run; auto: a GPU if any.")
]
Mirror = Annotated[
    str | None,
    typer.Option(
        metavar="DIR_OR_URL",
        envvar="W2S_MOL_MIRROR",
        help="Take downloads from here first; the README says how it is laid out.",
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network.")]
Format = Annotated[TableFormat, typer.Option("--format", help="How to print the table.")]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress and no notes.", callback=_be_quiet),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say what is going on.", callback=_be_verbose),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def new_app() -> typer.Typer:
    """Return an application for one verb."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
