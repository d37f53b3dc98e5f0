"""The heads of a study, kept: one row a use of a supervisor on a split, each scaler once.

What a use missed on the validation part is kept beside its head, for intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from w2s_mol import files
from w2s_mol.heads.linear import Array, Scaler
from w2s_mol.heads.matrix import Rows
from w2s_mol.models.heads import ARRAYS, arrays_of
from w2s_mol.models.model import Model
from w2s_mol.study.cell import Cells
from w2s_mol.study.kept_models import MODELS, SCALERS, SHARED
from w2s_mol.study.protocols import Roles
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.uses.contract import Made
from w2s_mol.uses.registry import WEAK

NOT_KEPT = ("mean", "ceiling")
"""Uses of which no model is kept: a number, and one that knows what nobody has."""


@dataclass(frozen=True)
class _Row:
    """One row: whose it is, and what is kept of it."""

    strong: str
    supervisor: Supervisor | None
    use: str
    model: Model | None
    misses: Array
    weight: float = np.nan


class ModelTables:
    """The tables of models and of scalers of one split, filled student by student.

    Parameters
    ----------
    dataset, split
        What results call them.
    supervisors, roles
        Those of the cells.
    """

    def __init__(
        self, dataset: str, split: str, supervisors: Sequence[Supervisor], roles: Roles
    ) -> None:
        self._where = {"dataset": dataset, "split": split}
        self._supervisors, self._valid = supervisors, roles.parts["valid"]
        self._rows: list[dict[str, Any]] = []
        self._scalers: dict[str, Scaler] = {}

    def add(self, cells: Cells) -> None:
        """Keep the heads of one student; with the first one, those of the supervisors.

        A supervisor that asks the student has others with each.
        """
        first = not self._rows
        self._keep(
            row
            for row in _of_supervisors(self._supervisors, cells, self._valid)
            if first or row.strong
        )
        self._keep(_of_uses(self._supervisors, cells, self._valid))

    def tables(self) -> dict[str, list[pd.DataFrame]]:
        """Return them by name; none where nothing was added."""
        if not self._rows:
            return {}
        scalers = [(i, s.mean, s.scale) for i, s in self._scalers.items()]
        of_scalers = pd.DataFrame(scalers, columns=["scaler", "mean", "scale"])
        return {MODELS: [pd.DataFrame(self._rows)], SCALERS: [of_scalers]}

    def _keep(self, rows: Iterable[_Row]) -> None:
        for row in rows:
            scaler = row.model.head.scaler if row.model else None
            key = self._key(scaler) if scaler else ""
            self._rows.append({**self._where, **_as_columns(row), "scaler": key})

    def _key(self, scaler: Scaler) -> str:
        key = files.sha256_bytes(scaler.mean.tobytes() + scaler.scale.tobytes())[:16]
        self._scalers[key] = scaler
        return key


def _of_supervisors(supervisors: Sequence[Supervisor], cells: Cells, valid: Rows) -> Iterator[_Row]:
    for j, supervisor in enumerate(supervisors):
        misses = _misses(cells, cells.weak[:, j], valid)
        strong = cells.student.name if supervisor.asks_student else ""
        yield _Row(strong, supervisor, WEAK, cells.weak_models[j], misses)


def _of_uses(supervisors: Sequence[Supervisor], cells: Cells, valid: Rows) -> Iterator[_Row]:
    kept: Mapping[str, Made] = {n: m for n, m in cells.made.items() if n not in NOT_KEPT}
    for use, made in kept.items():
        # One that serves all supervisors is one object.
        shared = len(supervisors) > 1 and len({id(model) for model in made.models}) == 1
        for j, model in enumerate(made.models[:1] if shared else made.models):
            if model is not None:
                misses = _misses(cells, made.predictions[:, j], valid)
                weight = np.nan if made.weights is None else made.weights[j]
                whose = None if shared else supervisors[j]
                yield _Row(cells.student.name, whose, use, model, misses, weight)


def _misses(cells: Cells, predictions: Array, valid: Rows) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        misses = np.abs(predictions[valid] - cells.truth[valid])
    return misses[~np.isnan(misses)].astype(np.float32)


def _as_columns(row: _Row) -> dict[str, Any]:
    model = row.model
    arrays = arrays_of(model.head) if model else None
    return {
        "strong": row.strong,
        "family": row.supervisor.family if row.supervisor else SHARED,
        "weak": row.supervisor.name if row.supervisor else SHARED,
        "use": row.use,
        "encoders": [one.encoder for one in model.inputs] if model else None,
        "fingerprints": [one.fingerprint for one in model.inputs] if model else None,
        "poolings": [one.pooling for one in model.inputs] if model else None,
        "task": model.task if model else "",
        "penalty": arrays["penalty"][0] if arrays else np.nan,
        "weight": row.weight,
        **{name: arrays[name] if arrays else None for name in ARRAYS},
        "misses": row.misses,
    }
