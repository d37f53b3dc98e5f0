"""The selection as JSON, CSV or LaTeX text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from w2s_mol.selection.pairs import Pairs
from w2s_mol.selection.rendering import rendered_table
from w2s_mol.selection.tables import StudySelection, full_names


def as_json(selections: Iterable[StudySelection], pairs: Sequence[Pairs] = ()) -> str:
    """Return the selections as a JSON list; each says which pair of its group is best, if any."""
    found = [
        {
            **selection.keys,
            "null_control": selection.control,
            "unit": selection.unit,
            "n_splits": selection.n_splits,
            "selector_split": selection.selector_split,
            "table": _records(selection.table),
            "selectors": _records(selection.selectors),
            **({} if selection.scores.empty else {"scores": _records(selection.scores)}),
            **_pairs_of(selection, pairs),
        }
        for selection in selections
    ]
    return json.dumps(found, indent=2, ensure_ascii=False, default=int)


def _pairs_of(selection: StudySelection, pairs: Sequence[Pairs]) -> dict[str, Any]:
    """Return the pairs that a study is compared in, as the item ``pairs``."""
    keys = selection.keys
    for group in pairs:
        students = list(group.table["strong_sha256"])
        if keys["dataset_sha256"] == group.dataset_sha256 and keys["strong_sha256"] in students:
            return {"pairs": _records(group.table)}
    return {}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    # JSON has no NaN and no infinity: what is undefined is null.
    plain = table.replace([math.inf, -math.inf], math.nan)
    plain = plain.astype(object).where(plain.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict(orient="records")]


def as_latex(selections: Iterable[StudySelection]) -> str:
    """Return one LaTeX tabular (booktabs) a study, the pick in bold."""
    return "\n".join(_latex(selection) for selection in selections)


def _latex(selection: StudySelection) -> str:
    rendered = rendered_table(selection, full_names(selection.table))
    sizes = [row[0] for row in rendered.rows]
    by_hidden = all(sizes) and len(set(sizes)) == len(sizes)
    first = "Hidden dimension" if by_hidden else "Weak encoder"
    words = selection.task.words
    bound = words("bound").capitalize().replace(" - ", " $-$ ")
    true_error = words("w2s_error").capitalize()
    lines = [
        "% " + ", ".join(f"{name}: {value}" for name, value in selection.keys.items()),
        "\\begin{tabular}{lcc}",
        "\\toprule",
        f"{first} & {bound} & {true_error} of weakly supervised strong model \\\\",
        "\\midrule",
    ]
    for place, (hidden, name, bound, true_error, *_) in enumerate(rendered.rows):
        numbers = [_math(bound), _math(true_error)]
        cells = [hidden if by_hidden else _escaped(name), *(f"${number}$" for number in numbers)]
        if place == rendered.pick:
            cells = [f"\\textbf{{{cells[0]}}}", *(f"$\\mathbf{{{n}}}$" for n in numbers)]
        lines.append(" & ".join(cells) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _math(number: str) -> str:
    """Return a number in LaTeX's signs."""
    power = re.sub(r"e([+-]\d+)$", lambda found: rf" \cdot 10^{{{int(found[1])}}}", number)
    for sign, said in (("±", r"\pm"), ("inf", r"\infty"), ("n/a", r"\mathrm{n/a}")):
        power = power.replace(sign, said)
    return power


def _escaped(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
