"""``w2s-mol data``: what can be fetched, and fetching it."""

from __future__ import annotations

from typing import Annotated

import typer

from w2s_mol.cli import completion, options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import Asked
from w2s_mol.errors import InputError

app = new_app()


@app.callback()
def data() -> None:
    """List and fetch datasets, corpora and MolBERT's weights; other verbs fetch what they need."""


@app.command("list")
def list_sources(
    form: options.Format = "table",
    columns: options.Columns = None,
) -> None:
    """Show what exists, where from, its size and licence, and whether it is here."""
    from w2s_mol.datasets.fetch import is_here
    from w2s_mol.datasets.sources import SOURCES

    rows: list[list[object]] = [
        ["computed-logp", "2,400 made-up molecules, computed labels", "built in", "", "MIT", "yes"]
    ]
    for source in SOURCES.values():
        here = sum(is_here(file) for file in source.files)
        state = "yes" if here == len(source.files) else f"{here} of {len(source.files)} files"
        size = _size(source.size) if source.size is not None else "not published"
        rows.append(
            [source.name, source.what, source.origin, size, source.licence, state if here else "no"]
        )
    heads = ["name", "what", "from", "size", "licence", "here"]
    goes = ["licence", "from", "size"]
    output.print_rows(heads, rows, form, goes=goes, asked=Asked(columns))


@app.command("fetch")
def fetch_sources(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="Names in 'data list', moleculeace:all, or all.",
            autocompletion=completion.sources,
        ),
    ],
    mirror: options.Mirror = None,
    offline: options.Offline = False,
) -> None:
    """Fetch files: checked by size and hash, resumed after an interrupt, kept in a cache.

    Example: w2s-mol data fetch lipop molbert
    """
    from w2s_mol.datasets.fetch import fetch
    from w2s_mol.datasets.named import BUILTIN
    from w2s_mol.datasets.sources import expand_sources, get_source
    from w2s_mol.errors import DownloadError

    if BUILTIN in names:
        raise InputError(f"{BUILTIN} is built in; there is nothing to fetch.")
    wanted = [get_source(one).name for name in names for one in expand_sources(name)]
    failed = []
    for name in dict.fromkeys(wanted):
        try:
            with output.progress_bars() as progress:
                paths = fetch(name, mirror, offline, progress)
        except InputError:
            raise
        except DownloadError as error:
            failed.append(str(error))
            continue
        counted = "1 file" if len(paths) == 1 else f"{len(paths)} files"
        output.result(f"{name}: {counted} in {paths[0].parent}")
    if failed:
        raise DownloadError("\nerror: ".join(failed))


def _size(n: int) -> str:
    return f"{n / 1e6:,.1f} MB" if n >= 1e6 else f"{n / 1e3:,.0f} kB"
