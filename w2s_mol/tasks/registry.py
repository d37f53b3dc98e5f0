"""Every task by its name; a new one is a module of its own and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.regression import Regression

if TYPE_CHECKING:
    import pandas as pd

REGRESSION = Regression()

TASKS: dict[str, Task] = {task.name: task for task in (REGRESSION,)}


def task_of(results: pd.DataFrame) -> Task:
    """Return the task that results are of; those that do not say it are of regression.

    In synthetic results ``task`` is the number of a finetuning task.
    """
    return TASKS[str(results["task_kind"].iloc[0])] if "task_kind" in results else REGRESSION
