"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from w2s_mol.cli import completion, output
from w2s_mol.cli.config_file import load_config
from w2s_mol.crews.named import Asked
from w2s_mol.encoders.devices import Precision
from w2s_mol.errors import InputError
from w2s_mol.option import Option
from w2s_mol.settings_check import Range

if TYPE_CHECKING:
    from w2s_mol.runs import FinishedRun

TableFormat = Literal["table", "json", "csv"]


def _be_quiet(value: bool) -> bool:
    if value:
        output.verbosity = output.QUIET
    return value


def _be_verbose(value: bool) -> bool:
    if value:
        output.verbosity = output.VERBOSE
    return value


Device = Annotated[str, Option("Where encoders run; auto: a GPU if any.", metavar="auto|cpu|cuda")]
Arithmetic = Annotated[
    Precision,
    Option("Of transformers' arithmetic; bf16 is faster on a GPU, good to two digits."),
]
Mirror = Annotated[
    str | None,
    Option(
        "Take downloads from here first; docs/running.md says how it is laid out.",
        metavar="DIR_OR_URL",
        envvar="W2S_MOL_MIRROR",
        means="name or path",
    ),
]
Workers = Annotated[int | None, Range(1), Option("Processes that prepare the corpus; one a core.")]
StudyWorkers = Annotated[
    int | None,
    Range(1),
    Option("Processes that share the work, by default one; any number may join in its folder."),
]
ShardWorkers = Annotated[
    int | None,
    Range(1),
    Option("Processes; by default one a core, as far as memory reaches, and one a GPU."),
]
Cluster = Annotated[
    str | None,
    Option(
        "Work on Dask instead: the address of a scheduler, N workers here, or a TOML file that "
        "says what to start (docs/cluster.md).",
        metavar="ADDRESS|local:N|slurm.toml",
        means="name or path",
    ),
]
ShardRows = Annotated[int, Range(1), Option("Rows of a shard.")]
OfShards = Annotated[
    str | None,
    Option(
        "Make this share of a folder's shards: the third of a hundred, counted from 1, say in a "
        "job array.",
        metavar="3/100",
        long="--shard",
    ),
]
Merge = Annotated[
    Path | None,
    Option(
        "When all shards of the folder are there, put them into one file, in the order of the "
        "table.",
        metavar="OUT.parquet",
    ),
]
Resume = Annotated[bool, Option("Go on from the last checkpoint.")]
Offline = Annotated[bool, Option("Never use the network.")]
Format = Annotated[TableFormat, Option("How to print the table.", long="--format")]
Columns = Annotated[
    str | None,
    Option(
        "Show these columns of tables, however wide they are; by default those that there is room "
        "for. CSV and JSON have all.",
        metavar="NAME,NAME",
    ),
]
Top = Annotated[
    int | None,
    Range(0),
    Option(
        "How many rows to show of tables of supervisors; 0: all. By default about a screen; CSV "
        "and JSON have all."
    ),
]
Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN",
        help="Run folders, or folders of them. Default: runs/.",
        autocompletion=completion.runs,
    ),
]
Replicates = Annotated[int, Range(100), Option("How often is drawn.")]
BootstrapSeed = Annotated[int, Range(0), Option("Of what is drawn for intervals.")]

TheRun = Annotated[Path, Option("The folder of a finished run.", metavar="RUN", completes="runs")]
OfDataset = Annotated[
    str | None, Option("Whose models, where the run has several datasets.", metavar="NAME")
]
OfWeak = Annotated[
    str,
    Option(
        "Whose labels: a supervisor of the run, picked by the rule, or recommended by errors on "
        "validation.",
        metavar="NAME|picked|recommended",
    ),
]
OfStrong = Annotated[
    str | None, Option("Which student, where the run has several.", metavar="NAME")
]
OfLabels = Annotated[
    str | None,
    Option(
        "How many true labels the models learnt from, where the run has several numbers. By "
        "default the most.",
        metavar="N|all",
    ),
]
OfUse = Annotated[
    str,
    Option(
        "What is made of the labels; recommended: what errs least on validation.",
        metavar="recommended|w2s|delta|stack|both|direct|weak",
    ),
]


def crew(workers: int | None, cluster: str | None, default: int = 1, readers: int = 0) -> Asked:
    """Return who is to work."""
    if workers is not None and cluster is not None:
        raise InputError(
            f"--workers {workers} is of this machine, and --cluster {cluster} says who works "
            "instead. Leave out one of the two."
        )
    return Asked(1 if cluster else workers or default, cluster, output.note, readers)


_Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no notes.", callback=_be_quiet)
]
_Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say what is going on.", callback=_be_verbose)
]
# The front door reads it, which may have to report what went wrong before any parsing.
_Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
_Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml",
        help="Take options from a file; those given here come first.",
        is_eager=True,
        callback=load_config,
    ),
]
BEFORE_VERBS: dict[str, tuple[Any, Any]] = {
    "quiet": (_Quiet, False),
    "verbose": (_Verbose, False),
    "debug": (_Debug, False),
}
"""Options that may stand before a verb as well as after it, with their defaults."""
OF_ALL_VERBS: dict[str, tuple[Any, Any]] = {"config": (_Config, None), **BEFORE_VERBS}


def output_dir(what: str) -> Any:
    """Return the option that says where the files of a verb go."""
    return Option(what, metavar="DIR", short="-o")


_DEFAULT_RUNS = Path("runs")
damaged: list[InputError] = []
"""What was wrong with runs beside those that a verb goes on with; it fails for them at its end."""


def given_runs(folders: list[Path] | None) -> list[FinishedRun]:
    """Return the finished runs in the folders given, or in ``runs``.

    Of a folder of runs the whole ones; what is wrong with the others is ``damaged``.

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
    runs = find_runs(folders or [_DEFAULT_RUNS], damaged)
    for run in runs:
        for name in run.mended:
            output.note(f"note: {run.folder / name} was damaged; it is written again.")
    return runs
