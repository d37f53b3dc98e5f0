"""The front door: answers at once what it can, and turns errors into a message and an exit code.

It imports nothing heavy, so that ``--help`` and ``--version`` need not wait even for Typer.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading

from w2s_mol._version import __version__
from w2s_mol.cli.verbs import PROGRAM, after_interrupt, help_text
from w2s_mol.errors import W2SMolError, means_no_memory

_COMPLETION = "_W2S_MOL_COMPLETE"
_INTERRUPTED = 130


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
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = _answer(given)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough (... | head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def _answer(arguments: list[str]) -> int:
    if _COMPLETION in os.environ:  # a shell asks how a line may go on
        return _call(arguments)
    first = arguments[0] if arguments else "--help"
    if first in ("--help", "-h", "help"):
        print(help_text())
    elif first in ("--version", "-V"):
        print(f"{PROGRAM} {__version__}")
    else:
        return _run(arguments)
    return 0


def _run(arguments: list[str]) -> int:
    """Run a verb and return the exit code; with --debug an error is shown with its traceback."""
    if not {"-v", "--verbose", "--debug"} & set(arguments):
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        code = _call(arguments)
    except BrokenPipeError:
        raise
    except (W2SMolError, OSError, MemoryError, RuntimeError, ValueError) as error:
        if means_no_memory(error) and "--debug" not in arguments:
            error = W2SMolError("not enough memory. Use fewer or smaller things at once.")
        if not isinstance(error, W2SMolError | OSError):
            raise
        if "--debug" in arguments:
            sys.excepthook(type(error), error, error.__traceback__)
        else:
            from w2s_mol.cli.output import say

            say(f"error: {error}")
        return error.exit_code if isinstance(error, W2SMolError) else 1
    if code == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second one would break the exit
        print(f"\nstopped. {after_interrupt(arguments)}", file=sys.stderr)
    return code


def _call(arguments: list[str]) -> int:
    _take_interrupts_in_python()
    try:
        from w2s_mol.cli.program import app

        app(arguments, prog_name=PROGRAM)
    except SystemExit as end:  # how a Typer application ends, 130 after Ctrl-C
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0
