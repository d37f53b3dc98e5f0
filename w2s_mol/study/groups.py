"""Results told apart: the studies in them, what each is, and which null control."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from w2s_mol.encoders.names import PEER, SELF
from w2s_mol.encoders.random_bert import SCALES, is_random
from w2s_mol.errors import InputError
from w2s_mol.study.config import ALL
from w2s_mol.supervisors.names import TOP, written_members
from w2s_mol.tasks.registry import REGRESSION, TASK_KIND

STUDY_KEYS = (
    "dataset",
    "unit",
    "strong",
    "shuffled_labels",
    "protocol",
    TASK_KIND,
    "labels",
    "student_on",
    "valid_labels",
    "unlabelled",
    "head",
    "head_epochs",
    "head_width",
    "teaching",
    "pooling",
    "study_seed",
    "dataset_sha256",
    "strong_sha256",
)
"""What tells one study's rows from another's where results of several runs are put together."""

USUAL_TEACHING = "probabilities, cross-entropy"
"""How students of classes are taught unless something else is asked for; of numbers it is empty."""

_ONCE_ALWAYS = {
    TASK_KIND: REGRESSION.name, "labels": ALL, "student_on": "same", "valid_labels": "all",
    "unlabelled": 0, "head_width": 0, "teaching": "",
}  # fmt: skip

_SUPERVISOR = ("family", "weak", "weak_sha256")

NO_CONTROL = "none"


def key_of(keys: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what tells a study from the others of a run, to look it up by."""
    return tuple(map(str, keys.values()))


def of_a_study(results: pd.DataFrame) -> pd.DataFrame:
    """Return results with all keys; those of before 0.4 lack some that had one value alone.

    Raises
    ------
    InputError
        If these lack what results of a study have.
    """
    for key, always in _ONCE_ALWAYS.items():
        said = results[key] if key in results else pd.Series(None, index=results.index)
        filled = said.astype(object).where(said.notna(), always)
        results = results.assign(**{key: filled.astype(type(always))})
    missing = {*STUDY_KEYS, *_SUPERVISOR, "split_sha256", "eval_split"} - set(results.columns)
    if missing or results.empty:
        what = f"they lack the column {min(missing)!r}" if missing else "they hold no rows"
        raise InputError(
            f"these are not results of a study, or are of an older w2s-mol: {what}. Run it again."
        )
    return results


def study_groups(results: pd.DataFrame) -> Iterator[tuple[dict[str, Any], str, pd.DataFrame]]:
    """Yield the studies in results: what tells each from others, its null control, its rows.

    Weak encoders with random weights, and combinations of them alone, are a study of their own:
    they are a control.

    Raises
    ------
    InputError
        If these lack what results of a study have.
    """
    results = without_missing(of_a_study(results), (*STUDY_KEYS, *_SUPERVISOR, "split_sha256"))
    untrained = results["weak"].map({name: _untrained(str(name)) for name in {*results["weak"]}})
    # What takes some of the others is what these are.
    takes = results["weak"].astype(str).str.startswith(TOP)
    others = untrained.where(~takes).groupby([results[key] for key in STUDY_KEYS]).transform("all")
    untrained = untrained.where(~takes, others).astype(bool)
    by = [*STUDY_KEYS, untrained.rename("untrained")]
    for values, rows in results.groupby(by, sort=False):
        keys = dict(zip(STUDY_KEYS, values, strict=False))
        yield keys, _control(keys, bool(values[-1])), rows


def without_missing(table: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a table whose missing names and keys are empty texts: they group and compare."""
    incomplete = [name for name in columns if table[name].isna().any()]
    known = {name: table[name].astype(object).where(table[name].notna(), "") for name in incomplete}
    return table.assign(**known)


def no_finite_supervisor(keys: dict[str, Any]) -> InputError:
    """Return the error for a study of which nothing can be compared."""
    return InputError(
        f"no supervisor of {keys['dataset']}, strong {keys['strong']}, has finite errors. Look at "
        "the labels and at the encoders' vectors, or leave this run out; there is nothing to "
        "compare."
    )


def _untrained(name: str) -> bool:
    # Of the name alone: results may have been made where other encoders are.
    members = written_members(name)
    if members:
        return all(member in SCALES or _untrained(member) for member in members)
    return is_random(name)


def _control(keys: dict[str, Any], untrained: bool) -> str:
    """Return which null control a study is, ``none`` for a study proper."""
    found = {
        "shuffled labels": bool(keys["shuffled_labels"]),
        "self": keys["strong"] == SELF,
        "peer": keys["strong"] == PEER,
        "random strong": _untrained(str(keys["strong"])),
        "random weak": untrained,
    }
    return next((name for name, it_is in found.items() if it_is), NO_CONTROL)
