"""The selection for a terminal: short heads, three digits, and one line that says what heads are.

The report and LaTeX draw what is in ``rendering``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from w2s_mol.numbers import Form
from w2s_mol.selection.pairs import Pairs
from w2s_mol.selection.rendering import (
    CORRELATION,
    PART_WORDS,
    Rendering,
    in_short,
    rendered_pairs,
    rendered_table,
    too_good,
)
from w2s_mol.selection.scores import MODELS
from w2s_mol.selection.tables import UNLABELLED, StudySelection
from w2s_mol.study.groups import NO_CONTROL

_SCORE = Form(decimals=3, rounding=1.0)
_GAIN = "gain"
_HIDDEN = "hidden"
_POOLING = "mean+pooled"
_SELECTORS = {
    "bound": "least bound",
    UNLABELLED: "least bound, unlabelled",
    "weak_error": "least weak error",
    "hidden": "largest hidden",
    "random": "a random pick",
}
"""What selectors are called beside a table that says what bound is; the oracle is in that."""


def brief_table(selection: StudySelection) -> Rendering:
    """Return the paper's selection table of one study."""
    table, task = selection.table, selection.task
    headline = task.headline_of("w2s")
    errors = Form.brief(table["w2s_error_mean"])
    forms = dict.fromkeys(("bound", "w2s_error", "gain"), errors)
    forms |= dict.fromkeys(headline, _SCORE)
    whole = rendered_table(selection)
    spread = selection.n_splits > 1
    rows = tuple(
        (
            *reversed(words[:2]),
            *(_with_spread(form, row[f"{n}_mean"], row[f"{n}_std"]) for n, form in forms.items()),
            words[-1],
        )
        for words, row in zip(whole.rows, table.to_dict(orient="records"), strict=True)
    )
    seen, words = PART_WORDS[selection.selector_split], task.words
    bound, true_error = f"bound ({selection.selector_split})", words("w2s_error")
    scores = [words(name) for name in headline]
    splits = f"± over {selection.n_splits} splits" if spread else "one distinct split"
    whose = f", {' and '.join(scores)}" if scores else ""
    return Rendering(
        title=f"{_study(selection)}: {len(table):,} supervisors",
        columns=("weak encoder", _HIDDEN, bound, true_error, _GAIN, *scores, ""),
        rows=rows,
        numeric=frozenset(range(1, 2 + len(forms))),
        pick=whole.pick,
        note=f"Bound: {words('bound')} on {seen}. {true_error.capitalize()}{whose}: of strong on "
        f"test. Gain: {task.term('gain').what}. In {task.error_unit(selection.unit)}, {splits}."
        f"{too_good(selection)}",
        goes=(_HIDDEN, _GAIN, *scores, bound),
        kept=frozenset(
            place for place, row in enumerate(zip(table["picked"], table["oracle"], strict=True))
            if any(row)
        ),
    )  # fmt: skip


def brief_selectors(selection: StudySelection) -> Rendering:
    """Return how the paper's rule and the baselines rank the supervisors of one study."""
    task = selection.task
    table = selection.selectors[selection.selectors["selector"] != "oracle"]
    form = Form.brief(selection.table["w2s_error_mean"])
    scores = [name for of in task.headline_of("w2s") for name in (of, f"regret_{task.headline}")]
    titles = [*(task.words(name) for name in task.headline_of("w2s")), "its regret"]
    rows = [
        (
            _SELECTORS[str(row["selector"])],
            _first_of(str(row["picks"])),
            *(form.number(row[name]) for name in ("w2s_error", "regret")),
            *(_SCORE.number(row[name]) for name in scores),
            *(CORRELATION.number(row[name]) for name in ("spearman", "kendall")),
        )
        for row in table.to_dict(orient="records")
    ]
    columns = (
        "selector", "picks", task.words("w2s_error"), "regret", *(titles if scores else []),
        "Spearman", "Kendall",
    )  # fmt: skip
    return Rendering(
        title="",
        columns=columns,
        rows=tuple(rows),
        numeric=frozenset(range(2, len(columns))),
        goes=("Kendall", *reversed(titles if scores else []), "picks"),
    )


def scores_in_words(selection: StudySelection) -> str:
    """Say the score that readers look for of supervisors, students and ceiling; empty if none."""
    table = selection.scores
    if table.empty:
        return ""
    row = table[table["score"] == selection.task.headline].iloc[0]
    form = _SCORE
    models = zip(MODELS, ("weak", "student", "direct", "ceiling"), strict=True)
    numbers = ", ".join(f"{words} {form.number(row[model])}" for model, words in models)
    no_gap = ", ".join(map(str, table["words"][table["no_gap"]]))
    said = f" No gap to recover by {no_gap}: there the ceiling is no better." if no_gap else ""
    return f"{row['words']} on test, mean: {numbers}.{said}"


def brief_pairs(pairs: Pairs) -> Rendering:
    """Return which supervisor and student to use."""
    whole = rendered_pairs(pairs)
    table, form = pairs.table, Form.brief(pairs.table["w2s_error_mean"])
    seen, words = PART_WORDS[pairs.selector_split], pairs.task.words("w2s_error")
    rows = tuple(
        (
            *texts[:2],
            *(_with_spread(form, row[f"{n}_mean"], row[f"{n}_std"]) for n in ("seen", "w2s_error")),
            texts[-1],
        )
        for texts, row in zip(whole.rows, table.to_dict(orient="records"), strict=True)
    )
    return replace(
        whole,
        title=f"{pairs.dataset}: which strong encoder",
        columns=("strong", "weak encoder", seen, "test", ""),
        rows=rows,
        note=f"{words.capitalize()} of strong, under the supervisor that is best for it. "
        f"{whole.note}",
        goes=("test",),
    )


def _with_spread(form: Form, mean: float, std: float) -> str:
    """Return ``mean ± std``, both to the same decimal: a spread may be told as zero."""
    if form.exponent is not None or not (math.isfinite(mean) and math.isfinite(std)):
        return form.plus_minus(mean, std)
    return f"{form.number(mean)} ± {std:.{form.decimals}f}"


def _first_of(picks: str) -> str:
    """Return who is picked: of several that tie the first, and how many more there are."""
    first, *others = picks.split(", ")
    return f"{first} +{len(others)}" if others else first


def _study(selection: StudySelection) -> str:
    """Return what tells a study from its neighbours: what is not as usual."""
    keys: dict[str, Any] = dict(selection.keys)
    pooling = "" if keys["pooling"] == _POOLING else f", pooling {keys['pooling']}"
    seed = "" if str(keys["study_seed"]) == "0" else f", seed {keys['study_seed']}"
    control = "" if selection.control == NO_CONTROL else f" (null control: {selection.control})"
    return f"{in_short(keys)}{pooling}{seed}{control}"
