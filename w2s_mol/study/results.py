"""The tidy tables of a study: one row a quantity set, one row a prediction."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from w2s_mol import __version__
from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.heads.metrics import QUANTITIES, weak_to_strong_quantities
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.protocol import SplitPredictions

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


@dataclass(frozen=True)
class WeakIdentity:
    """What a result row says of a weak encoder; hidden and seed are None where it has none."""

    name: str
    family: str
    hidden: int | None
    seed: int | None
    sha256: str


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
