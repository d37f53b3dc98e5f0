"""``w2s-mol figures``: the paper's figures, selections and learning curves of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from w2s_mol.cli import options, output

app = options.new_app()


@app.command()
def figures(
    runs: options.Runs = None,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", "-o", help="Where to write them.")
    ] = Path("figures"),
    form: Annotated[
        list[Literal["svg", "pdf", "png"]],
        typer.Option("--format", help="Repeatable. Default: all three."),
    ] = ["svg", "pdf", "png"],  # noqa: B006 -- Typer copies it
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Draw gain against misfit (all panels on one sheet, and singly), selections, errors, curves.

    Null controls among the runs are left out. The same runs give the same bytes.

    Example: w2s-mol figures runs --format svg
    """
    from w2s_mol.encoders.loading import shipped_metadata
    from w2s_mol.figures.pictures import draw_pictures
    from w2s_mol.figures.style import save

    for picture in draw_pictures(options.given_runs(runs), shipped_metadata()):
        for path in save(picture, output_dir, list(dict.fromkeys(form))):
            output.result(str(path))
