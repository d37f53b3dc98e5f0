"""The report's tables, each from one tidy table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from w2s_mol.numbers import Form, Written, signed
from w2s_mol.report.blocks import Table, by_name
from w2s_mol.report.paper import EXPECTED_SLOPE, TABLE_1
from w2s_mol.selection.pairs import Pairs
from w2s_mol.selection.rendering import (
    Rendering,
    column_forms,
    in_short,
    left_out,
    rendered_pairs,
    rendered_scores,
    rendered_table,
)
from w2s_mol.selection.tables import StudySelection
from w2s_mol.statistics.cases import Cases
from w2s_mol.statistics.gain_misfit import FEWEST_SEEDS, synthetic_summary
from w2s_mol.statistics.ranking import NOISE_CEILING
from w2s_mol.study.groups import NO_CONTROL
from w2s_mol.tasks.contract import Task

_SMALLEST_P = 0.001
_REGRET = "regret"
_RANK = Form(decimals=2, rounding=1.0)
"""A rank correlation near zero counts as zero, unlike a small error."""
_MEASURES = {
    "spearman": "Spearman",
    "kendall": "Kendall",
    "kendall_seeds": "Kendall between seeds of one size",
    "regret": "regret",
}
_OF_HEADLINE = {"spearman": "Spearman with", "regret": "regret in"}


def selection(found: StudySelection, study: str) -> Table:
    """Return the paper's selection table of one study."""
    rendered = rendered_table(found, found.table["weak"])
    picked = frozenset() if rendered.pick is None else frozenset({rendered.pick})
    # The first column stays in sight where a table is wider than its page.
    columns, *rows = ([name, hidden, *rest] for hidden, name, *rest in
                      (rendered.columns, *rendered.rows))  # fmt: skip
    return Table(
        "Which weak supervisor",
        _headed(columns),
        rows,
        (study,),
        rendered.short_note,
        picked,
    )


def scores(found: StudySelection, study: str) -> list[Table]:
    """Return the scores of supervisors, students, direct and ceiling, where the task has any."""
    rendered = rendered_scores(found)
    return [] if rendered is None else [of_rendering(rendered, study)]


def students(found: Pairs, study: str) -> Table:
    """Return which student to use, where several had the same supervisors."""
    return of_rendering(rendered_pairs(found), study)


def of_rendering(rendered: Rendering, study: str) -> Table:
    """Return a table that the terminal shows too."""
    picked = frozenset() if rendered.pick is None else frozenset({rendered.pick})
    rows = [list(row) for row in rendered.rows]
    columns = _headed(rendered.columns)
    return Table(rendered.title, columns, rows, (study,), rendered.note, picked)


def _headed(columns: Sequence[str]) -> list[str]:
    """Return columns whose heads can be pointed at: that of the marks has none in a terminal."""
    return [column or "mark" for column in columns]


def beside_the_paper(found: StudySelection, study: str) -> Table:
    """Return the paper's Table 1 with our rows of the same hidden sizes, selected on test."""
    sized = found.finite.dropna(subset=["hidden"])
    means = ["bound_mean", "bound_std", "w2s_error_mean", "w2s_error_std"]
    ours = by_name(sized.groupby("hidden")[means].mean().reset_index(), "hidden")
    several = len(sized) > len(ours)
    rows, forms, theirs_form = [], column_forms(found), Form()
    for printed in TABLE_1:
        mine = ours.get(str(printed.hidden))
        rows.append(
            [
                str(printed.hidden),
                theirs_form.plus_minus(printed.bound, printed.bound_std),
                theirs_form.plus_minus(printed.true_error, printed.true_error_std),
                *(
                    forms[n].plus_minus(mine[f"{n}_mean"], mine[f"{n}_std"]) if mine else ""
                    for n in ("bound", "w2s_error")
                ),
            ]
        )
    both = [p for p in TABLE_1 if str(p.hidden) in ours]
    theirs = pd.Series([p.true_error for p in both])
    here = pd.Series([float(ours[str(p.hidden)]["w2s_error_mean"]) for p in both])
    agreement = (
        f" Rank correlation of the two columns of true errors: {theirs.corr(here, 'spearman'):.2f}."
        if len(both) > 2
        else ""
    )
    words = [found.task.words(name) for name in ("bound", "w2s_error")]
    columns = ["hidden", *(f"{where}: {word}" for where in ("paper", "here") for word in words)]
    note = (
        "All on test molecules, the paper's way, unlike the table above. The paper's strong "
        "encoder is MolBERT and its weak encoders saw 1.27 million molecules twice; here the "
        f"strong encoder is {found.keys['strong']}, and what the weak ones saw is in their model "
        f"cards.{' Means over several pretraining seeds.' if several else ''}{agreement}"
    )
    return Table("Table 1 of the paper beside ours", columns, rows, (study,), note)


