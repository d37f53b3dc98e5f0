"""``w2s-mol select``: the selection table of every study found in runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from rich.table import Table

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.option import Option

if TYPE_CHECKING:
    from w2s_mol.selection.tables import StudySelection

app = new_app()


@app.command()
def select(
    runs: options.Runs = None,
    selector_split: Annotated[
        Literal["valid", "val", "test"],
        Option(
            help="valid or val: the rule sees validation molecules, the honest use; test: both are "
            "measured on test, the paper's way."
        ),
    ] = "valid",
    form: Annotated[
        Literal["table", "json", "csv", "latex"],
        Option("How to print the tables.", long="--format"),
    ] = "table",
) -> None:
    """Say which weak supervisor to use.

    For each study the paper's Table 1: weak error - misfit beside the true error of the weakly
    supervised strong model, sorted, the pick marked. Below it, how well the rule ranks the
    supervisors, against baselines.

    Example: w2s-mol select runs/lipop-molbert-paper-ridge --format latex
    """
    from w2s_mol.selection import formats
    from w2s_mol.selection.tables import selection_table, selections, studies_of

    results = studies_of(options.given_runs(runs))
    if form == "csv":
        output.result(selection_table(results, selector_split).to_csv(index=False).rstrip("\n"))
        return
    found = list(selections(results, selector_split))
    if form == "json":
        output.result(formats.as_json(found))
    elif form == "latex":
        output.result(formats.as_latex(found))
    else:
        for selection in found:
            _print(selection)


def _print(selection: StudySelection) -> None:
    import pandas as pd

    from w2s_mol.numbers import squared
    from w2s_mol.selection.formats import column_forms
    from w2s_mol.selection.tables import supervisor_names
    from w2s_mol.study.results import NO_CONTROL

    keys = selection.keys
    heading = (
        f"\n{keys['dataset']}: strong {keys['strong']}, protocol {keys['protocol']}, head "
        f"{keys['head']}, pooling {keys['pooling']}, seed {keys['study_seed']}"
        + ("" if selection.control == NO_CONTROL else f" (null control: {selection.control})")
    )
    where = "validation" if selection.selector_split == "valid" else "test"
    table = Table(title=heading, title_justify="left", title_style="bold")
    table.add_column("hidden", justify="right")
    table.add_column("weak encoder")
    table.add_column(f"weak error - misfit ({where})", justify="right")
    table.add_column("true error of strong (test)", justify="right")
    table.add_column("gain (test)", justify="right")
    table.add_column("")
    forms = column_forms(selection.table)
    rows = selection.table.assign(name=supervisor_names(selection.table), marks=selection.marks())
    for row in rows.to_dict(orient="records"):
        table.add_row(
            str(row["hidden"]) if pd.notna(row["hidden"]) else "",
            row["name"],
            *(form.plus_minus(row[f"{n}_mean"], row[f"{n}_std"]) for n, form in forms.items()),
            f" <- {row['marks']}" if row["marks"] else "",
            style="bold" if row["picked"] else None,
        )
    output.rich_result(table)
    spread = (
        f"mean ± standard deviation (n - 1) over {selection.n_splits} splits"
        if selection.n_splits > 1
        else "one distinct split, so no spread"
    )
    output.result(f"In {squared(selection.unit)}; {spread}; gain = weak error - true error.")
    output.rich_result(_selector_table(selection))


def _selector_table(selection: StudySelection) -> Table:
    from w2s_mol.numbers import Form

    table = Table(title="How the selectors rank", title_justify="left", title_style="bold")
    for name in ("selector", "picks"):
        table.add_column(name)
    for name in ("true error", "regret", "Spearman", "Kendall"):
        table.add_column(name, justify="right")
    form = Form.of(selection.selectors["w2s_error"])
    for row in selection.selectors.to_dict(orient="records"):
        table.add_row(
            row["what"],
            row["picks"],
            *(form.number(row[name]) for name in ("w2s_error", "regret")),
            *("n/a" if row[n] != row[n] else f"{row[n]:.2f}" for n in ("spearman", "kendall")),
        )
    return table
