"""``w2s-mol recommend``: which supervisor, which use of it, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.drawn import drawn
from w2s_mol.option import Option
from w2s_mol.settings_check import Seed

if TYPE_CHECKING:
    from w2s_mol.advice.scores import Scored

app = new_app()


@app.command()
def recommend(
    runs: options.Runs = None,
    seed: Annotated[Seed, Option("Of the bootstrap over molecules.")] = 0,
    scores: Annotated[
        bool,
        Option(
            "Print scores of every use on test instead: RMSE, MAE, R2 and Spearman; of classes "
            "ROC-AUC, average precision, accuracy, Brier and calibration."
        ),
    ] = False,
    form: options.Format = "table",
) -> None:
    """Say what to do with the supervisors of runs.

    For each study every use of a supervisor beside the plain alternatives: its labels as they
    are, the paper's student, delta, stack, both, and the strong encoder directly on the true
    labels that there are. Then in one sentence which supervisor and which use, chosen on
    validation alone, and whether it is better than direct on test. Where several numbers of
    labels were tried, errors against them, and what the supervisor is worth in true labels.

    Example: w2s-mol recommend runs/lipop-molbert-paper-ridge
    """
    from w2s_mol.advice import rows
    from w2s_mol.advice.report import advise
    from w2s_mol.advice.scores import scored
    from w2s_mol.advice.unsaid import unsaid
    from w2s_mol.advice.wording import rendered_budgets, rendered_uses, sentence, what_uses_are

    given = options.given_runs(runs)
    found = advise(given, seed=seed)
    for text in unsaid(found, given):
        output.note(f"note: {text}.")
    if scores:
        _print_scores(list(scored(found, given)), form)
        return
    if form != "table":
        output.print_rows(*rows.of_choices(found), form)
        return
    for advice in found:
        for errors, choice in zip(advice.group, advice.choices, strict=True):
            table = rendered_uses(errors)
            output.rich_result(drawn(table, before="\n"))
            output.result(table.note)
            output.result(sentence(choice))
        if len(advice.group) > 1:
            table = rendered_budgets(advice.group, advice.ranking)
            output.rich_result(drawn(table, before="\n"))
            output.result(table.note)
    output.result(f"\n{what_uses_are()}")


def _print_scores(found: list[Scored], form: str) -> None:
    from w2s_mol.advice.scores import rendered_scores, rows_of_scores

    if form != "table":
        output.print_rows(*rows_of_scores(found), form)
        return
    for scored in found:
        table = rendered_scores(scored)
        output.rich_result(drawn(table, before="\n"))
        output.result(table.note)
