"""How a finished run's dataset calls its two classes."""

from __future__ import annotations

from w2s_mol.datasets.classes import NUMBERED
from w2s_mol.run_record import RESULTS
from w2s_mol.runs import FinishedRun
from w2s_mol.tasks.registry import BINARY, task_of


def class_words(run: FinishedRun, dataset: str) -> tuple[str, str] | None:
    """Return the words for 0 and 1; None where labels are numbers.

    Parameters
    ----------
    run
        A study. Where its manifest is lost, so are the words, and the numbers stand for them.
    dataset
        One of its datasets, by name.
    """
    results = run.table(RESULTS)
    if task_of(results[results["dataset"] == dataset]) != BINARY:
        return None
    said = run.manifest.get("datasets", {}).get(dataset, {})
    zero, one = said.get("classes", NUMBERED.words)
    return zero, one


def spoken(words: tuple[str, str], label: int) -> str:
    """Return what a sentence calls a class: ``class 1`` where its word is the number alone."""
    return f"class {label}" if words[label] == str(label) else words[label]
