"""From a run to one model that learnt from all labelled molecules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import numpy as np

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.named import SETS, dataset_names
from w2s_mol.datasets.rules import ROWS
from w2s_mol.embeddings.finding import Finder
from w2s_mol.embeddings.reader import Reader
from w2s_mol.errors import InputError
from w2s_mol.heads.again import Again, Remembering
from w2s_mol.heads.fitter import FitHead
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Rows
from w2s_mol.heads.penalties import middle_penalty
from w2s_mol.heads.rules import Teach
from w2s_mol.models.model import Model
from w2s_mol.prediction.choosing import Choice, validated
from w2s_mol.prediction.fitted import FittedModel
from w2s_mol.prediction.intervals import half_width
from w2s_mol.progress import Progress, silent
from w2s_mol.runs import FinishedRun
from w2s_mol.settings_check import made
from w2s_mol.students.contract import Student, Teaching
from w2s_mol.students.registry import find_students
from w2s_mol.study.cell import shown
from w2s_mol.study.config import ALL, StudyConfig
from w2s_mol.study.inputs import load_datasets
from w2s_mol.study.kept_models import KeptModel
from w2s_mol.study.prediction_tables import MOLECULES
from w2s_mol.study.protocols import PROTOCOLS
from w2s_mol.study.usable import usable
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.supervisors.names import columns_of
from w2s_mol.supervisors.registry import find_supervisors
from w2s_mol.supervisors.top import mean_of_taken
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import task_of
from w2s_mol.uses.contract import Known, Use
from w2s_mol.uses.corrected import Both
from w2s_mol.uses.plain import Direct
from w2s_mol.uses.registry import USES, WEAK


def fit(
    run: FinishedRun, choice: Choice, finder: Finder, progress: Progress = silent
) -> FittedModel:
    """Fit the models of a use on all labelled molecules of a run's dataset.

    Parameters
    ----------
    run
        Whose dataset and encoders are found again, as its settings name them.
    choice
        Of its models: their penalties and weights are taken, in the middle.
    finder
        How encoders and data are found; its pooling is the run's.
    progress
        Told what is computed.

    Raises
    ------
    InputError
        If the dataset or an encoder is not what it was in the run, or cannot be found; or if the
        run had a number of the labels drawn: penalties for few are none for all.
    """
    labels = str(choice.keys["labels"])
    if labels != ALL:
        raise InputError(
            f"{run.folder} chose its penalties for {labels} labels, which do not suit a model of "
            f"all. Run the study with --labels {ALL}, and fit from that."
        )
    task = task_of(choice.results)
    config = replace(made(StudyConfig, dict(run.manifest["config"])), task=task.name)
    finder = replace(finder, pooling=config.pooling, items=config.items)
    row = choice.results.iloc[0]
    _check_files(config, run)
    every = load_datasets(config, finder, columns_of(config.weak))
    dataset = _same([_as_used(d, run) for d in every], row["dataset"], row["dataset_sha256"])
    teachers = find_supervisors(config.weak, finder)
    named = (choice.family, choice.weak)
    supervisor = next((one for one in teachers if (one.family, one.name) == named), None)
    students = find_students(config.strong, teachers, finder)
    student = _same(students, row["strong"], row["strong_sha256"])
    if supervisor is None:
        raise _other(choice.weak, row["weak_sha256"])
    teacher = mean_of_taken(supervisor, choice.taken) if choice.taken else supervisor
    readers: list[Reader] = [supervisor, *([] if choice.use == WEAK else [student])]
    kept = usable(dataset, readers, strict=config.on_invalid == "error", progress=progress).kept
    if supervisor.content(Examples(kept.smiles, kept.columns)) != row["weak_sha256"]:
        raise _other(choice.weak, row["weak_sha256"])
    usual = task.fitter(config.head_settings)
    said = None if choice.use == Direct.name else _said(kept, teacher, config, usual, task)
    models = _fitted(kept, teacher, said, student, choice, usual, task, config.teach)
    return FittedModel(choice.use, *models, _facts(run, config, choice, kept))


def _check_files(config: StudyConfig, run: FinishedRun) -> None:
    """Raise InputError if tables that the run was given are not where it was started."""
    named = {*dataset_names(), *SETS, ROWS}
    for name in (*config.dataset, *config.unlabelled):
        if name not in named and not Path(name).exists():
            raise InputError(
                f"{run.folder} read the table {name}, which is not here. Fit in the folder that "
                "the run was started in, or put the table back."
            )


def _said(
    dataset: Dataset, supervisor: Supervisor, config: StudyConfig, usual: FitHead, task: Task
) -> WeakLabels:
    """Return what a supervisor says that learnt from all labels, each head as on the splits."""
    examples = Examples(dataset.smiles, dataset.columns)

    def lesson(learn: Rows, choose: Rows, rule: FitHead) -> Lesson:
        truth = shown(dataset.labels, learn, choose)
        return Lesson(examples, truth, learn, choose, np.arange(len(dataset)), rule, task.name)

    chosen = []
    for split in dataset.splits:
        roles, heads = PROTOCOLS[config.protocol].roles(split, config.seed), Remembering(usual)
        supervisor.labels(lesson(roles.supervisor_learns, roles.supervisor_chooses, heads))
        chosen.append(heads.chosen)
    labelled = np.flatnonzero(~np.isnan(dataset.labels))
    said = supervisor.labels(lesson(labelled, labelled, Again(chosen, usual)))
    return replace(said, labels=task.said(said.labels, supervisor.name))


def _fitted(
    dataset: Dataset,
    supervisor: Supervisor,
    said: WeakLabels | None,
    student: Student,
    choice: Choice,
    usual: FitHead,
    task: Task,
    teach: Teach,
) -> tuple[Model | None, Model | None]:
    """Return the student's model and the supervisor's, as far as the use needs them."""
    every = np.arange(len(dataset))
    labelled = np.flatnonzero(~np.isnan(dataset.labels))
    examples = Examples(dataset.smiles, dataset.columns)
    if said is None:
        said = WeakLabels(np.full(len(dataset), np.nan))
    if choice.use == WEAK:
        return None, said.model
    known = Known(
        weak=said.labels[:, None],
        taught_weak=task.taught(said.labels[:, None], teach),
        had=dataset.labels,
        of_student=dataset.labels,
        labelled=labelled,
        judged=labelled,
        taught=every,
        chosen=every,
        read=every,
        everything=every,
        loss=task.loss,
    )
    use = _use(choice)
    teaching = Teaching(examples, [supervisor], _rule(choice.students, usual), task.name)
    learned = student.learn(teaching, use.exercises(known))
    [model] = use.made(known, learned).models
    return model, said.model if use.reads_weak else None


def _use(choice: Choice) -> Use:
    use = USES[choice.use]
    if isinstance(use, Both):
        return Both((middle_penalty(_of(choice.students, "weight")),))
    return use


def _rule(kept: Sequence[KeptModel], usual: FitHead) -> FitHead:
    """Return the run's rule for heads, at the penalty in the middle where it has one."""
    penalty = middle_penalty(_of(kept, "penalty"))
    return usual if isnan(penalty) else usual.at(penalty)


