"""The cases of a study: supervisors x splits of one dataset, molecule by molecule.

All quantities are means over molecules of per-molecule terms, so a bootstrap replicate is a
product of its molecules' weights with the terms: the same molecules for all supervisors (paired),
and a molecule that is in several splits has the same weight in each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.encoders.random_bert import FAMILY as RANDOM
from w2s_mol.encoders.random_bert import is_random
from w2s_mol.errors import InputError
from w2s_mol.statistics.resampling import REPLICATES, row_weights
from w2s_mol.study.config import SELF
from w2s_mol.study.results import STUDY_KEYS

Array = NDArray[np.float64]
PARTS = ("valid", "test")
NO_CONTROL = "none"
_SUPERVISOR = ["family", "weak"]


@dataclass(frozen=True)
class _SplitTerms:
    """One split's part: places of its molecules, and terms of shape (n, k) by quantity."""

    rows: NDArray[np.int64]
    terms: dict[str, Array]


@dataclass(frozen=True)
class Cases:
    """All supervisors of one study on one dataset.

    Attributes
    ----------
    keys
        The values of ``STUDY_KEYS``.
    study
        The id of the run.
    unit
        Of the labels.
    supervisors
        One row a supervisor: family, weak, hidden, seed.
    splits
        Names of the distinct splits.
    n_rows
        Distinct molecules in any of their validation and test parts.
    """

    keys: dict[str, Any]
    study: str
    unit: str
    supervisors: pd.DataFrame
    splits: tuple[str, ...]
    n_rows: int
    _terms: dict[str, list[_SplitTerms]]

    @property
    def control(self) -> str:
        """Which null control it is, ``none`` for a study proper."""
        keys = self.keys
        return control_of(keys["strong"], keys["shuffled_labels"], self.supervisors["family"])

    @property
    def seed_groups(self) -> list[list[int]]:
        """Positions of supervisors that differ in nothing but their seed."""
        by = self.supervisors.reset_index().groupby(["family", "hidden"], dropna=False)["index"]
        return [list(map(int, group)) for _, group in by]

    def means(self, part: str, quantity: str) -> Array:
        """Return a quantity of every split and supervisor, shape (s, k)."""
        return np.array([found.terms[quantity].mean(axis=0) for found in self._terms[part]])

    def replicates(
        self, part: str, quantities: tuple[str, ...], replicates: int = REPLICATES, seed: int = 0
    ) -> dict[str, Array]:
        """Return bootstrap replicates over molecules of some quantities, shape (r, s, k) each."""
        weights = row_weights(self.n_rows, replicates, seed)
        found: dict[str, list[Array]] = {quantity: [] for quantity in quantities}
        for split in self._terms[part]:
            of_split = weights[:, split.rows].astype(np.float64)
            of_split /= np.maximum(of_split.sum(axis=1, keepdims=True), 1.0)
            for quantity in quantities:
                found[quantity].append(of_split @ split.terms[quantity])
        return {quantity: np.stack(values, axis=1) for quantity, values in found.items()}


def control_of(strong: str, shuffled_labels: bool, families: Iterable[str]) -> str:
    """Return which null control a study is, ``none`` for a study proper."""
    found = {
        "shuffled labels": bool(shuffled_labels),
        "self": strong == SELF,
        "random strong": is_random(strong),
        "random weak": set(families) == {RANDOM},
    }
    return next((name for name, it_is in found.items() if it_is), NO_CONTROL)


def study_cases(results: pd.DataFrame, predictions: pd.DataFrame) -> Iterator[Cases]:
    """Yield the cases of every dataset of one run.

    Parameters
    ----------
    results, predictions
        The tables of a study's run folder.

    Raises
    ------
    InputError
        If they are not such tables.
    """
    missing = {*STUDY_KEYS, *_SUPERVISOR} - set(results.columns)
    if missing:
        raise InputError(
            f"these are not results of a study, or of an older w2s-mol: they lack the column "
            f"{min(missing)!r}. Run the study again."
        )
    for values, rows in results.groupby(list(STUDY_KEYS), sort=False):
        keys = dict(zip(STUDY_KEYS, values, strict=True))
        yield _cases(keys, rows, predictions[predictions["dataset"] == keys["dataset"]])


def _cases(keys: dict[str, Any], results: pd.DataFrame, predictions: pd.DataFrame) -> Cases:
    # Identical splits (BACE, BBBP) count once: a spread over copies means nothing.
    splits = results.drop_duplicates("split_sha256")["split"].tolist()
    supervisors = results.drop_duplicates([*_SUPERVISOR, "weak_sha256"])
    supervisors = supervisors[["family", "weak", "hidden", "seed"]].reset_index(drop=True)
    used = predictions[predictions["part"].isin(PARTS) & predictions["split"].isin(splits)]
    places = {row: place for place, row in enumerate(sorted(used["row"].unique()))}
    terms: dict[str, list[_SplitTerms]] = {part: [] for part in PARTS}
    by_case = dict(iter(used.groupby(["part", "split", *_SUPERVISOR], sort=False)))
    for part in PARTS:
        for split in splits:
            each = [
                by_case[part, split, family, weak]
                for family, weak in supervisors[_SUPERVISOR].itertuples(index=False)
            ]
            rows = np.array([places[row] for row in each[0]["row"]])
            terms[part].append(_SplitTerms(rows, _terms_of(each)))
    return Cases(
        keys=keys,
        study=str(results["study"].iloc[0]),
        unit=str(keys["unit"]),
        supervisors=supervisors,
        splits=tuple(map(str, splits)),
        n_rows=len(places),
        _terms=terms,
    )


def _terms_of(each: list[pd.DataFrame]) -> dict[str, Array]:
    """Return per-molecule terms, (n, k), whose means over molecules are the quantities."""

    def column(name: str) -> Array:
        return np.stack([frame[name].to_numpy(dtype=float) for frame in each], axis=1)

    y, weak = column("truth"), column("weak_prediction")
    w2s, ceiling = column("w2s_prediction"), column("ceiling_prediction")
    weak_error, w2s_error, misfit = (weak - y) ** 2, (w2s - y) ** 2, (w2s - weak) ** 2
    return {
        "weak_error": weak_error,
        "w2s_error": w2s_error,
        "misfit": misfit,
        "gain": weak_error - w2s_error,
        "bound": weak_error - misfit,
        "slack": weak_error - w2s_error - misfit,
        "slack_projection": 2 * (w2s - ceiling) * (weak - w2s),
        "slack_epsilon": 2 * (ceiling - y) * (weak - w2s),
    }
