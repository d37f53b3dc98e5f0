"""The one Typer application: all verbs, each of whose modules is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from w2s_mol._version import __version__
from w2s_mol.cli.application import new_app
from w2s_mol.cli.verbs import PROGRAM, VERBS, help_text
from w2s_mol.errors import unknown_name


class _Program(TyperGroup):
    """All verbs, by name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the verbs."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb, whose module is imported now.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        if cmd_name in VERBS:
            return get_command(import_module(f"w2s_mol.cli.{VERBS[cmd_name].module}").app)
        if ctx.resilient_parsing:  # a shell asks about an unfinished line
            return None
        raise unknown_name("verb", cmd_name, VERBS)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help that is there before anything is imported."""
        formatter.write(help_text())


app = new_app(cls=_Program, add_completion=True, subcommand_metavar="VERB [OPTIONS]")


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def program(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", help="Show the version.", is_eager=True, callback=_say_version
        ),
    ] = False,
) -> None:
    """Molecular weak-to-strong studies."""
