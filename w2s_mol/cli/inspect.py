"""``w2s-mol inspect``: the molecules of one supervisor, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.option import Option
from w2s_mol.settings_check import Range

app = new_app()


@app.command()
def inspect(
    runs: options.Runs = None,
    dataset: Annotated[str, Option("By default the first.", metavar="NAME", short="-d")] = "",
    strong: Annotated[str, Option("By default the first.", metavar="NAME")] = "",
    labels: Annotated[str, Option("By default the first number.", metavar="N|all")] = "",
    weak: Annotated[
        str, Option("The supervisor. By default the recommended one.", metavar="NAME")
    ] = "",
    use: Annotated[
        str,
        Option(
            "Of the supervisor, beside it, its student and direct. By default the recommended one.",
            metavar="NAME",
        ),
    ] = "",
    molecules: Annotated[int, Range(1), Option("Drawn of each kind.")] = 12,
    output_file: Annotated[
        Path, Option("Where to write.", metavar="FILE.html", long="--output", short="-o")
    ] = Path("inspect.html"),
) -> None:
    """Look at molecules: which ones the student mends and which it breaks.

    One HTML file that needs no other: these molecules drawn, each with its label and what
    supervisor, student and direct predict; predicted against true; the gain by scaffold, by size
    and by similarity to what was learnt from; how well the supervisor's labels are calibrated.
    All on test molecules. Of texts there are no pictures, and the gain is by their length.

    Example: w2s-mol inspect runs/lipop-molbert-paper-ridge --weak weak-h32-s0
    """
    from w2s_mol.inspection.chosen import Wanted
    from w2s_mol.report.looking import build_page
    from w2s_mol.report.render import write_report

    given = options.given_runs(runs)
    wanted = Wanted(dataset, strong, labels, weak, use)
    page = build_page(given, wanted, molecules)
    write_report(page, output_file, "html")
    output.note(f"written to {output_file}")
