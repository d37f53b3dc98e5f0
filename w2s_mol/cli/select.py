"""``w2s-mol select``: the selection table of every study found in runs."""

from __future__ import annotations

from typing import Annotated, Literal

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.drawn import drawn
from w2s_mol.option import Option

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
    supervisors, against baselines. Where several strong encoders had the same supervisors, which
    pair is best. Last, which use of which supervisor; 'w2s-mol recommend' says more.

    Example: w2s-mol select runs/lipop-molbert-paper-ridge --format latex
    """
    from w2s_mol.advice.report import advised
    from w2s_mol.advice.wording import sentence
    from w2s_mol.selection import formats
    from w2s_mol.selection.pairs import best_pairs
    from w2s_mol.selection.rendering import (
        rendered_pairs,
        rendered_scores,
        rendered_selectors,
        rendered_table,
    )
    from w2s_mol.selection.tables import selection_table, selections, studies_of

    given = options.given_runs(runs)
    results = studies_of(given)
    if form == "csv":
        output.result(selection_table(results, selector_split).to_csv(index=False).rstrip("\n"))
        return
    found = list(selections(results, selector_split))
    if form == "json":
        output.result(formats.as_json(found, best_pairs(results, selector_split)))
    elif form == "latex":
        output.result(formats.as_latex(found))
    else:
        for selection in found:
            table = rendered_table(selection)
            output.rich_result(drawn(table, before="\n"))
            output.result(table.note)
            output.rich_result(drawn(rendered_selectors(selection)))
            if scores := rendered_scores(selection):
                output.rich_result(drawn(scores))
                output.result(scores.note)
        for pairs in best_pairs(results, selector_split):
            table = rendered_pairs(pairs)
            output.rich_result(drawn(table, before="\n"))
            output.result(table.note)
        for advice in advised(given):
            for choice in advice.choices:
                output.result("\n" + sentence(choice))
