"""``w2s-mol statistics``: intervals, tests and null controls of runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import Asked, Shown, together
from w2s_mol.errors import InputError
from w2s_mol.option import Option

if TYPE_CHECKING:
    import pandas as pd

    from w2s_mol.report.blocks import Table
    from w2s_mol.runs import FinishedRun
    from w2s_mol.statistics.cases import Cases

app = new_app()

_HEADS = {
    "statistic (test)": "statistic",
    "as measured": "measured",
    "Kendall between seeds of one size": "seeds",
    "Spearman of the rule minus this": "rule - this",
    "p (Holm)": "p",
    "mean over datasets": "mean",
    "spread between": "spread",
    "line in the paper": "paper",
    "share slack >= 0": "slack share",
    "of it, projection": "projection",
    "of it, epsilon": "epsilon",
}
"""What a terminal calls columns of the report's tables."""
_EXPLAINED = frozenset(
    {
        "Kendall between seeds of one size",
        "Spearman of the rule minus this",
        "line in the paper",
        "share slack >= 0",
        "of it, projection",
        "of it, epsilon",
    }
)
_GOES = (
    "seeds", "Kendall", "Spearman with ROC-AUC", "regret in ROC-AUC", "picks", "p", "regret",
    "rule - this", "measured", "control's", "study", "above zero", "datasets", "spread", "figure",
    "epsilon", "projection", "mean slack", "slack share", "of each seed", "paper", "correlation",
)  # fmt: skip
"""What a narrow terminal can do without, in the order in which it goes."""

_NO_CONTROL = (
    "there is no study with a null control of its own among these runs. Make one: the same "
    "'w2s-mol run' with --weak random, --strong peer, --strong self, --strong random-h256-l6-s0 "
    "or --shuffle-weak-labels."
)


@app.command()
def statistics(
    runs: options.Runs = None,
    what: Annotated[
        Literal["gain-misfit", "ranking", "controls", "datasets"],
        Option(
            help="gain-misfit: correlation, slope, slack and its parts; ranking: the selectors and "
            "paired tests between them; controls: which effects survive the null controls; "
            "datasets: what three datasets and more say together."
        ),
    ] = "gain-misfit",
    replicates: options.Replicates = 2000,
    seed: options.BootstrapSeed = 0,
    form: options.Format = "table",
    columns: options.Columns = None,
) -> None:
    """Say how sure the numbers of runs are: 95 % intervals that hold what they claim.

    They are about the same supervisors on other molecules. As JSON and CSV, observed is as the
    test molecules have it, estimate is freed of their noise, why_none says why there is no
    interval.

    Example: w2s-mol statistics runs --what ranking
    """
    import pandas as pd

    found = options.given_runs(runs)
    studies = [run for run in found if run.kind == "study"]
    cases = [case for run in studies for case in _cases(run)]
    pairs = {
        "gain-misfit": lambda: _gain_misfit(found, cases, replicates, seed),
        "ranking": lambda: _ranking(studies, cases, replicates, seed),
        "controls": lambda: _controls(cases, replicates, seed),
        "datasets": lambda: _datasets(cases),
    }[what]()
    if form == "table":
        times = Counter(table.title for _, table in pairs)
        blocks: list[Shown | str] = []
        for _, table in pairs:
            of_run = f" (run {table.runs[0]})" if times[table.title] > 1 else ""
            blocks += [_shown(table, table.title + of_run), ""]
        output.result(together(blocks[:-1], Asked(columns)))
        return
    for case in cases:
        for name in case.left_out:
            output.note(
                f"note: {name} is left out of {case.keys['dataset']}: its errors are not finite."
            )
    tidy = pd.concat([frame for frame, _ in pairs], ignore_index=True)
    rows = tidy.astype(object).where(tidy.notna(), None).to_numpy().tolist()
    output.print_rows([str(column) for column in tidy.columns], rows, form)


def _shown(table: Table, title: str) -> Shown:
    """Return a table of the report with the heads that a terminal has room for."""
    short = {head: _HEADS[head] for head in table.columns if head in _HEADS}
    explained = "; ".join(f"{name}: {head}" for head, name in short.items() if head in _EXPLAINED)
    heads = tuple(short.get(head, head) for head in table.columns)
    return Shown(
        title=title,
        heads=heads,
        rows=tuple(map(tuple, table.rows)),
        numeric=frozenset(place for place in range(len(heads)) if table.numeric(place)),
        goes=tuple(head for head in _GOES if head in heads),
        note=" ".join(
            filter(
                None, [f"{explained[:1].upper()}{explained[1:]}." if explained else "", table.note]
            )
        ),
    )


def _cases(run: FinishedRun) -> list[Cases]:
    from w2s_mol.statistics.cases import study_cases
    from w2s_mol.study.prediction_tables import read_predictions

    return list(study_cases(run.table("results"), read_predictions(run)))


def _gain_misfit(
    runs: list[FinishedRun], cases: list[Cases], replicates: int, seed: int
) -> list[tuple[pd.DataFrame, Table]]:
    from w2s_mol.report import tables
    from w2s_mol.statistics.gain_misfit import gain_misfit_table, synthetic_table

    pairs = []
    for case in cases:
        found = gain_misfit_table(case, replicates, seed)
        pairs.append((_named(case, found), tables.statistics(found, case)))
    for run in runs:
        if run.kind == "synthetic":
            results = run.table("results")
            found = synthetic_table(results, replicates, seed)
            pairs.append((found, tables.synthetic_statistics(found, results, run.id)))
    return pairs


def _ranking(
    studies: list[FinishedRun], cases: list[Cases], replicates: int, seed: int
) -> list[tuple[pd.DataFrame, Table]]:
    from w2s_mol.report import tables
    from w2s_mol.selection.tables import selections
    from w2s_mol.statistics.ranking import ranking_table

    if not studies:
        raise InputError("these runs are synthetic: there are no supervisors to rank.")
    pairs = []
    chosen = [selection for run in studies for selection in selections(run.table("results"))]
    for case, selection in zip(cases, chosen, strict=True):
        found = ranking_table(case, "valid", replicates, seed)
        pairs.append((_named(case, found), tables.selectors(found, selection, case)))
    return pairs


def _controls(cases: list[Cases], replicates: int, seed: int) -> list[tuple[pd.DataFrame, Table]]:
    from w2s_mol.report import tables
    from w2s_mol.statistics.controls import control_table

    found = control_table(cases, replicates, seed)
    if found.empty:
        raise InputError(_NO_CONTROL)
    groups = found.groupby(["dataset", "study"], sort=False)
    return [(rows, tables.controls(rows)) for _, rows in groups]


def _datasets(cases: list[Cases]) -> list[tuple[pd.DataFrame, Table]]:
    from w2s_mol.report import tables
    from w2s_mol.statistics.datasets import FEWEST, over_datasets, study_claims

    claims = study_claims(cases)
    found = over_datasets(claims)
    if found.empty:
        raise InputError(
            f"no study has intervals on {FEWEST} datasets or more. Give runs of the same "
            "supervisors and student on several datasets, or one run with several --dataset; "
            "--what gain-misfit says why one has none."
        )
    names = {group: list(dict.fromkeys(r["dataset"])) for group, r in claims.groupby("group")}
    return [
        (rows, tables.over_datasets(rows, names[group]))
        for group, rows in found.groupby("group", sort=False)
    ]


def _named(case: Cases, table: pd.DataFrame) -> pd.DataFrame:
    """Put what the case is of before a tidy table."""
    keys = {"dataset": str(case.keys["dataset"]), "strong": str(case.keys["strong"])}
    return table.assign(**keys, control=case.control, study=case.study)
