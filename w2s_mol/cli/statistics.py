"""``w2s-mol statistics``: intervals, tests and null controls of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from w2s_mol.cli import options, output

if TYPE_CHECKING:
    import pandas as pd

    from w2s_mol.runs import FinishedRun

app = options.new_app()


@app.command()
def statistics(
    runs: options.Runs = None,
    what: Annotated[
        Literal["gain-misfit", "ranking", "controls"],
        typer.Option(
            help="gain-misfit: correlation, slope, slack and its parts; ranking: the selectors and "
            "paired tests between them; controls: which effects survive the null controls."
        ),
    ] = "gain-misfit",
    selector_split: Annotated[
        Literal["valid", "test"], typer.Option(help="The part that selectors are measured on.")
    ] = "valid",
    replicates: options.Replicates = 2000,
    seed: options.BootstrapSeed = 0,
    form: options.Format = "table",
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Say how sure the numbers of runs are: 95 % bootstrap intervals, paired over molecules.

    low and high are over molecules (or tasks); low_all and high_all over molecules, splits and
    pretraining seeds (or tasks and seeds).

    Example: w2s-mol statistics runs --what ranking
    """
    found = options.given_runs(runs)
    table = _table(found, what, selector_split, replicates, seed)
    columns = [str(column) for column in table.columns]
    rows = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    output.print_rows(columns, rows, form)


def _table(
    runs: list[FinishedRun], what: str, selector_split: str, replicates: int, seed: int
) -> pd.DataFrame:
    import pandas as pd

    from w2s_mol.errors import InputError
    from w2s_mol.statistics.cases import study_cases
    from w2s_mol.statistics.controls import control_table
    from w2s_mol.statistics.gain_misfit import gain_misfit_table, synthetic_table
    from w2s_mol.statistics.ranking import ranking_table

    studies = [run for run in runs if run.kind == "study"]
    cases = [c for r in studies for c in study_cases(r.table("results"), r.table("predictions"))]
    if what == "controls":
        table = control_table(cases, replicates, seed)
        if table.empty:
            raise InputError(
                "there is no study with a null control of its own among these runs. Make one: the "
                "same 'w2s-mol run' with --weak random, --strong self, --strong random-h256-l6-s0 "
                "or --shuffle-weak-labels."
            )
        return table.drop(columns=["effect", "control_study"])
    tables = []
    for case in cases:
        one = (
            gain_misfit_table(case, replicates, seed)
            if what == "gain-misfit"
            else ranking_table(case, selector_split, replicates, seed)
        )
        keys = {"dataset": str(case.keys["dataset"]), "strong": str(case.keys["strong"])}
        tables.append(_with_keys({**keys, "control": case.control}, one))
    if what == "gain-misfit":
        synthetic = [run for run in runs if run.kind == "synthetic"]
        tables += [synthetic_table(run.table("results"), replicates, seed) for run in synthetic]
    if not tables:
        raise InputError("these runs are synthetic: there are no supervisors to rank.")
    return pd.concat(tables, ignore_index=True).drop(columns=["what"])


def _with_keys(keys: dict[str, str], table: pd.DataFrame) -> pd.DataFrame:
    for place, (name, value) in enumerate(keys.items()):
        table.insert(place, name, value)
    return table
