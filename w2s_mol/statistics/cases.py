"""The cases of a study: supervisors x splits of one dataset, molecule by molecule.

All quantities are means over molecules of per-molecule terms; what a molecule has in them is its
influence, from which ``sample`` knows how all supervisors' means vary together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol import files
from w2s_mol.errors import InputError
from w2s_mol.statistics.kin import TRAIN, groups_of_kin
from w2s_mol.statistics.sample import Sample, training_factor
from w2s_mol.study.groups import no_finite_supervisor, study_groups, without_missing
from w2s_mol.study.prediction_tables import item_column
from w2s_mol.tasks.contract import Predicted, Task
from w2s_mol.tasks.registry import task_of

Array = NDArray[np.float64]
PARTS = ("valid", "test")
_SUPERVISOR = ["family", "weak"]
_PREDICTED = ("truth", "weak_prediction", "w2s_prediction", "ceiling_prediction")


@dataclass(frozen=True)
class SplitTerms:
    """One split's part: places of its molecules, and terms of shape (n, k) by quantity.

    Where a supervisor says nothing of a molecule its terms are 0 and do not count.
    """

    rows: NDArray[np.int64]
    said: NDArray[np.bool_]
    terms: dict[str, Array]

    def means(self, quantity: str) -> Array:
        """Return a quantity of all supervisors, (k,)."""
        found: Array = self.terms[quantity].sum(axis=0) / self.said.sum(axis=0)
        return found

    def influences(self, quantity: str) -> Array:
        """Return what each molecule adds to the means, (n, k); squares sum to their variances."""
        n = self.said.sum(axis=0).astype(float)
        n[n <= 1] = np.nan  # one molecule does not say how it varies
        beyond = np.where(self.said, self.terms[quantity] - self.means(quantity), 0.0)
        found: Array = beyond / np.sqrt(n * (n - 1))
        return found

    def of(self, chosen: NDArray[np.bool_]) -> SplitTerms:
        """Return those of some supervisors."""
        terms = {name: values[:, chosen] for name, values in self.terms.items()}
        return SplitTerms(self.rows, self.said[:, chosen], terms)


@dataclass(frozen=True)
class Cases:
    """All supervisors of one study on one dataset.

    Attributes
    ----------
    keys
        The values of ``STUDY_KEYS``.
    control
        Which null control it is, ``none`` for a study proper.
    study
        The id of the run.
    task, unit
        What the labels are, and their unit.
    supervisors
        One row a supervisor: family, weak, hidden, seed.
    left_out
        Names of supervisors that are not among them, because their errors are not finite.
    every_weak
        The hashes of all supervisors, also of those.
    splits
        Names of the distinct splits.
    molecules
        A hash of the rows and splits: cases with the same one can be compared molecule by molecule.
    n_rows
        Distinct molecules in any of their validation and test parts.
    learnt_from
        The number of train molecules of every split.
    kin
        Of each of the ``n_rows``, the number of its group (a scaffold) where splits keep groups
        together; None where they do not.
    rarest
        The fewest molecules of either class in a split's test part; None where there are none.
    """

    keys: dict[str, Any]
    control: str
    study: str
    task: Task
    unit: str
    supervisors: pd.DataFrame
    left_out: tuple[str, ...]
    every_weak: frozenset[str]
    splits: tuple[str, ...]
    molecules: str
    n_rows: int
    learnt_from: list[int]
    kin: NDArray[np.int64] | None
    _terms: dict[str, list[SplitTerms]]
    rarest: int | None = None

    @property
    def seed_groups(self) -> list[list[int]]:
        """Positions of supervisors of one family and hidden size, of other pretraining seeds."""
        named = self.supervisors.assign(position=range(len(self.supervisors)))
        groups: list[list[int]] = []
        for _, group in named.groupby(["family", "hidden"], dropna=False):
            positions = [int(position) for position in group["position"]]
            seeds = group["seed"]
            are_seeds = bool(seeds.notna().all() and seeds.is_unique)
            groups += [positions] if are_seeds else [[position] for position in positions]
        return groups

    def leverage(self, quantity: str, part: str = "test", *, between: bool = False) -> float:
        """Return the largest share of one molecule in a quantity, summed over all cases.

        The share of a molecule is the size of its terms' sum over cases, each weighted as in that
        case's mean, among the sizes of all molecules' sums. With ``between`` it is the share in
        what supervisors differ by: the sizes of terms less their mean over supervisors.
        """
        of_molecule = np.zeros(self.n_rows)
        for split in self._terms[part]:
            terms = split.terms[quantity] / len(split.rows)
            if between:
                terms = np.abs(terms - terms.mean(axis=1, keepdims=True))
            np.add.at(of_molecule, split.rows, terms.sum(axis=1))
        sizes = np.abs(of_molecule)
        return float(sizes.max() / sizes.sum()) if sizes.sum() > 0 else 0.0

    def sizes(self, part: str) -> list[int]:
        """Return the number of molecules in a part of every split."""
        return [len(found.rows) for found in self._terms[part]]

    def fewest(self, part: str) -> int:
        """Return the fewest independent units of a split that a supervisor speaks of.

        Molecules, or groups of kin where splits keep these together.
        """
        said = min(int(split.said.sum(axis=0).min()) for split in self._terms[part])
        if self.kin is None:
            return said
        return min(said, *(len(np.unique(self.kin[one.rows])) for one in self._terms[part]))

    def means(self, part: str, quantity: str) -> Array:
        """Return a quantity of every split and supervisor, shape (s, k)."""
        return np.array([found.means(quantity) for found in self._terms[part]])

    def sample(
        self, part: str, quantities: Sequence[str], *, of_these_heads: bool = False
    ) -> Sample:
        """Return some quantities of all supervisors, and what each molecule has in them.

        Molecules are the units, or groups of kin where splits keep these together. Variances are
        those of other molecules to learn from and to measure on, see ``training_factor``; of other
        molecules to measure on alone for what is asked of the very heads that were fitted.
        """
        splits = self._terms[part]
        influences = np.zeros((self.n_rows, len(quantities), len(self.supervisors)))
        weights = np.zeros(self.n_rows)
        for split in splits:
            weights[split.rows] += 1 / (len(split.rows) * len(splits))
            each = [split.influences(quantity) for quantity in quantities]
            influences[split.rows] += np.stack(each, axis=1) / len(splits)
        measured = weights > 0
        grow = 1.0
        if not of_these_heads:
            grow = np.sqrt(training_factor(self.sizes(part), self.learnt_from, weights))
        means = np.stack([self.means(part, name).mean(axis=0) for name in quantities])
        found = Sample(tuple(quantities), means, influences[measured] * grow)
        if self.kin is None:
            return found
        return found.grouped(np.unique(self.kin[measured], return_inverse=True)[1])


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
    lacking = {"dataset", "split", "part", "row", *_SUPERVISOR, *_PREDICTED} - set(predictions)
    if lacking:
        raise InputError(f"these are not predictions of a study: they lack {min(lacking)!r}.")
    predictions = without_missing(predictions, ["dataset", *_SUPERVISOR])
    # Each of these texts is there for every supervisor: it is copied as a number.
    repeated = [name for name in ("part", item_column(predictions)) if name in predictions]
    predictions = predictions.astype(dict.fromkeys(repeated, "category"))
    for keys, control, rows in study_groups(results):
        ours = predictions["dataset"] == keys["dataset"]
        if "strong" in predictions:  # up to 0.3 a run had one
            ours &= predictions["strong"] == keys["strong"]
        yield _cases(keys, control, rows, predictions[ours])


def _cases(
    keys: dict[str, Any], control: str, results: pd.DataFrame, predictions: pd.DataFrame
) -> Cases:
    # Identical splits (BACE, BBBP) count once: a spread over copies means nothing.
    splits = results.drop_duplicates("split_sha256")
    supervisors = results.drop_duplicates([*_SUPERVISOR, "weak_sha256"])
    supervisors = supervisors[["family", "weak", "hidden", "seed", "weak_sha256"]]
    every_weak = frozenset(map(str, supervisors["weak_sha256"]))
    supervisors = supervisors.reset_index(drop=True)
    in_parts = predictions["part"].isin(PARTS) & predictions["split"].isin(splits["split"])
    used = predictions[in_parts]
    places = {row: place for place, row in enumerate(sorted(used["row"].unique()))}
    terms: dict[str, list[SplitTerms]] = {part: [] for part in PARTS}
    task = task_of(results)
    rarest: list[int | None] = []
    by_case = dict(iter(used.groupby(["part", "split", *_SUPERVISOR], sort=False, observed=True)))
    try:
        for part in PARTS:
            for split in splits["split"]:
                each = [
                    by_case[part, split, family, weak]
                    for family, weak in supervisors[_SUPERVISOR].itertuples(index=False)
                ]
                rows = np.array([places[row] for row in each[0]["row"]])
                terms[part].append(SplitTerms(rows, *_terms_of(each, task)))
                if part == "test":
                    rarest.append(task.rarest(each[0]["truth"].to_numpy(dtype=float)))
    except KeyError as error:
        raise InputError(
            f"the predictions of {keys['dataset']} lack {error}, which its results have. "
            "Remove the folder and run the study again."
        ) from error
    kin = groups_of_kin(predictions, list(places))
    finite = _finite(results, supervisors, terms)
    if not finite.any():
        raise no_finite_supervisor(keys)
    return Cases(
        keys=keys,
        control=control,
        study=str(results["study"].iloc[0]),
        task=task,
        unit=str(keys["unit"]),
        supervisors=supervisors[finite].reset_index(drop=True),
        left_out=tuple(map(str, supervisors["weak"][~finite])),
        every_weak=every_weak,
        splits=tuple(map(str, splits["split"])),
        molecules=files.sha256_json(
            [
                [int(row) for row in places],
                splits["split_sha256"].tolist(),
                *([] if kin is None else [kin.tolist()]),
            ]
        ),
        n_rows=len(places),
        learnt_from=_learnt_from(predictions, [str(split) for split in splits["split"]]),
        kin=kin,
        _terms={part: [one.of(finite) for one in found] for part, found in terms.items()},
        rarest=min((n for n in rarest if n is not None), default=None),
    )


def _learnt_from(predictions: pd.DataFrame, splits: Sequence[str]) -> list[int]:
    """Return of how many molecules heads were fitted in every split: the fewest of any head.

    Train parts have several names where weak and strong heads learn from different molecules.
    """
    parts = predictions["part"].astype(str)
    train = predictions[parts.str.startswith(TRAIN)].drop_duplicates(["split", "part", "row"])
    fewest = train.groupby(["split", "part"], observed=True).size().groupby("split").min()
    return [int(fewest.get(split, 0)) for split in splits]


def _finite(
    results: pd.DataFrame, supervisors: pd.DataFrame, terms: dict[str, list[SplitTerms]]
) -> NDArray[np.bool_]:
    """Say which supervisors' errors are finite, in the results and in the predictions."""
    measured = results[results["eval_split"].isin(PARTS)]
    errors = measured[["bound", "w2s_error"]].to_numpy(float)
    bad = set(measured["weak_sha256"][~np.isfinite(errors).all(axis=1)])
    finite: NDArray[np.bool_] = ~supervisors["weak_sha256"].isin(bad).to_numpy(bool)
    for one in (one for found in terms.values() for one in found):
        for name in ("bound", "w2s_error"):
            finite &= np.isfinite(one.terms[name]).all(axis=0)
    return finite


def _terms_of(each: list[pd.DataFrame], task: Task) -> tuple[NDArray[np.bool_], dict[str, Array]]:
    """Return of what supervisors say something, and the per-molecule terms, (n, k) each."""

    def column(name: str) -> Array:
        return np.stack([frame[name].to_numpy(dtype=float) for frame in each], axis=1)

    truth, weak, w2s, ceiling = map(column, _PREDICTED)
    predicted = Predicted(truth, weak, w2s, ceiling)
    said = ~np.isnan(predicted.weak)
    terms = task.per_molecule(predicted)
    return said, {name: np.where(said, values, 0.0) for name, values in terms.items()}
