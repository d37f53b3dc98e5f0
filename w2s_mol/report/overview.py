"""All datasets and students side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from w2s_mol.figures.overview import Overviewed, overview_picture
from w2s_mol.numbers import Form
from w2s_mol.report.blocks import Block, Drawing, Table, by_name
from w2s_mol.selection.rendering import in_short
from w2s_mol.selection.tables import StudySelection
from w2s_mol.statistics.cases import Cases

Study = tuple[Cases, pd.DataFrame, StudySelection]
"""The cases of a study, its statistics and its selection."""
_ERRORS = ("weak_error", "w2s_error", "ceiling_error")


def overview(studies: Sequence[Study]) -> list[Block]:
    """Return a picture and a table with a row for each study."""
    seen = [_seen(*study) for study in studies]
    return [Drawing(overview_picture(seen), wide=True), _table(studies, seen)]


def _errors(cases: Cases) -> list[float]:
    return [float(cases.means("test", name).mean()) for name in _ERRORS]


def _seen(cases: Cases, statistics: pd.DataFrame, _selection: StudySelection) -> Overviewed:
    relative = by_name(statistics, "statistic")["relative_gain"]
    weak, _, ceiling = _errors(cases)
    return Overviewed(
        in_short(cases.keys),
        float(relative["estimate"]),
        float(relative["low"]),
        float(relative["high"]),
        1 - ceiling / weak if weak > 0 else np.nan,
        cases.study,
    )


def _table(studies: Sequence[Study], seen: Sequence[Overviewed]) -> Table:
    rows, share = [], Form(3)
    for (cases, _, selection), one in zip(studies, seen, strict=True):
        errors = _errors(cases)
        form = Form.of(errors, 3)
        rule = by_name(selection.selectors, "selector")["bound"]
        rows.append(
            [
                one.name,
                *(form.number(value) for value in errors),
                share.with_interval(one.gain, one.low, one.high),
                share.number(one.ceiling),
                str(rule["picks"]),
                form.number(float(rule["regret"])),
                cases.task.error_unit(cases.unit),
            ]
        )
    columns = ["study", "weak error", "true error", "ceiling error", "gain / weak error",
               "the ceiling's", "the rule picks", "regret", "in"]  # fmt: skip
    note = (
        "Means over supervisors and splits, on test. The ceiling's: what it saves of the weak "
        "error. Regret: what the paper's rule loses against the best supervisor. Brackets are 95 % "
        "intervals over molecules."
    )
    ids = tuple(dict.fromkeys(one.study for one in seen))
    return Table("All datasets and students", columns, rows, ids, note)
