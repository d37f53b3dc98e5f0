"""The tables of the named datasets, with the splits that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.named import BUILTIN, CHEMBENCH, builtin_path
from w2s_mol.datasets.rows import Reading, read_rows
from w2s_mol.datasets.rules import DEFAULT_SEEDS, OnInvalid
from w2s_mol.datasets.splits import file_split, random_split


def load_chembench(
    name: str, files: Sequence[Path], columns: Sequence[str], on_invalid: OnInvalid, max_atoms: int
) -> Dataset:
    """Return a ChemBench dataset from its files: the table and a pickle for each split."""
    spec = CHEMBENCH[name]
    table, *pickles = sorted(files, key=lambda path: (path.suffix == ".pkl", path.name))
    reading = Reading(
        spec.smiles_column, spec.target_column, (), ",", max_atoms=max_atoms, columns=columns
    )
    rows = read_rows(table, reading)
    usable = rows.usable(on_invalid)
    splits = []
    for path in pickles:  # sorted by name, so by seed
        seed = path.name.split(".")[1].removeprefix(spec.splits)
        splits.append(Split(seed, *file_split(path, len(rows.lines), rows.table).parts().values()))
    dataset = rows.dataset(name, spec.target, spec.unit, splits, usable)
    if spec.task == "classification":
        dataset.notes.append("labels are classes 0 and 1; errors are squared errors on them")
    return dataset


def load_builtin(columns: Sequence[str]) -> Dataset:
    """Return the dataset that the project ships."""
    rows = read_rows(builtin_path(), Reading("smiles", "logp", delimiter=",", columns=columns))
    splits = [random_split(len(rows.lines), seed) for seed in DEFAULT_SEEDS]
    usable = rows.usable("error")
    dataset = rows.dataset(BUILTIN, "Wildman-Crippen logP", "log10", splits, usable)
    dataset.notes.append("labels are computed, not measured: molecules and logP are made by code")
    return dataset
