"""The errors of every use of every supervisor of a study: means over its splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from w2s_mol.errors import InputError
from w2s_mol.selection.tables import WEAK_KEYS
from w2s_mol.study.groups import NO_CONTROL, STUDY_KEYS, study_groups
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import task_of
from w2s_mol.uses.registry import BESIDE, CEILING, DIRECT, MEAN, STUDENT, USES, WEAK

WEAK_WORDS = "supervisor as it is"
SOURCE_USES = (WEAK, STUDENT.name, *(name for name in BESIDE if name not in (DIRECT, MEAN)))
"""The uses that need a supervisor; the others are the plain alternatives."""
ALL_USES = (*SOURCE_USES, DIRECT, MEAN, CEILING.name)
TOLD_KEYS = ("dataset", "strong", "labels", "student_on", "protocol", "head", "teaching", "unit")
"""What tells the rows of one study from another's in what other programs read."""
_PARTS = ("valid", "test")


@dataclass(frozen=True)
class UseErrors:
    """One study.

    Attributes
    ----------
    keys
        The values of ``STUDY_KEYS``.
    task, unit
        What the labels are, and their unit.
    n_labels
        How many true labels the supervisors learnt from, a mean over splits.
    n_splits
        Distinct splits and draws behind the means.
    valid, test
        One row a supervisor (family, weak, weak_sha256 as index), one column a use: mean errors
        on validation and test. Those that are not finite anywhere are not among them.
    study_of
        The id of the run that a supervisor's results are from (the first), by weak_sha256.
    """

    keys: dict[str, Any]
    task: Task
    unit: str
    n_labels: float
    n_splits: int
    valid: pd.DataFrame
    test: pd.DataFrame
    study_of: Mapping[str, str]

    @property
    def relative(self) -> pd.DataFrame:
        """Return validation errors beside direct's on the same molecules.

        A supervisor that is silent on hard molecules has a small error; so has direct on the rest.
        """
        return beside_direct(self.valid, self.valid[DIRECT])

    def best(self, use: str) -> Any:
        """Return the supervisor that is best under a use on validation; None if it has none."""
        known = self.relative[use].dropna()
        return known.idxmin() if len(known) else None


def beside_direct(errors: pd.DataFrame, direct: pd.Series) -> pd.DataFrame:
    """Return errors in units of direct's, row by row; as they are where it has none."""
    return errors.div(direct.where(direct > 0, 1.0), axis=0)


def words(use: str) -> str:
    """Return what a use is called."""
    return WEAK_WORDS if use == WEAK else USES[use].words


def use_named(name: str) -> str:
    """Return the use of a name, or of the words that tables call it by; what is none as it is.

    Examples
    --------
    >>> use_named("student"), use_named("delta"), use_named("other")
    ('w2s', 'delta', 'other')
    """
    return {words(use): use for use in ALL_USES}.get(name, name)


def use_errors(results: pd.DataFrame) -> Iterator[UseErrors]:
    """Yield the errors of every study; null controls are left out.

    Raises
    ------
    InputError
        If the results do not have them.
    """
    for keys, control, rows in study_groups(results):
        if control != NO_CONTROL:
            continue
        missing = [f"{use}_error" for use in ALL_USES if f"{use}_error" not in rows]
        if missing:
            raise InputError(
                f"the results of {keys['dataset']} lack {missing[0]!r}: they are of an older "
                "w2s-mol. Run the study again."
            )
        yield _errors(keys, rows.drop_duplicates(["weak_sha256", "split_sha256", "eval_split"]))


def beside_each_other(each: list[UseErrors]) -> list[list[UseErrors]]:
    """Group the studies that differ in the number of labels alone, few labels first."""
    groups: dict[tuple[str, ...], list[UseErrors]] = {}
    for one in each:
        shared = tuple(str(one.keys[key]) for key in STUDY_KEYS if key != "labels")
        groups.setdefault(shared, []).append(one)
    return [sorted(group, key=lambda one: one.n_labels) for group in groups.values()]


def _errors(keys: dict[str, Any], rows: pd.DataFrame) -> UseErrors:
    by = [*WEAK_KEYS, "weak_sha256"]
    columns = [f"{use}_error" for use in ALL_USES]
    tables: dict[str, pd.DataFrame] = {}
    for part in _PARTS:
        means = rows[rows["eval_split"] == part].groupby(by, sort=False)[columns]
        tables[part] = pd.DataFrame(means.mean(skipna=False)).set_axis(list(ALL_USES), axis=1)
    valid, test = tables["valid"], tables["test"].reindex(tables["valid"].index)
    needed = [WEAK, STUDENT.name, DIRECT]
    finite = np.isfinite(np.hstack([valid[needed], test[needed]])).all(axis=1)
    once = rows.drop_duplicates("split_sha256")
    numbers = once["n_labels"] if "n_labels" in once else _learnt(rows)
    studies = rows.drop_duplicates("weak_sha256").set_index("weak_sha256")["study"]
    return UseErrors(
        keys,
        task_of(rows),
        str(rows["unit"].iloc[0]),
        float(numbers.mean()),
        int(rows["split_sha256"].nunique()),
        valid.loc[finite],
        test.loc[finite],
        {str(sha256): str(study) for sha256, study in studies.items()},
    )


def _learnt(rows: pd.DataFrame) -> pd.Series:
    return rows["n"][rows["eval_split"].isin(["train", "train-weak"])]
