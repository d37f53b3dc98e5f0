"""A user's own table as a dataset."""

from __future__ import annotations

from pathlib import Path

from rdkit import rdBase

from w2s_mol.datasets.classes import Classes, classes_note, codes_note, found_classes
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.formats import dataset_name, looks_like_a_table
from w2s_mol.datasets.named import SETS, unknown_dataset
from w2s_mol.datasets.own_settings import AnyTable, OwnTable
from w2s_mol.datasets.own_splits import given_splits, made_splits
from w2s_mol.datasets.pool import joined
from w2s_mol.datasets.rows import Reading, read_rows
from w2s_mol.datasets.rules import ROWS
from w2s_mol.datasets.table import open_table, refuse_missing
from w2s_mol.errors import InputError
from w2s_mol.items.registry import items_of


def load_own(name: str, own: OwnTable, wanted: AnyTable) -> Dataset:
    """Return the usable rows of a table; arguments as in ``load_dataset``.

    Rows without a label follow the others, where they are asked for.

    Raises
    ------
    InputError
        If there is no such table, or it or a split cannot be used, or no label is missing where
        rows without one are asked for; of several targets, some may have all labels.
    """
    path = _path(name, own.target_column)
    target = own.target_column or ""
    classes = _classes(path, own, wanted)
    keep_all = ROWS in wanted.unlabelled
    reading = Reading(
        own.item_column,
        target,
        own.split_columns,
        own.delimiter,
        items_of(own.text_column, wanted.max_atoms),
        wanted.columns,
        "kept" if keep_all else "left out" if own.one_of_several else "fault",
        own.apart,
        classes,
    )
    rows = read_rows(path, reading)
    usable = rows.usable(wanted.on_invalid)
    unit = own.unit.strip() or OwnTable.unit
    given = given_splits(rows, own)
    called = dataset_name(path) + (f":{target}" if own.one_of_several else "")
    dataset = rows.dataset(called, target, unit, given, usable)
    if classes:
        dataset.notes.append(classes_note(rows.target, classes, wanted.task, own.positive))
    elif wanted.task == "auto" and (note := codes_note(rows.target, dataset.labels.tolist())):
        dataset.notes.append(note)
    if not given:
        try:
            dataset.splits.extend(made_splits(dataset, own))
        except InputError as error:
            where = called if own.one_of_several else path.name
            raise InputError(f"{where}: {error}") from error
    if not keep_all or (own.one_of_several and not rows.pool):
        return dataset
    return joined(
        dataset, rows.dataset(called, target, unit, [], rows.usable_pool(wanted.on_invalid))
    )


def _classes(path: Path, own: OwnTable, wanted: AnyTable) -> Classes | None:
    """Return the classes that the label's column holds, which is read for it beforehand."""
    with open_table(path, own.delimiter, wanted.max_atoms) as table, rdBase.BlockLogs():
        at = table.column(own.target_column or "")
        cells = (row.fields[at].strip() for row in table.rows if row.fault is None)
        where = f"column {table.header[at]!r} of {table.name}"
        return found_classes(where, cells, wanted.task, own.positive)


def _path(name: str, target_column: str | None) -> Path:
    path = Path(name)
    if name in SETS:
        raise InputError(f"{name!r} stands for {', '.join(SETS[name])}. Load one of them.")
    if not path.exists() and not looks_like_a_table(path):
        raise unknown_dataset(name)
    refuse_missing(path)
    if target_column is None:
        raise InputError(f"{path.name}: which column holds the label? Pass --target-column NAME.")
    return path
