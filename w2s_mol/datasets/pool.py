"""Molecules without a label that may serve a student: a table's own, and those of other tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.formats import looks_like_a_table
from w2s_mol.datasets.own_settings import AnyTable
from w2s_mol.datasets.repeated import numbered
from w2s_mol.datasets.rows import Reading, read_rows
from w2s_mol.datasets.rules import ROWS
from w2s_mol.errors import InputError
from w2s_mol.items.contract import Items


def pool_files(unlabelled: Sequence[str]) -> list[Path]:
    """Return the tables among what is said of molecules without a label, each once.

    Raises
    ------
    InputError
        If one is neither a table nor the word for a table's own rows.
    """
    paths = [Path(name) for name in dict.fromkeys(unlabelled) if name != ROWS]
    for path in paths:
        if not path.exists() and not looks_like_a_table(path):
            raise InputError(
                f"unlabelled is {str(path)!r}. It should be {ROWS!r}, for the rows of your own "
                "table that have no label, or the path of a table."
            )
    return paths


def read_pool(path: Path, item_column: str, items: Items, wanted: AnyTable) -> Dataset:
    """Return the molecules of a table whose labels are not read, without splits.

    Columns of numbers that it lacks are NaN.

    Raises
    ------
    InputError
        If it cannot be read, or no row can be used.
    """
    reading = Reading(
        item_column, None, items=items, columns=wanted.columns, without_label="kept",
    )  # fmt: skip
    rows = read_rows(path, reading)
    return rows.dataset(rows.table, "", "", [], rows.usable_pool(wanted.on_invalid))


def joined(dataset: Dataset, pool: Dataset, first_row: int = 0) -> Dataset:
    """Return a dataset followed by molecules that are in no part of its splits.

    Parameters
    ----------
    dataset, pool
        With the same columns.
    first_row
        What the row numbers of ``pool`` begin with: no two molecules may have one number.
    """
    return replace(
        dataset,
        smiles=[*dataset.smiles, *pool.smiles],
        labels=np.concatenate([dataset.labels, np.full(len(pool), np.nan)]),
        lines=[*dataset.lines, *pool.lines],
        rows=[*dataset.rows, *(first_row + row for row in pool.rows)],
        columns={
            name: np.concatenate([numbers, pool.columns[name]])
            for name, numbers in dataset.columns.items()
        },
        origins=[one.origin(row) for one in (dataset, pool) for row in range(len(one))],
        apart=dataset.apart and dataset.apart.followed(len(pool), pool.apart),
    )


def with_tables(dataset: Dataset, paths: Sequence[Path], column: str, wanted: AnyTable) -> Dataset:
    """Return a dataset followed by the items of some tables, which are in a column of each.

    Raises
    ------
    InputError
        If one cannot be read, or no row of it can be used.
    """
    for path in paths:
        pool = read_pool(path, column, dataset.items, wanted)
        dataset = joined(dataset, pool, max(dataset.rows) + 1)
        dataset.notes.extend(f"{path.name}: {note}" for note in pool.notes)
    return dataset


def sifted(dataset: Dataset) -> Dataset:
    """Leave out molecules without a label that a student may not learn of, and count them.

    These are the ones in a validation or test part of a split, by their key (canonical SMILES),
    and those that stand there twice.

    Raises
    ------
    InputError
        If none is left.
    """
    pool = dataset.unlabelled
    if not len(pool):
        return dataset
    items = dataset.items
    molecules = numbered(map(items.key, dataset.smiles))
    held = np.isin(molecules[pool], molecules[_rows(dataset.splits, "valid", "test")])
    first = np.zeros(len(pool), dtype=bool)
    first[np.unique(molecules[pool], return_index=True)[1]] = True
    taught = np.isin(molecules[pool], molecules[_rows(dataset.splits, "train")])
    kept = first & ~held
    if not kept.any():
        raise InputError(
            f"{dataset.name}: all {len(pool):,} {items.name} without a label are in a validation "
            "or test part too, and a student may not learn of those. Give others with "
            "--unlabelled, or leave it out."
        )
    keep = np.ones(len(dataset), dtype=bool)
    keep[pool] = kept
    smaller = dataset.keep(keep)
    smaller.notes.append(f"{_counted(kept, items)} in no part: students learn their weak labels")
    for which, what in (
        (held, "left out for being in a validation or test part too"),
        (~first & ~held, "left out for standing there more than once"),
        (taught & kept, "in a train part too"),
    ):
        if which.any():
            smaller.notes.append(f"{_counted(which, items)} {what}")
    return smaller


def _rows(splits: Sequence[Split], *parts: str) -> NDArray[np.int64]:
    return np.unique(np.concatenate([split.parts()[part] for split in splits for part in parts]))


def _counted(which: NDArray[np.bool_], items: Items) -> str:
    count = int(which.sum())
    return f"{count:,} {items.one if count == 1 else items.name} without a label"
