"""From a dataset's name, or a user's table, to molecules, labels and splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np

from w2s_mol.datasets import builtin
from w2s_mol.datasets.dataset import Dataset, Split, check_splits, identical_splits
from w2s_mol.datasets.fetch import fetch
from w2s_mol.datasets.formats import dataset_name, looks_like_a_table
from w2s_mol.datasets.repeated import repeated_note
from w2s_mol.datasets.rows import Reading, Rows, read_rows
from w2s_mol.datasets.rules import DEFAULT_SEEDS, OnInvalid, SplitRule
from w2s_mol.datasets.splits import (
    column_split,
    file_split,
    random_split,
    scaffold_split,
)
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.molecules.limits import MAX_ATOMS, check_max_atoms
from w2s_mol.progress import Progress, silent


@dataclass(frozen=True)
class ChemBenchTable:
    """Where a ChemBench dataset has its labels."""

    smiles_column: str
    target_column: str
    target: str
    unit: str
    splits: str
    task: Literal["regression", "classification"] = "regression"


CHEMBENCH: dict[str, ChemBenchTable] = {
    "esol": ChemBenchTable(
        "smiles",
        "measured log solubility in mols per litre",
        "aqueous solubility",
        "log10 mol/L",
        "random",
    ),
    "freesolv": ChemBenchTable("smiles", "expt", "hydration free energy", "kcal/mol", "random"),
    "lipop": ChemBenchTable("smiles", "exp", "logD at pH 7.4", "log10", "random"),
    "bace": ChemBenchTable(
        "smiles", "Class", "BACE-1 inhibition", "class", "scaffold", "classification"
    ),
    "bbbp": ChemBenchTable(
        "smiles", "p_np", "blood-brain barrier", "class", "scaffold", "classification"
    ),
}
PAPER_DATASETS = ("esol", "freesolv", "lipop")
ALL = "all"


@dataclass(frozen=True)
class OwnTable:
    """How a user's own CSV is read; see ``load_dataset``."""

    smiles_column: str = "smiles"
    target_column: str | None = None
    unit: str = "label units"
    split_columns: tuple[str, ...] = ()
    split_files: tuple[str | Path, ...] = ()
    split: SplitRule = "random"
    split_seeds: tuple[int, ...] = DEFAULT_SEEDS
    delimiter: str | None = None

    def given(self) -> list[str]:
        """Return the names of the settings that differ from their defaults."""
        default = OwnTable()
        names = (field.name for field in fields(self))
        return [name for name in names if getattr(self, name) != getattr(default, name)]


def dataset_names() -> list[str]:
    """Return every name that ``load_dataset`` knows."""
    return [*CHEMBENCH, builtin.NAME]


def expand_datasets(name: str) -> list[str]:
    """Return the datasets one name stands for: ``all`` for the paper's three, else itself."""
    return list(PAPER_DATASETS) if name == ALL else [name]


def load_dataset(
    name: str,
    *,
    smiles_column: str = "smiles",
    target_column: str | None = None,
    unit: str = "label units",
    split_columns: Sequence[str] = (),
    split_files: Sequence[str | Path] = (),
    split: SplitRule = "random",
    split_seeds: Sequence[int] = DEFAULT_SEEDS,
    delimiter: str | None = None,
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
        ChemBench's three splits), ``computed-logp`` (ships with the package; its labels are
        computed, not measured), or the path of a table (see ``open_table`` for what is read).
        What follows, up to ``delimiter``, applies to a table alone.
    smiles_column, target_column, unit
        The columns of the SMILES and of the label, and the label's unit.
    split_columns
        Columns that say ``train``, ``valid`` or ``test`` on every row, one split each.
    split_files
        Files of row numbers, one split each; see ``file_split``.
    split, split_seeds
        Without the two above: ``random`` or ``scaffold`` 80/10/10 splits, one for each seed.
    delimiter
        Between the columns: one character, or comma, semicolon, tab or blank. Found by default.
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
        smiles_column, target_column, unit, tuple(split_columns), tuple(split_files), split,
        tuple(split_seeds), delimiter,
    )  # fmt: skip
    if name in dataset_names() and own != OwnTable():
        raise InputError(
            f"{name} has its own columns and splits; options such as {own.given()[0]!r} are for a "
            "CSV of your own. Leave them out."
        )
    if on_invalid not in ("error", "skip"):
        raise InputError(f"on_invalid is {on_invalid!r}. It should be one of: error, skip.")
    check_max_atoms(max_atoms)
    if name in CHEMBENCH:
        table, *pickles = sorted(
            fetch(name, mirror, offline, progress), key=lambda p: (p.suffix == ".pkl", p.name)
        )
        dataset = _load_chembench(name, table, pickles, on_invalid, max_atoms)
    elif name == builtin.NAME:
        dataset = _load_builtin()
    else:
        dataset = _load_own(_own_path(name, target_column), own, on_invalid, max_atoms)
    check_splits(dataset)
    dataset.notes.extend(_notes(dataset))
    return dataset


