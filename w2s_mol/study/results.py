"""A study's results: one row a supervisor, student, split and part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from w2s_mol._version import __version__
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.examples import Examples
from w2s_mol.study.cell import Cells
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.draws import Draw
from w2s_mol.study.protocols import Roles
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.tasks.contract import Predicted, Task
from w2s_mol.tasks.registry import TASK_KIND
from w2s_mol.uses.registry import BESIDE, CEILING, STUDENT

ON_UNLABELLED = ("misfit_unlabelled", "n_misfit_unlabelled", "bound_unlabelled")
"""The misfit on molecules whose true label nobody has, their number, weak error - that misfit."""


def result_columns(task: Task) -> list[str]:
    """Return the columns of results: what a row is of, the task's quantities, what made it."""
    return [
        "dataset",
        "split",
        "weak",
        "family",
        "hidden",
        "seed",
        "taken",
        "strong",
        "shuffled_labels",
        "protocol",
        TASK_KIND,
        "items",
        "labels",
        "n_labels",
        "label_seed",
        "student_on",
        "valid_labels",
        "unlabelled",
        "head",
        "head_epochs",
        "head_width",
        "teaching",
        "eval_split",
        "n",
        *task.names(),
        *ON_UNLABELLED,
        *(f"{use}_error" for use in BESIDE),
        *task.score_names(),
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
    ]


@dataclass(frozen=True)
class StudyContext:
    """What all rows of one study share.

    Attributes
    ----------
    config
        The settings.
    study
        Its id.
    task
        What its labels are.
    """

    config: StudyConfig
    study: str
    task: Task


def result_rows(
    context: StudyContext,
    dataset: Dataset,
    draw: Draw,
    supervisors: Sequence[Supervisor],
    roles: Roles,
    cells: Cells,
) -> pd.DataFrame:
    """Return the quantities of every supervisor on every part of one split, for one student.

    Test molecules that are told apart have rows of their own after those of the parts.

    Parameters
    ----------
    context
        Of the study.
    dataset, draw
        Those of the molecules that can be used.
    supervisors
        Whose cells these are.
    roles, cells
        By rows of the whole dataset.
    """
    config, student = context.config, cells.student
    split = dataset.splits[draw.split]
    shared = {
        "dataset": dataset.name,
        "split": draw.name(split),
        "strong": student.name,
        "shuffled_labels": config.shuffle_weak_labels,
        "protocol": config.protocol,
        TASK_KIND: context.task.name,
        "items": dataset.items.name,
        "labels": draw.labels,
        "n_labels": len(roles.supervisor_learns),
        "label_seed": draw.seed,
        "student_on": config.student_on,
        "valid_labels": config.valid_labels,
        "unlabelled": len(dataset.unlabelled),
        "head": config.head,
        "head_epochs": config.head_epochs if config.head == "adamw" else 0,
        "head_width": {"mlp": config.head_width, "mixture": config.heads}.get(config.head, 0),
        "teaching": config.teaching(context.task.name),
        "unit": dataset.unit,
        "pooling": config.pooling,
        "study_seed": config.seed,
        "dataset_sha256": dataset.sha256,
        "split_sha256": draw.sha256(dataset, config),
        "strong_sha256": student.sha256,
        "study": context.study,
        "w2s_mol": __version__,
    }
    rows = []
    examples = Examples(dataset.smiles, dataset.columns)
    for column, weak in enumerate(supervisors):
        content = weak.content(examples)
        unlabelled = cells.predicted(roles.unlabelled, column)
        misfit, n_misfit = context.task.misfit(unlabelled), _said(unlabelled)
        for part, index in {**roles.parts, **roles.apart}.items():
            predicted = cells.predicted(index, column)
            measured = context.task.measured(predicted)
            beside = (misfit, n_misfit, measured["weak_error"] - misfit)
            rows.append(
                {
                    **shared,
                    "weak": weak.name,
                    "family": weak.family,
                    "hidden": weak.hidden,
                    "seed": weak.seed,
                    "taken": cells.taken[column],
                    "weak_sha256": content,
                    "eval_split": part,
                    "n": _said(predicted),
                    **measured,
                    **dict(zip(ON_UNLABELLED, beside, strict=True)),
                    **context.task.errors_beside(predicted),
                    **context.task.scores_of(predicted),
                    "weak_penalty": cells.weak_penalties[column],
                    "w2s_penalty": cells.made[STUDENT.name].penalties[column],
                    "ceiling_penalty": cells.made[CEILING.name].penalties[column],
                }
            )
    frame = pd.DataFrame(rows, columns=result_columns(context.task))
    for whole in ("hidden", "seed", "label_seed"):
        frame[whole] = frame[whole].astype("Int64")
    return frame


def _said(predicted: Predicted) -> int:
    """Return how many molecules the supervisor says something of."""
    return int((~np.isnan(predicted.weak)).sum())
