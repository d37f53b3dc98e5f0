"""The selection as JSON, CSV or LaTeX text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from w2s_mol.numbers import Form
from w2s_mol.selection.tables import StudySelection


def column_forms(table: pd.DataFrame) -> dict[str, Form]:
    """Return how the quantities of a selection are written, each column in one form."""
    return {name: Form.of(table[f"{name}_mean"]) for name in ("bound", "w2s_error", "gain")}


def as_json(selections: Iterable[StudySelection]) -> str:
    """Return the selections as a JSON list."""
    found = [
        {
            **selection.keys,
            "null_control": selection.control,
            "unit": selection.unit,
            "n_splits": selection.n_splits,
            "selector_split": selection.selector_split,
            "table": _records(selection.table),
            "selectors": _records(selection.selectors),
        }
        for selection in selections
    ]
    return json.dumps(found, indent=2, ensure_ascii=False, default=int)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    # JSON has no NaN and no infinity: what is undefined is null.
    plain = table.replace([math.inf, -math.inf], math.nan)
    plain = plain.astype(object).where(plain.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in plain.to_dict(orient="records")]


def as_latex(selections: Iterable[StudySelection]) -> str:
    """Return one LaTeX tabular (booktabs) a study, the pick in bold."""
    return "\n".join(_latex(selection) for selection in selections)


def _latex(selection: StudySelection) -> str:
    hidden = selection.table["hidden"]
    by_hidden = bool(hidden.notna().all() and hidden.is_unique)
    first = "Hidden dimension" if by_hidden else "Weak encoder"
    lines = [
        "% " + ", ".join(f"{name}: {value}" for name, value in selection.keys.items()),
        "\\begin{tabular}{lcc}",
        "\\toprule",
        f"{first} & Weak error $-$ misfit & True error of weakly supervised strong model \\\\",
        "\\midrule",
    ]
    forms = column_forms(selection.table)
    for row in selection.table.to_dict(orient="records"):
        cells = [
            str(row["hidden"]) if by_hidden else _escaped(f"{row['family']}/{row['weak']}"),
            _math(forms["bound"].plus_minus(row["bound_mean"], row["bound_std"])),
            _math(forms["w2s_error"].plus_minus(row["w2s_error_mean"], row["w2s_error_std"])),
        ]
        if row["picked"]:
            cells = [f"\\textbf{{{cells[0]}}}", *(f"$\\mathbf{{{c[1:-1]}}}$" for c in cells[1:])]
        lines.append(" & ".join(cells) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _math(number: str) -> str:
    """Return a number in LaTeX's signs."""
    power = re.sub(r"e([+-]\d+)$", lambda found: rf" \cdot 10^{{{int(found[1])}}}", number)
    for sign, said in (("±", r"\pm"), ("inf", r"\infty"), ("n/a", r"\mathrm{n/a}")):
        power = power.replace(sign, said)
    return f"${power}$"


def _escaped(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
