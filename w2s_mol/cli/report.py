"""``w2s-mol report``: one self-contained document from any set of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.option import Option

app = new_app()


@app.command()
def report(
    runs: options.Runs = None,
    output_file: Annotated[
        Path | None,
        Option("Where to write. Default: report.html or report.md.", long="--output", short="-o"),
    ] = None,
    form: Annotated[
        Literal["html", "md"],
        Option("html: one file that needs no other; md: text, figures beside it.", long="--format"),
    ] = "html",
    title: Annotated[str, Option("Of the document.")] = "Weak-to-strong studies",
    replicates: options.Replicates = 2000,
    seed: options.BootstrapSeed = 0,
) -> None:
    """Write a report of runs: tables, figures, statistics, null controls, what made each run.

    The HTML file holds everything and works from disk. Runs may be studies, their null controls
    and synthetic ones.

    Example: w2s-mol report runs -o report.html
    """
    from w2s_mol.report.content import build_report, today
    from w2s_mol.report.render import write_report
    from w2s_mol.reproduce.asked import what_was_asked

    path = output_file or Path(f"report.{form}")
    with output.progress_bars() as progress:
        built = build_report(
            options.given_runs(runs),
            title=title,
            asked=[text for folder in runs or [Path("runs")] for text in what_was_asked(folder)],
            replicates=replicates,
            seed=seed,
            progress=progress,
            options=[
                *("--output", str(path), "--format", form, "--title", title),
                *("--replicates", str(replicates), "--seed", str(seed)),
            ],
            date=today(),
        )
        write_report(built, path, form)
    output.note(f"written to {path}")
