"""The front door: finds the verb, and turns errors into a message and an exit code.

It imports nothing heavy, so that ``--help`` and ``--version`` answer at once; a verb's module is
imported when the verb is called.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from dataclasses import dataclass
from importlib import import_module

from w2s_mol._version import __version__
from w2s_mol.errors import W2SMolError, means_no_memory, unknown_name

PROGRAM = "w2s-mol"
_INTERRUPTED = 130
_GO_ON = "Run the same command again to go on where it stopped."
_RESUME = (
    "Run the same command with --resume: it goes on from the last checkpoint, if there is one."
)
_AGAIN = "Nothing was left half-written. Run the same command again."


@dataclass(frozen=True)
class Verb:
    """A verb of the command line.

    Attributes
    ----------
    module
        Where its Typer application ``app`` is.
    what
        One line for the help.
    after_interrupt
        What to tell a user who stopped it.
    """

    module: str
    what: str
    after_interrupt: str = _AGAIN


VERBS = {
    "run": Verb("run", "Run a weak-to-strong study and write a run folder.", _GO_ON),
    "select": Verb("select", "Say which weak supervisor to use, from finished runs."),
    "statistics": Verb("statistics", "Say how sure the numbers of runs are: intervals, controls."),
    "figures": Verb("figures", "Draw the paper's figures and more from finished runs."),
    "report": Verb("report", "Write one self-contained document from finished runs."),
    "synthetic": Verb("synthetic", "Run the paper's synthetic experiments.", _GO_ON),
    "reproduce": Verb("reproduce", "Run all of the paper that can run here, and report.", _GO_ON),
    "embed": Verb("embed", "Turn a table of SMILES into a Parquet file of embeddings."),
    "prepare-corpus": Verb("prepare_corpus", "Prepare a SMILES corpus for pretraining.", _GO_ON),
    "pretrain-weak": Verb(
        "pretrain_weak",
        "Pretrain weak encoders on a SMILES corpus.",
        _RESUME,
    ),
    "pretrain-strong": Verb("pretrain_strong", "Pretrain a strong encoder of your own.", _RESUME),
    "convert-molbert": Verb("convert_molbert", "Convert a MolBERT checkpoint of your own."),
    "encoders": Verb("encoders", "List the encoders that can be named."),
    "data": Verb("data", "List and fetch datasets, corpora and MolBERT's weights.", _GO_ON),
    "cache": Verb("cache", "Show what is kept and how large it is; remove what is old."),
}

_EXAMPLES = """\
Examples:
  w2s-mol run --dataset computed-logp --strong ecfp    offline, a minute or less
  w2s-mol run --dataset all --strong rdkit2d           ESOL, FreeSolv and Lipop
  w2s-mol select                                       the selection tables of ./runs
  w2s-mol reproduce --dry-run                          what of the paper can run here
  w2s-mol pretrain-weak --hidden 32 --corpus guacamol  a weak encoder of your own

'w2s-mol VERB --help' says more about a verb."""


def help_text() -> str:
    """Return the help of the whole program."""
    width = max(map(len, VERBS)) + 2
    verbs = "\n".join(f"  {name:<{width}}{verb.what}" for name, verb in VERBS.items())
    return (
        f"Usage: {PROGRAM} VERB [OPTIONS]\n\n"
        "Molecular weak-to-strong studies: how far a strong model gets past its weak supervisor,\n"
        "and which supervisor to use.\n\n"
        f"Verbs:\n{verbs}\n\n"
        "Options:\n  --help     Show this help.\n  --version  Show the version.\n\n"
        f"{_EXAMPLES}"
    )


def _take_interrupts_in_python() -> None:
    """Let no thread but one of ours receive Ctrl-C, and raise it in the main thread from there.

    RDKit handles the signal itself while it searches substructures: it ends the search early,
    with wrong counts, and says nothing. Blocked everywhere, the signal never reaches it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return
    main_thread = threading.main_thread().ident or 0
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGURG, lambda *_: None)

    def wait() -> None:
        while True:
            signal.sigwait({signal.SIGINT})
            _thread.interrupt_main()
            signal.pthread_kill(main_thread, signal.SIGURG)  # wakes it from a blocking call

    threading.Thread(target=wait, daemon=True).start()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with 0 (done), 1 (failed) or 2 (wrong usage or input)."""
    first, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        code = _answer(first, rest)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough (... | head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _answer(first: str, rest: list[str]) -> int:
    if first in ("--help", "-h", "help"):
        print(help_text())
    elif first in ("--version", "-V"):
        print(f"{PROGRAM} {__version__}")
    else:
        return _run_verb(first, rest)
    return 0


def _run_verb(name: str, arguments: list[str]) -> int:
    """Run a verb and return the exit code; with --debug an error keeps its traceback."""
    if not {"-v", "--verbose", "--debug"} & set(arguments):
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        code = _call(name, arguments)
    except BrokenPipeError:
        raise
    except (W2SMolError, OSError, MemoryError, RuntimeError, ValueError) as error:
        if means_no_memory(error) and "--debug" not in arguments:
            error = W2SMolError("not enough memory. Use fewer or smaller things at once.")
        if "--debug" in arguments or not isinstance(error, W2SMolError | OSError):
            raise
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, W2SMolError) else 1
    if code == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second one would break the exit
        print(f"\nstopped. {VERBS[name].after_interrupt}", file=sys.stderr)
    return code


def _call(name: str, arguments: list[str]) -> int:
    if name not in VERBS:
        raise unknown_name("verb", name, VERBS)
    _take_interrupts_in_python()
    try:
        module = import_module(f"w2s_mol.cli.{VERBS[name].module}")
        module.app(arguments, prog_name=f"{PROGRAM} {name}")
    except SystemExit as end:  # how a Typer application ends, 130 after Ctrl-C
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0