def selectors(ranking: pd.DataFrame, found: StudySelection, cases: Cases) -> Table:
    """Return how each selector ranks, with intervals, and how the paper's rule differs from it."""
    scored = by_name(found.selectors, "selector")
    called = {**_MEASURES, **_of_headline(cases.task)}
    shown = [measure for measure in called if measure in set(ranking["measure"])]
    rows = []
    for name, measures in ranking.groupby("selector", sort=False):
        by = by_name(measures, "measure")
        ceiling = name == NOISE_CEILING
        rows.append(
            [
                by["spearman"]["what"],
                "" if ceiling else scored[str(name)]["picks"],
                *(_measure(by[measure]) if measure in by else "" for measure in shown),
                *_difference(by["spearman"]),
            ]
        )
    random = scored["random"]
    regrets = [_regret(random[m]) if m.startswith(_REGRET) else "" for m in shown]
    rows.append([random["what"], "any", *regrets, "", ""])
    columns = ["selector", "picks", *(called[measure] for measure in shown)]
    columns += ["Spearman of the rule minus this", "p (Holm)"]
    note = (
        "What selectors make of the validation molecules against true errors. Before the brackets "
        "the value against the errors that the test molecules show; in brackets the 95 % interval "
        "of that against true errors, freed of the test molecules' noise, which lowers rank "
        "correlations and raises regrets: it may lie beside the value. "
        f"{_why(ranking)}p: that the difference from the paper's rule is none, corrected for the "
        "number of selectors."
    )
    if NOISE_CEILING in set(ranking["selector"]):
        note += (
            " True errors, if they were known: what they would score against those that the test "
            "molecules show; no rule can be expected to score more here."
        )
    note += left_out(cases.left_out)
    if "kendall_seeds" in shown:
        note += (
            f" {_MEASURES['kendall_seeds']}: over pairs of supervisors of one family and "
            "hidden size, which have other pretraining seeds."
        )
    title = f"How the selectors rank: {_of(cases)}"
    return Table(title, columns, rows, (cases.study,), note, frozenset({0}))


def _of_headline(task: Task) -> dict[str, str]:
    """Return measures by the score that readers look for, and what they are called."""
    score = next((one.words for one in task.scores if one.name == task.headline), "")
    return {f"{m}_{task.headline}": f"{w} {score}" for m, w in _OF_HEADLINE.items() if score}


def _p(value: float) -> str:
    if value != value:
        return ""
    text = "< 0.001" if value < _SMALLEST_P else f"{value:.3f}"
    return Written.of(text, value, f"{value:.4g}")


def _regret(value: float) -> str:
    return Form.of([value], 2, 2).number(value)


def _measure(row: dict[str, Any]) -> str:
    if not row["measure"].startswith(_REGRET):
        return _RANK.with_interval(row["observed"], row["low"], row["high"])
    return _with_interval(row["observed"], row["low"], row["high"])


def _why(rows: pd.DataFrame) -> str:
    """Say why some statistics have no interval, each reason once."""
    reasons = [why for why in dict.fromkeys(rows["why_none"]) if why]
    return "".join(f"No interval where {why}. " for why in reasons)


def _of(cases: Cases) -> str:
    control = "" if cases.control == NO_CONTROL else f" (control: {cases.control})"
    return in_short(cases.keys) + control


def _difference(row: dict[str, Any]) -> list[str]:
    if pd.isna(row["rule_minus_this"]):
        return ["", ""]
    low, high = row["difference_low"], row["difference_high"]
    return [_RANK.with_interval(row["rule_minus_this"], low, high), _p(row["p_holm"])]


def statistics(found: pd.DataFrame, cases: Cases) -> Table:
    """Return how gain goes with misfit in one study."""
    rows = []
    for row in found.to_dict(orient="records"):
        form = Form.of([row["observed"], row["low"], row["high"]], 3, 2)
        interval = (
            f"none: {row['why_none']}"
            if row["why_none"]
            else form.interval(row["low"], row["high"])
        )
        numbers = (form.number(row[name]) for name in ("observed", "estimate"))
        rows.append([row["what"], *numbers, interval])
    unit = cases.task.error_unit(cases.unit)
    gain, misfit = cases.leverage("gain"), cases.leverage("misfit")
    columns = ["statistic (test)", "as measured", "estimate", "95 % interval"]
    note = (
        f"{len(cases.supervisors)} supervisors, means over {len(cases.splits)} splits. Gains, "
        f"misfits and slacks in {unit}. Estimates of correlation, slope, median and shares are "
        "freed of the test molecules' noise, which hides how gain goes with misfit. Intervals are "
        "about these supervisors, on other molecules to learn from and to measure on"
        f"{_by_kin(cases)}; what they hold by simulation is in docs/statistics.md. {_size(cases)} "
        f"The largest share of one molecule is {gain:.0%} of the gains and {misfit:.0%} of the "
        f"misfits.{left_out(cases.left_out)}"
    )
    return Table(f"Gain and misfit: {_of(cases)}", columns, rows, (cases.study,), note)


