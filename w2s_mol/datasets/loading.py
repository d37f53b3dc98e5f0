"""From a dataset's name, or a user's table, to molecules, labels and splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from w2s_mol.datasets.classes import NUMBERED
from w2s_mol.datasets.dataset import Dataset, check_splits, identical_splits
from w2s_mol.datasets.fetch import fetch
from w2s_mol.datasets.moleculeace import MOLECULEACE
from w2s_mol.datasets.named import BUILTIN, CHEMBENCH, FETCHED, dataset_names, kind_of_named
from w2s_mol.datasets.named_tables import load_builtin, load_chembench, load_moleculeace
from w2s_mol.datasets.own_settings import AnyTable, OwnTable, taken_by
from w2s_mol.datasets.own_table import load_own
from w2s_mol.datasets.pool import pool_files, sifted, with_tables
from w2s_mol.datasets.repeated import repeated_note
from w2s_mol.datasets.rules import DEFAULT_SEEDS, ROWS, OnInvalid, SplitRule, TaskAsked
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MAX_ATOMS, check_max_atoms
from w2s_mol.progress import Progress, silent
from w2s_mol.settings_check import check

_BALANCED = (0.1, 0.9)
"""Shares of a class beyond which one is rare."""


def load_dataset(
    name: str,
    *,
    smiles_column: str = "smiles",
    target_column: str | None = None,
    task: TaskAsked = "auto",
    positive: str | None = None,
    one_of_several: bool = False,
    unit: str = "label units",
    split_columns: Sequence[str] = (),
    split_files: Sequence[str | Path] = (),
    split: SplitRule = "random",
    split_seeds: Sequence[int] = DEFAULT_SEEDS,
    split_repeats: int = 0,
    delimiter: str | None = None,
    apart: str | None = None,
    text_column: str | None = None,
    columns: Sequence[str] = (),
    unlabelled: Sequence[str] = (),
    on_invalid: OnInvalid = "error",
    max_atoms: int = MAX_ATOMS,
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
) -> Dataset:
    """Load a dataset with its splits.

    Parameters
    ----------
    name
        ``esol``, ``freesolv``, ``lipop``, ``bace`` or ``bbbp`` (fetched on first use, with
        ChemBench's three splits), ``moleculeace:CHEMBL204_Ki`` and its like (thirty sets of
        potencies, activity cliffs told apart; the published test part, and an eighth of the train
        part drawn for validation, once for each of ``split_seeds``), ``computed-logp`` (ships with
        the package; its labels are computed, not measured), or the path of a table (see
        ``open_table`` for what is read). What follows, up to ``apart``, applies to a table alone
        unless said otherwise.
    smiles_column, target_column, unit
        The columns of the SMILES and of the label, and the label's unit.
    task
        What labels are read as: ``regression``, numbers; ``binary``, two classes; ``auto``, two
        classes where a column holds two words or two whole numbers. Of any dataset.
    positive
        The word or number for the class that is 1; see ``classes.found_classes``.
    one_of_several
        Whether the table has several labels, of which this is one: the dataset is called
        ``NAME:TARGET``, and rows without this label are left out and counted.
    split_columns
        Columns that say ``train``, ``valid`` or ``test`` on every row, one split each.
    split_files
        Files of row numbers, one split each; see ``file_split``.
    split, split_seeds
        Without the two above: ``random``, ``scaffold`` or ``stratified`` (with the shares of both
        classes in each part) 80/10/10 splits, one for each seed.
    split_repeats
        So many such splits, of seeds 0, 1, ..., of any dataset and instead of its own. Those of
        MoleculeACE's sets are draws of the validation part; the test part stays as published.
    delimiter
        Between the columns: one character, or comma, semicolon, tab or blank. Found by default.
    text_column
        The column of plain texts, of a table whose items are these and no molecules.
    apart
        Column of 0 and 1 (or true and false) that says which molecules' errors are told apart as
        well; nothing is said of a molecule where it is empty.
    columns
        Columns of numbers, of the table or of the named dataset's, to come with the molecules as
        ``Dataset.columns``; NaN where a cell is empty. The label's own may be one of them.
    unlabelled
        Molecules without a label that follow the others, in no part of any split: ``rows`` for
        those of a table of one's own, and paths of tables with the same column of SMILES, whose
        labels are not read and whose missing columns are NaN. Left out and counted are those that
        are in a validation or test part as well.
    on_invalid
        ``error`` stops where rows cannot be used and lists them; ``skip`` leaves such rows out
        and counts them in the dataset's notes.
    max_atoms
        Molecules of more atoms cannot be used; at most 5,000.
    mirror, offline, progress
        As in ``fetch``.

    Raises
    ------
    InputError
        If there is no such dataset, or its table or a split cannot be used; the message names
        file and line.
    DownloadError
        If it cannot be fetched.

    Examples
    --------
    >>> len(load_dataset("computed-logp"))
    2400
    """
    own = OwnTable(
        smiles_column, target_column, one_of_several, unit, tuple(split_columns),
        tuple(split_files), split, tuple(split_seeds), delimiter, split_repeats, apart,
        positive, text_column,
    )  # fmt: skip
    pools = pool_files(unlabelled)
    taken = taken_by(name, repeated=bool(split_repeats), pooled=bool(pools))
    others = [setting for setting in own.given() if setting not in taken]
    if others:
        raise InputError(
            f"{name} has its own columns and splits; options such as {others[0]!r} are for a "
            "CSV of your own. Leave them out."
        )
    if on_invalid not in ("error", "skip"):
        raise InputError(f"on_invalid is {on_invalid!r}. It should be one of: error, skip.")
    if ROWS in unlabelled and name in dataset_names():
        raise InputError(
            f"every molecule of {name} has a label, and unlabelled is {ROWS!r}. Give the path of a "
            "table of others, or leave it out."
        )
    check_max_atoms(max_atoms)
    if text_column is not None and max_atoms != MAX_ATOMS:
        raise InputError(
            f"max_atoms is {max_atoms:,}, and the items are texts, which have none. Leave it out: "
            "how long a text may be is each encoder's to say."
        )
    wanted = AnyTable(columns, on_invalid, max_atoms, unlabelled, check("task", task, TaskAsked))
    if name in dataset_names():
        kind_of_named(name, wanted.task)  # before anything is fetched
    fetched = fetch(name, mirror, offline, progress) if name in FETCHED else []
    if name in CHEMBENCH:
        dataset = load_chembench(name, fetched, own, wanted)
    elif name in MOLECULEACE:
        dataset = load_moleculeace(name, fetched[0], own, wanted)
    elif name == BUILTIN:
        dataset = load_builtin(own, wanted)
    else:
        dataset = load_own(name, own, wanted)
    check_splits(dataset)
    dataset.notes.extend(_notes(dataset))
    return sifted(with_tables(dataset, pools, own.item_column, wanted))


def _notes(dataset: Dataset) -> list[str]:
    notes = repeated_note(dataset)
    if identical_splits(dataset.splits):
        names = ", ".join(split.name for split in dataset.splits)
        notes.append(f"splits {names} are identical: a spread over them means nothing")
    return notes + _notes_on_balance(dataset) + _notes_apart(dataset)


def _notes_on_balance(dataset: Dataset) -> list[str]:
    """Say how many labels are of the class that is 1, and what to think of few or many."""
    if dataset.classes is None:
        return []
    labels = dataset.labels[~np.isnan(dataset.labels)]
    share = labels.mean()
    word = "" if dataset.classes == NUMBERED.words else f" ({dataset.classes[1]!r})"
    note = f"{_percent(share)} of {len(labels):,} labels are 1{word}"
    if _BALANCED[0] <= share <= _BALANCED[1]:
        return [note]
    rare = dataset.classes[int(share < _BALANCED[0])]
    right = _percent(max(share, 1 - share))
    return [f"{note}: few are {rare!r}, and to say the other class of everyone is right of {right}"]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _notes_apart(dataset: Dataset) -> list[str]:
    """Say of whom nothing can be told apart; raise InputError if that is everyone."""
    apart = dataset.apart
    if apart is None:
        return []
    column = f"column {apart.column!r}"
    without = [split.name for split in dataset.splits if not len(apart.among(split.test))]
    if len(without) == len(dataset.splits):
        raise InputError(
            f"{column} of {dataset.name} is 1 for none of the test {dataset.items.name}, so that "
            "there are no errors to tell apart. Give another column with --apart, or leave it out."
        )
    notes = []
    if empty := int(np.isnan(apart.marks).sum()):
        notes.append(
            f"{column} is empty for {empty:,} {dataset.items.name}, which are not told apart"
        )
    if without:
        notes.append(
            f"{column} is 1 for no test {dataset.items.one} of split {', '.join(without)}: "
            "errors apart are of the other splits"
        )
    return notes