def _of(kept: Sequence[KeptModel], what: str) -> Array:
    return np.array([getattr(one, what) for one in kept], dtype=np.float64)


def _as_used(dataset: Dataset, run: FinishedRun) -> Dataset:
    """Return the molecules of a dataset that the run could use."""
    molecules = run.table(MOLECULES)
    used = molecules["row"][molecules["dataset"] == dataset.name]
    return dataset.keep(np.isin(dataset.rows, used)) if len(used) else dataset


def _same(found: Sequence[Any], name: str, sha256: str) -> Any:
    """Return the one with a name, or raise InputError if its content is not the run's."""
    for one in found:
        if one.name == name and one.sha256 == sha256:
            return one
    raise _other(name, sha256)


def _other(name: str, sha256: str) -> InputError:
    return InputError(
        f"{name} has another content than in the run, where its sha256 is {sha256[:12]}. Restore "
        "it, or run the study again."
    )


def _facts(
    run: FinishedRun, config: StudyConfig, choice: Choice, dataset: Dataset
) -> dict[str, Any]:
    row, task = choice.results.iloc[0], task_of(choice.results)
    width = half_width([one.misses for one in choice.kept], validated(run, choice))
    chosen = {
        f"{name} {what}": value
        for name, kept in (("student", choice.students), ("supervisor", choice.supervisors))
        for what in ("penalty", "weight")
        if not isnan(value := middle_penalty(_of(kept, what)))
    }
    return {
        "dataset": str(row["dataset"]),
        "dataset_sha256": str(row["dataset_sha256"]),
        "unit": str(row["unit"]),
        "classes": list(choice.classes) if choice.classes else None,
        "molecules": len(dataset),
        "labelled": int((~np.isnan(dataset.labels)).sum()),
        "weak": choice.weak,
        "weak_sha256": str(row["weak_sha256"]),
        "taken": list(choice.taken),
        "strong": str(row["strong"]),
        "strong_sha256": str(row["strong_sha256"]),
        "what": "the supervisor's labels" if choice.use == WEAK else USES[choice.use].what,
        "head": ", ".join(filter(None, (config.head, config.teaching(task.name)))),
        "chosen": chosen,
        "protocol": config.protocol,
        "labels": str(choice.keys["labels"]),
        "splits": len(choice.kept),
        "study": run.id if "study" in run.manifest else "",
        "error": task.error,
        "error_unit": task.error_unit(row["unit"]),
        "errors": _errors(choice),
        "half_width": width if isfinite(width) else None,
        "items": config.items.name,
        "max_atoms": config.max_atoms,
    }


def _errors(choice: Choice) -> dict[str, dict[str, float | None]]:
    """Return mean errors over splits: of the use, and of what it should be better than."""
    rows = choice.results.drop_duplicates(["split_sha256", "eval_split"])
    parts = {part: rows[rows["eval_split"] == part] for part in ("valid", "test")}
    uses = dict.fromkeys((choice.use, WEAK, "direct", "mean"))
    return {
        use: {
            part: float(mean) if isfinite(mean := of_part[f"{use}_error"].mean()) else None
            for part, of_part in parts.items()
        }
        for use in uses
    }
