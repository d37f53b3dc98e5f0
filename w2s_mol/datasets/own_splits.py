"""The splits of a user's own table: given by its columns or by files, or made."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.own_settings import OwnTable
from w2s_mol.datasets.rows import Rows
from w2s_mol.datasets.splits import (
    column_split,
    file_split,
    random_split,
    scaffold_split,
    stratified_split,
)
from w2s_mol.errors import InputError


def given_splits(rows: Rows, own: OwnTable) -> list[Split]:
    """Return the splits that columns or files say, of all rows; none if none is given.

    Raises
    ------
    InputError
        If both are given, one cannot be used, or two have one name.
    """
    if own.split_columns and own.split_files:
        raise InputError("both split columns and split files are given. Choose one.")
    by_column = [
        column_split(name, rows.split_column(number), rows.lines, rows.table, rows.word)
        for number, name in enumerate(own.split_columns)
    ]
    by_file = [file_split(Path(file), len(rows.lines), rows.table) for file in own.split_files]
    splits = by_column + by_file
    repeated = [name for name, count in Counter(s.name for s in splits).items() if count > 1]
    if repeated:
        raise InputError(f"two splits are called {repeated[0]!r}. Give each its own name.")
    return splits


def made_splits(dataset: Dataset, own: OwnTable) -> list[Split]:
    """Return a split for each seed, by the rule asked for.

    Raises
    ------
    InputError
        If there is no such rule or no seed, the molecules are too few, or shares of classes are
        to be kept where labels are numbers.
    """
    seeds = own.seeds()
    if own.split == "random":
        return [random_split(len(dataset), seed) for seed in seeds]
    if own.split == "scaffold":
        return [scaffold_split(dataset.smiles, seed) for seed in seeds]
    if own.split != "stratified":
        raise InputError(
            f"split is {own.split!r}. It should be one of: random, scaffold, stratified."
        )
    if dataset.classes is None:
        raise InputError(
            f"split is stratified, which keeps the shares of classes, and labels of {dataset.name} "
            "are numbers. It should be one of: random, scaffold."
        )
    return [stratified_split(dataset.labels, dataset.classes, seed) for seed in seeds]