def _own_path(name: str, target_column: str | None) -> Path:
    path = Path(name)
    if name == ALL:
        raise InputError(f"'all' stands for {', '.join(PAPER_DATASETS)}. Load one of them.")
    if not path.exists() and not looks_like_a_table(path):
        raise unknown_name("dataset", name, [*dataset_names(), ALL], "Or give the path of a CSV.")
    if target_column is None:
        raise InputError(f"{path.name}: which column holds the label? Pass --target-column NAME.")
    return path


def _load_own(path: Path, own: OwnTable, on_invalid: OnInvalid, max_atoms: int) -> Dataset:
    reading = Reading(
        own.smiles_column, own.target_column or "", own.split_columns, own.delimiter, max_atoms
    )
    rows = read_rows(path, reading)
    usable = rows.usable(on_invalid)
    given = _given_splits(rows, own)
    name = dataset_name(path)
    everything = _dataset(
        name, rows, reading.target_column, own.unit.strip() or OwnTable.unit, given
    )
    dataset = everything.keep(usable)
    dataset.notes.extend(rows.notes())
    if not given:
        try:
            dataset.splits.extend(_made_splits(dataset.smiles, own))
        except InputError as error:
            raise InputError(f"{path.name}: {error}") from error
    return dataset


def _dataset(name: str, rows: Rows, target: str, unit: str, splits: list[Split]) -> Dataset:
    labels = np.array(rows.labels, dtype=np.float64)
    return Dataset(name, rows.smiles, labels, target, unit, splits, rows.lines, line_word=rows.word)


def _given_splits(rows: Rows, own: OwnTable) -> list[Split]:
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


def _made_splits(smiles: list[str], own: OwnTable) -> list[Split]:
    if not own.split_seeds:
        raise InputError("no split seed is given. Pass at least one.")
    seeds = sorted(set(own.split_seeds))
    if own.split == "random":
        return [random_split(len(smiles), seed) for seed in seeds]
    if own.split == "scaffold":
        return [scaffold_split(smiles, seed) for seed in seeds]
    raise InputError(f"split is {own.split!r}. It should be one of: random, scaffold.")


def _load_chembench(
    name: str, table: Path, pickles: Sequence[Path], on_invalid: OnInvalid, max_atoms: int
) -> Dataset:
    spec = CHEMBENCH[name]
    reading = Reading(spec.smiles_column, spec.target_column, delimiter=",", max_atoms=max_atoms)
    rows = read_rows(table, reading)
    usable = rows.usable(on_invalid)
    splits = []
    for path in pickles:  # sorted by name, so by seed
        seed = path.name.split(".")[1].removeprefix(spec.splits)
        splits.append(Split(seed, *file_split(path, len(rows.lines), rows.table).parts().values()))
    dataset = _dataset(name, rows, spec.target, spec.unit, splits).keep(usable)
    dataset.notes.extend(rows.notes())
    if spec.task == "classification":
        dataset.notes.append("labels are classes 0 and 1; errors are squared errors on them")
    return dataset


def _load_builtin() -> Dataset:
    rows = read_rows(builtin.builtin_path(), Reading("smiles", "logp", delimiter=","))
    splits = [random_split(len(rows.lines), seed) for seed in DEFAULT_SEEDS]
    dataset = _dataset(builtin.NAME, rows, "Wildman-Crippen logP", "log10", splits)
    dataset.notes.append("labels are computed, not measured: molecules and logP are made by code")
    return dataset


def _notes(dataset: Dataset) -> list[str]:
    notes = repeated_note(dataset)
    if identical_splits(dataset.splits):
        names = ", ".join(split.name for split in dataset.splits)
        notes.append(f"splits {names} are identical: a spread over them means nothing")
    return notes
