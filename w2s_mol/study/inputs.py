"""The datasets of a study, loaded as its settings say, and what is to be said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np

from w2s_mol.crews.goods import Reads
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.local_files import source_files
from w2s_mol.datasets.named import BUILTIN, FETCHED, dataset_names, expand_datasets
from w2s_mol.datasets.own_settings import taken_by
from w2s_mol.datasets.rules import ROWS, LabelKind, TaskAsked
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.files import encoder_files
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import Rows
from w2s_mol.progress import Progress, silent
from w2s_mol.study import recent
from w2s_mol.study.config import StudyConfig
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.tasks.contract import Task
from w2s_mol.tasks.registry import find_task


def load_datasets(
    config: StudyConfig, finder: Finder, columns: Sequence[str] = ()
) -> list[Dataset]:
    """Load every dataset, each once, with the columns of numbers that are asked for.

    Raises
    ------
    InputError
        If one cannot be used, two are called alike or have items of two kinds, or molecules
        without a label are asked for and there is none.
    DownloadError
        If one cannot be fetched.
    """
    datasets = [
        dataset for name in _names(config) for dataset in _load(name, config, finder, columns)
    ]
    _check_alike(datasets)
    [(name, count)] = Counter(dataset.name for dataset in datasets).most_common(1)
    if count > 1:
        raise InputError(f"{count} datasets are called {name!r}. Rename one of the files.")
    if config.unlabelled and not any(len(dataset.unlabelled) for dataset in datasets):
        raise InputError(
            f"no row lacks a label of {', '.join(config.target_column)}, and --unlabelled "
            f"{ROWS} asks for such rows. Leave it out."
        )
    return datasets


def task_of_study(config: StudyConfig, datasets: Sequence[Dataset]) -> Task:
    """Return what the labels of a study's datasets are, as asked for or as they are seen to be.

    Raises
    ------
    InputError
        If some are numbers and others classes.
    """
    if config.task != "auto":
        return find_task(config.task)
    names = {kind: [d.name for d in datasets if d.kind == kind] for kind in _WORDS_OF_KINDS}
    if all(names.values()):
        said = "; ".join(f"{', '.join(n)}: {_WORDS_OF_KINDS[kind]}" for kind, n in names.items())
        raise InputError(
            f"labels are of two kinds, and a study is of one ({said}). Run each kind by itself, or "
            "pass --task regression to take classes 0 and 1 as numbers."
        )
    return find_task(datasets[0].kind)


def _check_alike(datasets: Sequence[Dataset]) -> None:
    of_items = {dataset.items.name: dataset.name for dataset in datasets}
    if len(of_items) > 1:
        [(one, first), (other, second)] = of_items.items()
        raise InputError(
            f"{first} is of {one} and {second} of {other}, and the encoders of a study read one of "
            "the two. Run a study of each."
        )


def remarks(
    dataset: Dataset,
    supervisors: Sequence[Supervisor],
    labelled: Rows,
    progress: Progress = silent,
) -> list[str]:
    """Return what supervisors have to say of a dataset, seeing the truth of its labelled rows.

    Raises
    ------
    InputError
        If one of them cannot teach anyone there.
    """
    examples = Examples(dataset.smiles, dataset.columns)
    truth = np.full(len(dataset), np.nan)
    truth[labelled] = dataset.labels[labelled]
    told = [remark for s in supervisors for remark in s.remarks(examples, truth, progress)]
    return list(dict.fromkeys(told))


def known_names(config: StudyConfig) -> set[str]:
    """Return which of a study's datasets are named ones, not files of the user's."""
    return {*dataset_names()} & {*_names(config)}


def study_files(config: StudyConfig, encoders: Iterable[EncoderRef]) -> Reads:
    """Return the files here that a study reads, but for those that the program ships."""
    found = Reads(named=tuple(_pools(config.unlabelled)))
    for name in _names(config):
        if name in FETCHED:
            found += Reads(own=tuple(source_files(name) or ()))
        elif name != BUILTIN:
            found += Reads(named=tuple(source_files(name, config.split_file) or ()))
    for encoder in encoders:
        found += encoder_files(encoder)
    return Reads(tuple(dict.fromkeys(found.own)), tuple(dict.fromkeys(found.named)))


_WORDS_OF_KINDS: dict[LabelKind, str] = {"regression": "numbers", "binary": "two classes"}


def _names(config: StudyConfig) -> list[str]:
    return list(dict.fromkeys(n for name in config.dataset for n in expand_datasets(name)))


def _load(
    name: str, config: StudyConfig, finder: Finder, columns: Sequence[str]
) -> Iterator[Dataset]:
    """Yield the dataset of a name, or of each target of a table of one's own."""
    own = _own_settings(name, config)
    targets = list(dict.fromkeys(own.pop("target_column", ()))) or [None]
    own["one_of_several"] = len(targets) > 1
    limits: dict[str, Any] = {
        "task": _kind_asked(config.task),
        "unlabelled": _unlabelled(name, config),
        "on_invalid": config.on_invalid,
        "max_atoms": config.max_atoms,
    }
    access: dict[str, Any] = {
        "mirror": finder.mirror,
        "offline": finder.offline,
        "progress": finder.progress,
    }
    read = source_files(name, () if name in dataset_names() else config.split_file)
    for target in targets:
        said = {"target_column": target, "columns": tuple(columns), **limits, **own}
        load = partial(load_dataset, name, **said, **access)
        every = [*read, *_pools(limits["unlabelled"])] if read else []
        yield recent.dataset(name, said, every, load) if every else load()


def _pools(unlabelled: Iterable[str]) -> list[Path]:
    return [Path(name) for name in unlabelled if name != ROWS]


def _kind_asked(task: str) -> str:
    """Return what labels are read as: those of a task that was added are numbers."""
    return task if task in get_args(TaskAsked) else "regression"


def _unlabelled(name: str, config: StudyConfig) -> list[str]:
    """Return what is said of molecules without a label: only one's own table has such rows."""
    no_own = {*_names(config)} <= {*dataset_names()}
    return [n for n in config.unlabelled if n != ROWS or no_own or name not in dataset_names()]


def _own_settings(name: str, config: StudyConfig) -> dict[str, Any]:
    """Return what the options on tables say to a dataset."""
    given: dict[str, Any] = {
        "smiles_column": config.smiles_column,
        "text_column": config.text_column,
        "target_column": config.target_column,
        "positive": config.positive,
        "unit": config.unit,
        "split_columns": config.split_column,
        "split_files": config.split_file,
        "split": config.split,
        "split_seeds": config.split_seeds,
        "split_repeats": config.split_repeats,
        "delimiter": config.delimiter,
        "apart": config.apart,
    }
    # What another dataset takes may be meant for that one; what none takes is refused.
    repeated, pooled = bool(config.split_repeats), any(n != ROWS for n in config.unlabelled)
    taken = {n: taken_by(n, repeated=repeated, pooled=pooled) for n in _names(config)}
    elsewhere = set().union(*taken.values())
    return {n: v for n, v in given.items() if n in taken[name] or n not in elsewhere}
