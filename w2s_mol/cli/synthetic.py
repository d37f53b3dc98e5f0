"""``w2s-mol synthetic``: the paper's synthetic experiments into a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import Asked
from w2s_mol.synthetic.config import SyntheticConfig

if TYPE_CHECKING:
    import pandas as pd

app = new_app()
_GOES = ("slack", "correlation", "ceiling", "gain", "figure")


@app.command()
def synthetic(
    settings: SyntheticConfig,
    output_dir: Annotated[
        Path | None,
        options.output_dir("The run folder. Default: runs/, named by what is not the default."),
    ] = None,
    form: options.Format = "table",
    columns: options.Columns = None,
) -> None:
    """Run the synthetic experiments of Charikar et al. 2024 (sections 5.1, 5.3, appendix C).

    x is normal, h* a random MLP, tasks are random functions of h*(x). A weak representation's
    head is fitted to the truth, a strong one's to the weak head's labels. All of the paper's
    constants are the defaults. Stopped at any moment, the same command goes on.

    Example: w2s-mol synthetic --experiment realizable --seed 0 --seed 1
    """
    from w2s_mol.cli.folders import synthetic_folder
    from w2s_mol.synthetic.run import run_synthetic

    folder = output_dir or synthetic_folder(settings)
    with output.progress_bars() as progress:
        found = run_synthetic(settings, output_dir=folder, progress=progress)
    for name in found.mended:
        output.note(f"note: {folder / name} was lost or damaged; it is written again.")
    if not found.computed:
        output.note(f"{folder} holds this run, finished; nothing was computed again.")
    _print_summary(found.tables["results"], form, Asked(columns))
    output.note(f"written to {folder}. Next: w2s-mol report {folder}")


def _print_summary(results: pd.DataFrame, form: str, asked: Asked) -> None:
    from w2s_mol.statistics.gain_misfit import synthetic_summary

    table = synthetic_summary(results)
    title = ""
    if form == "table":
        table = table.rename(columns=lambda name: name.removesuffix("_error").removesuffix(">=0"))
        title = (
            "Mean errors over tasks; correlation and slope of gain on misfit; slack: the share of "
            "tasks where it is >= 0"
        )
    heads = list(map(str, table.columns))
    rows = table.to_numpy().tolist()
    output.print_rows(heads, rows, form, title, goes=_GOES, asked=asked)
