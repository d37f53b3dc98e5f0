"""A user's own table as a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.formats import dataset_name, looks_like_a_table
from w2s_mol.datasets.named import ALL, PAPER_DATASETS, dataset_names
from w2s_mol.datasets.own_settings import OwnTable
from w2s_mol.datasets.own_splits import given_splits, made_splits
from w2s_mol.datasets.rows import Reading, read_rows
from w2s_mol.datasets.rules import OnInvalid
from w2s_mol.errors import InputError, unknown_name


def load_own(
    name: str, own: OwnTable, columns: Sequence[str], on_invalid: OnInvalid, max_atoms: int
) -> Dataset:
    """Return the usable rows of a table; arguments as in ``load_dataset``.

    Raises
    ------
    InputError
        If there is no such table, or it or a split cannot be used.
    """
    path = _path(name, own.target_column)
    target = own.target_column or ""
    reading = Reading(
        own.smiles_column, target, own.split_columns, own.delimiter, max_atoms, columns
    )
    rows = read_rows(path, reading)
    usable = rows.usable(on_invalid)
    unit = own.unit.strip() or OwnTable.unit
    given = given_splits(rows, own)
    dataset = rows.dataset(dataset_name(path), target, unit, given, usable)
    if not given:
        try:
            dataset.splits.extend(made_splits(dataset.smiles, own))
        except InputError as error:
            raise InputError(f"{path.name}: {error}") from error
    return dataset


def _path(name: str, target_column: str | None) -> Path:
    path = Path(name)
    if name == ALL:
        raise InputError(f"'all' stands for {', '.join(PAPER_DATASETS)}. Load one of them.")
    if not path.exists() and not looks_like_a_table(path):
        raise unknown_name("dataset", name, [*dataset_names(), ALL], "Or give the path of a CSV.")
    if target_column is None:
        raise InputError(f"{path.name}: which column holds the label? Pass --target-column NAME.")
    return path
