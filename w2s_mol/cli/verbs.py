"""The verbs by name. It imports nothing heavy; a verb's module is imported when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PROGRAM = "w2s-mol"
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
    "sweep": Verb("sweep", "Run all studies of a plan, here or on a cluster.", _GO_ON),
    "select": Verb("select", "Say which weak supervisor to use, from finished runs."),
    "recommend": Verb("recommend", "Say what to do: which supervisor, which use of it, if any."),
    "inspect": Verb("inspect", "Draw the molecules that a student mends and breaks."),
    "predict": Verb("predict", "Predict labels of a library with the models of a run.", _GO_ON),
    "fit": Verb("fit", "Fit one model on all labels, with what a run found best."),
    "statistics": Verb("statistics", "Say how sure the numbers of runs are: intervals, controls."),
    "diagnose": Verb("diagnose", "Compare weak and strong encoders without labels."),
    "figures": Verb("figures", "Draw the paper's figures and more from finished runs."),
    "report": Verb("report", "Write one self-contained document from finished runs."),
    "synthetic": Verb("synthetic", "Run the paper's synthetic experiments.", _GO_ON),
    "reproduce": Verb("reproduce", "Run all of the paper that can run here, and report.", _GO_ON),
    "embed": Verb("embed", "Turn a table of SMILES into a Parquet file of embeddings.", _GO_ON),
    "prepare-corpus": Verb("prepare_corpus", "Prepare a SMILES corpus for pretraining.", _GO_ON),
    "pretrain-weak": Verb(
        "pretrain_weak",
        "Pretrain weak encoders on a SMILES corpus.",
        _RESUME,
    ),
    "pretrain-strong": Verb("pretrain_strong", "Pretrain a strong encoder of your own.", _RESUME),
    "adapt": Verb(
        "adapt", "Train an encoder further on a task's molecules, without their labels.", _GO_ON
    ),
    "convert-molbert": Verb("convert_molbert", "Convert a MolBERT checkpoint of your own."),
    "encoders": Verb("encoders", "List the encoders that can be named."),
    "data": Verb("data", "List and fetch datasets, corpora and MolBERT's weights.", _GO_ON),
    "cache": Verb("cache", "Show what is kept and how large it is; remove what is old."),
}

_OPTIONS = """\
Options:
  --help, -h            Show this help.
  --version, -V         Show the version.
  --quiet, -q           No progress and no notes.
  --verbose, -v         Say what is going on.
  --debug               Show the traceback of an error.
  --install-completion  Complete verbs, options and names with the tab key.
  --show-completion     Show what that would add to the shell's settings."""

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
        f"{_OPTIONS}\n\n{_EXAMPLES}"
    )


def after_interrupt(arguments: Sequence[str]) -> str:
    """Return what to tell a user who stopped this call.

    What stands before the verb are flags, so the verb is the first that is none.
    """
    name = next((text for text in arguments if not text.startswith("-")), "")
    return VERBS[name].after_interrupt if name in VERBS else _AGAIN
