"""The tidy tables of a study: one row a quantity set, one row a prediction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from w2s_mol._version import __version__
from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.encoders.random_bert import is_random
from w2s_mol.errors import InputError
from w2s_mol.heads.metrics import QUANTITIES, weak_to_strong_quantities
from w2s_mol.study.config import SELF, StudyConfig
from w2s_mol.study.protocol import SplitPredictions

RESULTS_FORMAT = 2
"""Raised when the same inputs no longer give the same results; part of every study's id.

1: up to 0.3. 2: the halves of ``disjoint`` and shuffled labels are drawn from streams of their own.
"""

STUDY_KEYS = (
    "dataset",
    "unit",
    "strong",
    "shuffled_labels",
    "protocol",
    "head",
    "head_epochs",
    "pooling",
    "study_seed",
    "dataset_sha256",
    "strong_sha256",
)
"""What tells one study's rows from another's where results of several runs are put together."""

_SUPERVISOR = ("family", "weak", "weak_sha256")

RESULT_COLUMNS = (
    "dataset",
    "split",
    "weak",
    "family",
    "hidden",
    "seed",
    "strong",
    "shuffled_labels",
    "protocol",
    "head",
    "head_epochs",
    "eval_split",
    "n",
    *QUANTITIES,
    "weak_penalty",
    "w2s_penalty",
    "ceiling_penalty",
    "unit",
    "pooling",
    "study_seed",
    "dataset_sha256",
    "split_sha256",
    "weak_sha256",
    "strong_sha256",
    "study",
    "w2s_mol",
)


NO_CONTROL = "none"


def check_results(results: pd.DataFrame) -> None:
    """Raise InputError if these lack what results of a study have."""
    missing = {*STUDY_KEYS, *_SUPERVISOR, "split_sha256", "eval_split"} - set(results.columns)
    if missing or results.empty:
        what = f"they lack the column {min(missing)!r}" if missing else "they hold no rows"
        raise InputError(
            f"these are not results of a study, or are of an older w2s-mol: {what}. Run it again."
        )


def study_groups(results: pd.DataFrame) -> Iterator[tuple[dict[str, Any], str, pd.DataFrame]]:
    """Yield the studies in results: what tells each from others, its null control, its rows.

    Weak encoders with random weights are a study of their own: they are a control.

    Raises
    ------
    InputError
        If these lack what results of a study have.
    """
    check_results(results)
    results = without_missing(results, (*STUDY_KEYS, *_SUPERVISOR, "split_sha256"))
    untrained = results["weak"].map(str).map(is_random)
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


def _control(keys: dict[str, Any], untrained: bool) -> str:
    """Return which null control a study is, ``none`` for a study proper."""
    found = {
        "shuffled labels": bool(keys["shuffled_labels"]),
        "self": keys["strong"] == SELF,
        "random strong": is_random(str(keys["strong"])),
        "random weak": untrained,
    }
    return next((name for name, it_is in found.items() if it_is), NO_CONTROL)


@dataclass(frozen=True)
class WeakIdentity:
    """What a study says of a weak encoder; hidden and seed are None where it has none.

    ``pretraining`` is how it was made, as far as its folder says it; the manifest alone has that.
    """

    name: str
    family: str
    hidden: int | None
    seed: int | None
    sha256: str
    pretraining: dict[str, Any]


@dataclass(frozen=True)
class StudyContext:
    """What all rows of one study share."""

    config: StudyConfig
    study: str
    weak: list[WeakIdentity]
    strong: str
    strong_sha256: str


def result_rows(
    context: StudyContext, dataset: Dataset, split: Split, predictions: SplitPredictions
) -> pd.DataFrame:
    """Return the quantities of every supervisor on every part of one split."""
    config = context.config
    shared = {
        "dataset": dataset.name,
        "split": split.name,
        "strong": context.strong,
        "shuffled_labels": config.shuffle_weak_labels,
        "protocol": config.protocol,
        "head": config.head,
        "head_epochs": config.head_epochs if config.head == "adamw" else 0,
        "unit": dataset.unit,
        "pooling": config.pooling,
        "study_seed": config.seed,
        "dataset_sha256": dataset.sha256,
        "split_sha256": split.sha256,
        "strong_sha256": context.strong_sha256,
        "study": context.study,
        "w2s_mol": __version__,
    }
    rows = []
    for column, weak in enumerate(context.weak):
        for part, index in predictions.parts.items():
            rows.append(
                {
                    **shared,
                    "weak": weak.name,
                    "family": weak.family,
                    "hidden": weak.hidden,
                    "seed": weak.seed,
                    "weak_sha256": weak.sha256,
                    "eval_split": part,
                    "n": len(index),
                    **weak_to_strong_quantities(
                        dataset.labels[index],
                        predictions.weak[index, column],
                        predictions.w2s[index, column],
                        predictions.ceiling[index, column],
                    ),
                    "weak_penalty": predictions.weak_penalties[column],
                    "w2s_penalty": predictions.w2s_penalties[column],
                    "ceiling_penalty": predictions.ceiling_penalties[column],
                }
            )
    frame = pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
    return frame.astype({"hidden": "Int64", "seed": "Int64"})


def prediction_rows(
    context: StudyContext, dataset: Dataset, split: Split, predictions: SplitPredictions
) -> pd.DataFrame:
    """Return every molecule's label and predictions, one row a supervisor and molecule."""
    frames = []
    for column, weak in enumerate(context.weak):
        for part, index in predictions.parts.items():
            frames.append(
                pd.DataFrame(
                    {
                        "dataset": dataset.name,
                        "split": split.name,
                        "weak": weak.name,
                        "family": weak.family,
                        "part": part,
                        "row": [dataset.rows[i] for i in index],
                        "line": [dataset.lines[i] for i in index] if dataset.lines else None,
                        "smiles": [dataset.smiles[i] for i in index],
                        "truth": dataset.labels[index],
                        "weak_prediction": predictions.weak[index, column],
                        "w2s_prediction": predictions.w2s[index, column],
                        "ceiling_prediction": predictions.ceiling[index, column],
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
