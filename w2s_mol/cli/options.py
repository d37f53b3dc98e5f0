"""Options that several verbs share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from w2s_mol.cli import output
from w2s_mol.cli.config_file import load_config
from w2s_mol.errors import InputError

if TYPE_CHECKING:
    from w2s_mol.runs import FinishedRun

OWN_TABLE = "Your own table"
"""The heading of options that concern a user's table."""
MAX_ATOMS = 500  # molecules.smiles has it, which is too heavy to import for --help
TableFormat = Literal["table", "json", "csv"]


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
        callback=load_config,
    ),
]
Device = Annotated[
    str, typer.Option(metavar="auto|cpu|cuda", help="Where encoders run; auto: a GPU if any.")
]
Precision = Annotated[
    Literal["fp32", "bf16"],
    typer.Option(help="Of transformers' arithmetic; bf16 is faster on a GPU, good to two digits."),
]
Mirror = Annotated[
    str | None,
    typer.Option(
        metavar="DIR_OR_URL",
        envvar="W2S_MOL_MIRROR",
        help="Take downloads from here first; the README says how it is laid out.",
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER|comma|semicolon|tab|blank",
        help="Between the columns of a text table. By default found in its first rows.",
        rich_help_panel=OWN_TABLE,
    ),
]
MaxAtoms = Annotated[
    int, typer.Option(help="Molecules of more atoms cannot be used; at most 5,000.")
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


Runs = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[RUN]...", help="Run folders, or folders of them. Default: runs/."),
]
Replicates = Annotated[int, typer.Option(min=100, help="Bootstrap replicates.")]
BootstrapSeed = Annotated[int, typer.Option("--seed", min=0, help="Of the bootstrap.")]
_DEFAULT_RUNS = Path("runs")


def given_runs(folders: list[Path] | None) -> list[FinishedRun]:
    """Return the finished runs in the folders given, or in ``runs``.

    Raises
    ------
    InputError
        If there are none.
    """
    from w2s_mol.runs import find_runs

    if not folders and not _DEFAULT_RUNS.is_dir():
        raise InputError(
            "there is no folder 'runs' here. Make a run with 'w2s-mol run --dataset lipop', or "
            "give the folder of one."
        )
    runs = find_runs(folders or [_DEFAULT_RUNS])
    for run in runs:
        for name in run.mended:
            output.note(f"note: {run.folder / name} was damaged; it is written again.")
    return runs


class _OnceCommand(TyperCommand):
    """A verb whose options are given once, but for those that may be repeated.

    Click would take the last value and say nothing of the others.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse a command line."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter, times in Counter(given).items():
            several = getattr(parameter, "multiple", False) or parameter.nargs != 1
            if times > 1 and not several and not getattr(parameter, "is_flag", False):
                name = max(parameter.opts, key=len)
                raise InputError(f"{name} is given {times} times. It takes one value.")
        return super().parse_args(ctx, args)


class _App(typer.Typer):
    """An application whose commands take an option once."""

    def command(self, *args: Any, **options: Any) -> Any:
        """Return the decorator of a command."""
        return super().command(*args, **{"cls": _OnceCommand, **options})


def new_app() -> typer.Typer:
    """Return an application for one verb."""
    return _App(
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
