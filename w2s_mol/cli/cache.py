"""``w2s-mol cache``: what is kept, and removing of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import Asked

app = new_app()


@app.callback(invoke_without_command=True)
def cache(context: typer.Context) -> None:
    """Show what is kept under W2S_MOL_HOME and how large it is; remove what is old.

    All of it can be removed: it is computed or fetched anew when it is needed, but for adapted
    encoders, which 'w2s-mol adapt' makes again.
    """
    if context.invoked_subcommand is None:
        _print_kept("table", None)


@app.command("list")
def list_kept(
    form: options.Format = "table",
    columns: options.Columns = None,
) -> None:
    """Show each kind of what is kept: how much there is, and when it was used (UTC)."""
    _print_kept(form, columns)


def _print_kept(form: str, names: str | None) -> None:
    from w2s_mol import housekeeping, paths

    rows: list[list[object]] = []
    for kind, what in housekeeping.kinds().items():
        found = housekeeping.items(kind)
        uses = [_day(used) for used in sorted(item.used for item in found)] or [""]
        size = _size(sum(item.size for item in found), form)
        rows.append([kind, what, len(found), size, uses[0], uses[-1]])
    columns = ["kind", "what", "entries", _size_column(form), "oldest use", "newest use"]
    goes = ["oldest use", "what"]
    output.print_rows(columns, rows, form, goes=goes, asked=Asked(names))
    output.note(f"kept in {paths.home()}")


@app.command("remove")
def remove_kept(
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Of 'cache list'; may be repeated."),
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than",
            min=0,
            metavar="DAYS",
            help="What was last used longer ago. What is kept by content notes when it is read; "
            "of downloads, faults, adapted and earlier it is when they were written.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is kept.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go.")] = False,
    form: options.Format = "table",
) -> None:
    """Remove what is kept, by kind, by last use, or all of it.

    What a process is computing or fetching is left, and so is any file that is not this
    program's. Do not remove what is in use right now: a finished entry is not held by its readers.

    Example: w2s-mol cache remove --kind embeddings --older-than 30
    """
    from w2s_mol import housekeeping

    removed = housekeeping.remove(kind or (), older_than, everything, dry_run, now=time.time())
    columns = ["kind", "entries", _size_column(form), "held"]
    rows = [[k, r.entries, _size(r.size, form), r.held] for k, r in removed.items()]
    output.print_rows(columns, rows, form)
    size = _size(sum(r.size for r in removed.values()), "table")
    output.note(f"would free {size}" if dry_run else f"freed {size}")


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "minutes").removesuffix("+00:00")


def _size_column(form: str) -> str:
    return "size" if form == "table" else "bytes"


def _size(n: int, form: str) -> object:
    return f"{n / 1e6:,.1f} MB" if form == "table" else n
