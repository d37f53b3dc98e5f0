"""Every task by its name; a new one is a module of its own and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from w2s_mol.errors import unknown_name
from w2s_mol.tasks.binary import Binary
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.regression import Regression

if TYPE_CHECKING:
    import pandas as pd

REGRESSION, BINARY = Regression(), Binary()

TASKS: dict[str, Task] = {task.name: task for task in (REGRESSION, BINARY)}


TASK_KIND = "task_kind"
"""The column of results that says which; in synthetic results ``task`` is a number."""


def find_task(name: str) -> Task:
    """Return a task by its name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in TASKS:
        raise unknown_name("task", name, TASKS)
    return TASKS[name]


def task_of(results: pd.DataFrame) -> Task:
    """Return the task that results are of; those that do not say it are of regression.

    Raises
    ------
    InputError
        If it is none of these.
    """
    return find_task(str(results[TASK_KIND].iloc[0])) if TASK_KIND in results else REGRESSION
