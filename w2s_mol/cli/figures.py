"""``w2s-mol figures``: the paper's figures, selections and learning curves of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.errors import unknown_name
from w2s_mol.option import Option

app = new_app()


@app.command()
def figures(
    runs: options.Runs = None,
    output_dir: Annotated[Path, options.output_dir("Where to write them.")] = Path("figures"),
    form: Annotated[
        tuple[str, ...],
        Option("Repeatable. Default: all three.", metavar="svg|pdf|png", long="--format"),
    ] = ("svg", "pdf", "png"),
) -> None:
    """Draw gain against misfit (all panels on one sheet, and singly), selections, errors, curves.

    Null controls among the runs are left out. The same runs give the same bytes.

    Example: w2s-mol figures runs --format svg
    """
    from w2s_mol.figures.pictures import draw_pictures
    from w2s_mol.figures.style import FORMATS, save

    for name in form:
        if name not in FORMATS:
            raise unknown_name("format", name, FORMATS)
    for picture in draw_pictures(options.given_runs(runs)):
        for path in save(picture, output_dir, list(dict.fromkeys(form))):
            output.result(str(path))
