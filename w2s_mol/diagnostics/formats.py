"""Diagnostics as rows and as JSON text."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from w2s_mol.diagnostics.agreement import Agreement
from w2s_mol.diagnostics.config import DiagnosticsConfig
from w2s_mol.diagnostics.pairs import Compared

_HASHES = ["weak_sha256", "strong_sha256"]


def rows_of(table: pd.DataFrame) -> list[list[Any]]:
    """Return the rows of a table as plain values; None where there is none."""
    rows: list[list[Any]] = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    return rows


def shown(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return what a reader sees of pairs: names, no hashes."""
    return pairs.drop(columns=_HASHES)


def as_json(
    config: DiagnosticsConfig,
    compared: Compared,
    pairs: pd.DataFrame,
    agreements: Sequence[Agreement],
) -> str:
    """Return everything as one JSON object; what is undefined is null."""
    found = {
        "dataset": compared.molecules.kept.name,
        "molecules": len(compared.rows),
        "pooling": config.pooling,
        "ridge": config.ridge,
        "tolerance": config.tolerance,
        "pairs": _records(shown(pairs)),
        "agreement": [
            {
                "study": one.title,
                "supervisors": one.supervisors,
                "pairs_of_one_size": one.same_size,
                "chance_within_size": None if math.isnan(one.chance) else one.chance,
                "scores": _records(one.table),
                "said": one.said(),
            }
            for one in agreements
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(map(str, table.columns), row, strict=True)) for row in rows_of(table)]
