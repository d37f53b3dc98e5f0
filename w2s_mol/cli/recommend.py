"""``w2s-mol recommend``: which supervisor, which use of it, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import Asked, Shown, of_rendering, together
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
    columns: options.Columns = None,
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
    from w2s_mol.numbers import Form

    given = options.given_runs(runs)
    found = advise(given, seed=seed)
    for text in unsaid(found, given):
        output.note(f"note: {text}.")
    if scores:
        _print_scores(list(scored(found, given)), form, Asked(columns))
        return
    if form != "table":
        output.print_rows(*rows.of_choices(found), form)
        return
    blocks: list[Shown | str] = []
    for advice in found:
        for errors, choice in zip(advice.group, advice.choices, strict=True):
            blocks += [of_rendering(rendered_uses(errors, Form.brief)), sentence(choice), ""]
        if len(advice.group) > 1:
            budgets = rendered_budgets(advice.group, advice.ranking, Form.brief)
            blocks += [of_rendering(budgets), ""]
    output.result(together([*blocks, what_uses_are()], Asked(columns)))


def _print_scores(found: list[Scored], form: str, asked: Asked) -> None:
    from w2s_mol.advice.scores import rendered_scores, rows_of_scores

    if form != "table":
        output.print_rows(*rows_of_scores(found), form)
        return
    tables = [of_rendering(rendered_scores(one)) for one in found]
    output.result(together([block for one in tables for block in (one, "")][:-1], asked))
