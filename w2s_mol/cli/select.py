"""``w2s-mol select``: the selection table of every study found in runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import LINES, Asked, Shown, of_rendering, text_of, within, wrapped
from w2s_mol.option import Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from w2s_mol.runs import FinishedRun
    from w2s_mol.selection.pairs import Pairs
    from w2s_mol.selection.tables import StudySelection

app = new_app()
_REST = ", results.csv or 'w2s-mol report'"


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
    columns: options.Columns = None,
    top: options.Top = None,
) -> None:
    """Say which weak supervisor to use.

    For each study the paper's Table 1: weak error - misfit beside the true error of the weakly
    supervised strong model, sorted, the pick marked. Below it, how well the rule ranks the
    supervisors, against baselines. Where several strong encoders had the same supervisors, which
    pair is best. Last, which use of which supervisor; 'w2s-mol recommend' says more.

    Example: w2s-mol select runs/lipop-molbert-paper-ridge --format latex
    """
    from w2s_mol.selection import formats
    from w2s_mol.selection.pairs import best_pairs
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
        _print(given, found, best_pairs(results, selector_split), Asked(columns, top))


def _print(
    given: Sequence[FinishedRun],
    found: Sequence[StudySelection],
    pairs: Sequence[Pairs],
    asked: Asked,
) -> None:
    from w2s_mol.advice.report import advised
    from w2s_mol.advice.wording import in_brief
    from w2s_mol.selection.brief import brief_pairs, scores_in_words
    from w2s_mol.study.groups import key_of

    studies = [_tables(selection, asked) for selection in found]
    of_pairs = [of_rendering(brief_pairs(one)) for one in pairs]
    asked.check(head for tables in [*studies, of_pairs] for one in tables for head in one.heads)
    advice = {
        key_of(choice.errors.keys): wrapped(in_brief(choice))
        for one in advised(given)
        for choice in one.choices
    }
    for place, (selection, (table, *others)) in enumerate(zip(found, studies, strict=True)):
        below = [f"\n{text_of(other, replace(asked, top=None))}" for other in others]
        scores = "" if len(others) > 1 else wrapped(scores_in_words(selection))
        said = advice.get(key_of(selection.keys), "")
        if words := "\n".join(filter(None, [scores, said])):
            below.append(f"\n{words}")
        text = within(LINES, table, "\n".join(below), asked)
        if asked.top is None and text.count("\n") >= LINES:
            text = text.replace("\n\n", "\n")
        output.result(f"\n{text}" if place else text)
    for table in of_pairs:
        output.result(f"\n{text_of(table, asked)}")


def _tables(selection: StudySelection, asked: Asked) -> list[Shown]:
    """Return the tables of one study, that of its supervisors first; that of scores if asked for.

    Scores have no room in so few lines.
    """
    from w2s_mol.selection.brief import brief_selectors, brief_table
    from w2s_mol.selection.rendering import rendered_scores

    supervisors = replace(of_rendering(brief_table(selection)), rest=_REST)
    scores = None if asked.top is None else rendered_scores(selection)
    selectors = of_rendering(brief_selectors(selection))
    return [supervisors, selectors, *([of_rendering(scores)] if scores else [])]
