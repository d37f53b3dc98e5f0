"""The tables of the named datasets, with the splits that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from w2s_mol.datasets.classes import NUMBERED
from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.moleculeace import CLIFF, MOLECULEACE
from w2s_mol.datasets.named import BUILTIN, CHEMBENCH, builtin_path, kind_of_named
from w2s_mol.datasets.own_settings import AnyTable, OwnTable
from w2s_mol.datasets.own_splits import made_splits
from w2s_mol.datasets.rows import Reading, read_rows
from w2s_mol.datasets.splits import column_split, file_split, validation_split
from w2s_mol.items.molecules import Molecules


def load_chembench(name: str, files: Sequence[Path], own: OwnTable, wanted: AnyTable) -> Dataset:
    """Return a ChemBench dataset from its files: the table and a pickle for each split."""
    spec = CHEMBENCH[name]
    table, *pickles = sorted(files, key=lambda path: (path.suffix == ".pkl", path.name))
    reading = Reading(
        spec.smiles_column, spec.target_column, (), ",", Molecules(wanted.max_atoms),
        wanted.columns, classes=NUMBERED if kind_of_named(name, wanted.task) == "binary" else None,
    )  # fmt: skip
    rows = read_rows(table, reading)
    usable = rows.usable(wanted.on_invalid)
    splits = []
    for path in [] if own.split_repeats else pickles:  # sorted by name, so by seed
        seed = path.name.split(".")[1].removeprefix(spec.splits)
        splits.append(Split(seed, *file_split(path, len(rows.lines), rows.table).parts().values()))
    dataset = rows.dataset(name, spec.target, spec.unit, splits, usable)
    if own.split_repeats:
        dataset.splits.extend(made_splits(dataset, own))
        dataset.notes.append(
            f"its splits are {own.split_repeats} {own.split} ones, made by seed: figures on the "
            "published splits are of other molecules"
        )
    if spec.kind == "binary" and dataset.kind != "binary":
        dataset.notes.append("labels are classes 0 and 1; errors are squared errors on them")
    return dataset


def load_moleculeace(name: str, table: Path, own: OwnTable, wanted: AnyTable) -> Dataset:
    """Return one of MoleculeACE's sets: the published test part, validation drawn by seed.

    Its activity cliffs are told apart.
    """
    one = MOLECULEACE[name]
    reading = Reading(
        "smiles",
        "y [pEC50/pKi]",
        ("split",),
        ",",
        Molecules(wanted.max_atoms),
        wanted.columns,
        apart=CLIFF,
    )
    rows = read_rows(table, reading)
    usable = rows.usable(wanted.on_invalid)
    published = column_split("published", rows.split_column(0), rows.lines, rows.table)
    splits = [validation_split(published.train, published.test, seed) for seed in own.seeds()]
    target = f"{one.label}, {one.acts_on}"
    dataset = rows.dataset(name, target, "log10 M", splits, usable)
    dataset.notes.append(
        f"labels are {one.label}, the negative log10 of mol/L; every split has the published test "
        "part, and for validation another eighth of the published train part"
    )
    return dataset


def load_builtin(own: OwnTable, wanted: AnyTable) -> Dataset:
    """Return the dataset that the project ships."""
    rows = read_rows(
        builtin_path(), Reading("smiles", "logp", delimiter=",", columns=wanted.columns)
    )
    usable = rows.usable("error")
    dataset = rows.dataset(BUILTIN, "Wildman-Crippen logP", "log10", [], usable)
    dataset.splits.extend(made_splits(dataset, own))
    dataset.notes.append("labels are computed, not measured: molecules and logP are made by code")
    return dataset
