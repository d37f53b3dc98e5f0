"""The molecules of a task without their labels: which are learned, and which are left out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_mol import files
from w2s_mol.adaptation.config import AdaptationConfig
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.own_settings import AnyTable
from w2s_mol.datasets.pool import pool_files, read_pool
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.items.molecules import Molecules
from w2s_mol.molecules.smiles import skeletons_of
from w2s_mol.pretraining.corpus import CorpusSettings, PreparedCorpus, parted, prepare_corpus
from w2s_mol.pretraining.shards import Preparation
from w2s_mol.study.inputs import load_datasets

_HELD_OUT_EVERY = 10
_MOST_HELD_OUT = 1_000


@dataclass(frozen=True)
class TaskMolecules:
    """The molecules of some datasets and pools, in order, whichever may be learned.

    Attributes
    ----------
    names
        Of the datasets and pools.
    smiles
        ``n`` SMILES.
    skeletons
        Their canonical SMILES without stereo and isotopes.
    of_test
        Shape (n,): whose skeleton is in a test part of any split of any of the datasets.
    account
        The content of each dataset and pool, as JSON.
    notes
        What a user should know of them.
    """

    names: tuple[str, ...]
    smiles: list[str]
    skeletons: list[str]
    of_test: NDArray[np.bool_]
    account: dict[str, Any]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Parts:
    """What is learned, and on what the losses are told.

    Attributes
    ----------
    train
        The molecules that are learned.
    held_out
        Molecules that are not learned.
    of_test
        Whether those are test molecules; else they are every tenth of all, at most 1,000.
    seen
        The skeletons of those that are learned.
    """

    train: PreparedCorpus
    held_out: PreparedCorpus
    of_test: bool
    seen: frozenset[str]


def task_molecules(config: AdaptationConfig, finder: Finder) -> TaskMolecules:
    """Load the molecules that are asked for.

    Raises
    ------
    InputError
        If a dataset or pool cannot be used.
    DownloadError
        If a dataset cannot be fetched.
    """
    datasets = load_datasets(config.study(), finder) if config.dataset else []
    pools = {path: _pool(path, config) for path in pool_files(config.unlabelled)}
    every = [*datasets, *pools.values()]
    smiles = [text for one in every for text in one.smiles]
    skeletons = skeletons_of(smiles)
    test: set[str] = set()
    start = 0
    for dataset in datasets:
        rows = np.unique(np.concatenate([split.test for split in dataset.splits])) + start
        test.update(skeletons[row] for row in rows)
        start += len(dataset)
    account = {
        "datasets": {one.name: _content(one) for one in datasets},
        "pools": [{"name": path.name, "sha256": files.sha256_file(path)} for path in pools],
    }
    return TaskMolecules(
        names=(*(one.name for one in datasets), *(path.stem for path in pools)),
        smiles=smiles,
        skeletons=skeletons,
        of_test=np.array([skeleton in test for skeleton in skeletons], dtype=bool),
        account=account,
        notes=[f"{one.name}: {note}" for one in every for note in one.notes],
    )


def parts_of(
    molecules: TaskMolecules, config: AdaptationConfig, workers: int | None, finder: Finder
) -> Parts:
    """Prepare molecules, and say which are learned.

    Raises
    ------
    InputError
        If none is left to be learned.
    """
    everything = _prepared(molecules, config, workers, finder)
    of_test = molecules.of_test[everything.lines - 1]
    learnable = everything if config.transductive else everything.taken(~of_test)
    if not len(learnable):
        raise InputError(
            f"all {len(everything):,} molecules of {', '.join(molecules.names)} are in the test "
            "part of one of the splits, and nothing is left to be learned. Ask for fewer splits, "
            "give other molecules with --unlabelled, or pass --transductive to learn test "
            "molecules too."
        )
    tested = everything.taken(of_test)
    if config.transductive or not len(tested):
        if len(learnable) < _HELD_OUT_EVERY:
            raise InputError(
                f"{', '.join(molecules.names)}: {len(learnable)} molecules that can be learned are "
                f"too few to hold some out for the loss. Give {_HELD_OUT_EVERY} or more."
            )
        train, held_out = parted(learnable, _HELD_OUT_EVERY, _MOST_HELD_OUT)
        on_test = False
    else:
        _, held_out = parted(tested, -(-len(tested) // _MOST_HELD_OUT), _MOST_HELD_OUT)
        train, on_test = learnable, True
    seen = frozenset(molecules.skeletons[line - 1] for line in train.lines)
    return Parts(train, held_out, on_test, seen)


def _pool(path: Path, config: AdaptationConfig) -> Dataset:
    wanted = AnyTable((), config.on_invalid, config.max_atoms)
    return read_pool(path, config.smiles_column, Molecules(config.max_atoms), wanted)


def _content(dataset: Dataset) -> dict[str, Any]:
    splits = {split.name: split.sha256 for split in dataset.splits}
    return {"sha256": dataset.sha256, "molecules": len(dataset), "splits": splits}


def _prepared(
    molecules: TaskMolecules, config: AdaptationConfig, workers: int | None, finder: Finder
) -> PreparedCorpus:
    preparation = Preparation(config.renumberings, config.max_length, max_atoms=config.max_atoms)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{file_name(molecules.names)}.smi"
        files.write_text(path, "\n".join(molecules.smiles) + "\n")
        settings = CorpusSettings(preparation=preparation)
        return prepare_corpus(path, settings, None, workers, finder.progress)


def file_name(names: Sequence[str]) -> str:
    """Return what datasets and pools are called together in names of files.

    Examples
    --------
    >>> file_name(["moleculeace:CHEMBL204_Ki", "my library"])
    'moleculeace-CHEMBL204_Ki-my-library'
    """
    together = "-".join(names)
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in together)