def _by_kin(cases: Cases) -> str:
    return "" if cases.kin is None else " (molecules of one scaffold count as one: they err alike)"


def _size(cases: Cases) -> str:
    return f"The smallest test part has {min(cases.sizes('test'))} molecules."


def _with_interval(estimate: float, low: float, high: float) -> str:
    return Form.of([estimate, low, high], 2, 2).with_interval(estimate, low, high)


def synthetic_means(results: pd.DataFrame, study: str) -> Table:
    """Return the mean errors of every synthetic experiment."""
    summary = synthetic_summary(results)
    shown = ["weak_error", "w2s_error", "ceiling_error", "misfit", "gain"]
    pairs = by_name(results.drop_duplicates("experiment"), "experiment")
    rows = [
        [
            row["figure"],
            row["experiment"],
            pairs[row["experiment"]]["weak"],
            pairs[row["experiment"]]["strong"],
            *(Form.of([row[name]], 2, 2).number(row[name]) for name in shown),
        ]
        for row in summary.to_dict(orient="records")
    ]
    columns = ["figure", "experiment", "weak", "strong", *(n.replace("_", " ") for n in shown)]
    return Table("Mean errors", columns, rows, (study,), "Means over finetuning tasks and seeds.")


def synthetic_statistics(found: pd.DataFrame, results: pd.DataFrame, study: str) -> Table:
    """Return how gain goes with misfit in every synthetic experiment."""
    shown = ["slope", "correlation", "share_slack"]
    shown += ["mean_slack", "mean_slack_projection", "mean_slack_epsilon"]
    rows = []
    for name, measures in found.groupby("experiment", sort=False):
        by = by_name(measures, "statistic")
        cells = [by[m] for m in shown]
        expected = f"{EXPECTED_SLOPE[str(name)]:+.0f}"
        intervals = [_with_interval(c["estimate"], c["low"], c["high"]) for c in cells]
        slope = by["slope"]
        each = f"{signed(slope['lowest'])} to {signed(slope['highest'])}"
        rows.append([slope["panel"], str(name), expected, intervals[0], each, *intervals[1:]])
    columns = ["figure", "experiment", "line in the paper", "slope", "of each seed", "correlation"]
    columns += ["share slack >= 0", "mean slack", "of it, projection", "of it, epsilon"]
    seeds = len(set(results["seed"]))
    over = (
        f"the mean over {seeds} seeds (Student)"
        if seeds >= FEWEST_SEEDS
        else f"tasks (bootstrap; {seeds} seed{'s'[: seeds - 1]}, nothing is said of others)"
    )
    cases = len(results) // max(1, len(set(results["experiment"])))
    note = (
        f"Slope and correlation of gain on misfit over {cases // seeds} tasks of each seed; 95 % "
        f"intervals of {over}. The paper prints no slopes: +1 and -1 are the lines that its "
        "points follow."
    )
    return Table("Gain and misfit", columns, rows, (study,), note)


def over_datasets(found: pd.DataFrame, names: Sequence[str]) -> Table:
    """Return what several datasets together say of the same study."""
    form = Form.of([*found["estimate"], *found["low"], *found["high"]], 2, 2)
    rows = [
        [
            row["what"],
            str(row["datasets"]),
            str(row["above"]),
            form.with_interval(row["estimate"], row["low"], row["high"]),
            form.number(row["between"]),
            _p(row["p_holm"]),
        ]
        for row in found.to_dict(orient="records")
    ]
    columns = [
        "claim",
        "datasets",
        "above zero",
        "mean over datasets",
        "spread between",
        "p (Holm)",
    ]
    note = (
        f"Random effects over {', '.join(names)}: the mean over datasets like these, with its 95 % "
        "interval (Hartung and Knapp), and the standard deviation between true effects. p: that "
        "the mean is zero, corrected for the number of claims."
    )
    return Table(f"All datasets together: {found['study'].iloc[0]}", columns, rows, (), note)


def control_in_words(control: str, which: str) -> str:
    """Return a control's name, and which of its kind it is."""
    return f"{control} ({which})" if which else control


def controls(rows: pd.DataFrame) -> Table:
    """Return one study's effects beside those of its controls."""
    first = rows.iloc[0]
    cells = [
        [
            control_in_words(row["control"], row["which"]),
            row["what"],
            _with_interval(row["estimate"], row["low"], row["high"]),
            _with_interval(row["control_estimate"], row["control_low"], row["control_high"]),
            _with_interval(row["difference"], row["difference_low"], row["difference_high"]),
            _p(row["p_holm"]),
            row["verdict"],
        ]
        for row in rows.to_dict(orient="records")
    ]
    columns = ["control", "effect", "study", "control's", "difference", "p (Holm)", "verdict"]
    ids = dict.fromkeys([first["study"], *rows["control_study"]])
    return Table(in_short(first), columns, cells, tuple(map(str, ids)))
