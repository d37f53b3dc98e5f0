"""``w2s-mol reproduce``: the whole paper, as far as it can run here, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.option import Option

app = new_app()


@app.command()
def reproduce(
    output_dir: Annotated[
        Path, options.output_dir("Gets the runs, figures/ and report.html.")
    ] = Path("reproduction"),
    dry_run: Annotated[bool, Option("Print the plan and its gaps, and run nothing.")] = False,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
) -> None:
    """Run every experiment of the paper that can run with what is at hand, then write the report.

    Six synthetic experiments, ESOL, FreeSolv and Lipop with the shipped weak encoders and the best
    strong encoder that is here, and their null controls. Prints the plan first, with what is
    missing. About eleven minutes on two cores. Stopped at any moment, the same command goes on.

    Example: w2s-mol reproduce --dry-run
    """
    from w2s_mol.reproduce.plan import make_plan

    plan = make_plan(mirror, offline)
    for number, step in enumerate(plan.steps, start=1):
        output.result(f"{number}. {step.what} -> {output_dir / step.name}")
    for gap in plan.gaps:
        output.result(f"Gap: {gap}")
    if dry_run:
        return
    from w2s_mol.encoders.devices import place_of
    from w2s_mol.reproduce.run import FIGURES, reproduce

    device = place_of(device)
    output.note(f"transformers run on {device}")
    with output.progress_bars() as progress:
        written = reproduce(
            output_dir,
            plan,
            device=device,
            mirror=mirror,
            offline=offline,
            progress=progress,
            announce=output.note,
        )
    output.note(f"figures in {output_dir / FIGURES}; open {written} in a browser.")
