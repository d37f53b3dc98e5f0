"""From a dataset's name, or a user's table, to molecules, labels and splits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from rdkit import Chem, rdBase

from w2s_mol.datasets import builtin
from w2s_mol.datasets.dataset import Dataset, Split, check_splits, identical_splits
from w2s_mol.datasets.fetch import fetch
from w2s_mol.datasets.splits import (
    column_split,
    file_split,
    random_split,
    scaffold_split,
)
from w2s_mol.datasets.table import Table, open_table
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.progress import Progress, silent

OnInvalid = Literal["error", "skip"]
SplitRule = Literal["random", "scaffold"]
DEFAULT_SEEDS = (0, 1, 2)


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
    on_invalid: OnInvalid = "error",
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
        computed, not measured), or the path of a CSV. What follows applies to a CSV alone.
    smiles_column, target_column, unit
        The columns of the SMILES and of the label, and the label's unit.
    split_columns
        Columns that say ``train``, ``valid`` or ``test`` on every row, one split each.
    split_files
        Files of row numbers, one split each; see ``file_split``.
    split, split_seeds
        Without the two above: ``random`` or ``scaffold`` 80/10/10 splits, one for each seed.
    on_invalid
        ``error`` stops at the first row that cannot be used; ``skip`` leaves such rows out and
        counts them in the dataset's notes.
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
        tuple(split_seeds),
    )  # fmt: skip
    if name in dataset_names() and own != OwnTable():
        raise InputError(
            f"{name} has its own columns and splits; options such as {own.given()[0]!r} are for a "
            "CSV of your own. Leave them out."
        )
    if on_invalid not in ("error", "skip"):
        raise InputError(f"on_invalid is {on_invalid!r}. It should be one of: error, skip.")
    if name in CHEMBENCH:
        dataset = _load_chembench(name, on_invalid, mirror, offline, progress)
    elif name == builtin.NAME:
        dataset = _load_builtin()
    else:
        dataset = _load_own(_own_path(name, target_column), own, on_invalid)
    check_splits(dataset)
    dataset.notes.extend(_notes(dataset))
    return dataset


def _own_path(name: str, target_column: str | None) -> Path:
    path = Path(name)
    if name == ALL:
        raise InputError(f"'all' stands for {', '.join(PAPER_DATASETS)}. Load one of them.")
    if not path.exists() and path.suffix not in {".csv", ".tsv", ".gz"}:
        raise unknown_name("dataset", name, [*dataset_names(), ALL], "Or give the path of a CSV.")
    if target_column is None:
        raise InputError(f"{path.name}: which column holds the label? Pass --target-column NAME.")
    return path


@dataclass(frozen=True)
class _Columns:
    smiles: str
    target: str


class _Fault(NamedTuple):
    """What is wrong with a row: a reason to count by, and the rest of the message."""

    reason: str
    found: str

    def __str__(self) -> str:
        return self.reason + self.found


@dataclass(frozen=True)
class _Rows:
    """All rows of a table; ``faults`` says what is wrong with each, if anything."""

    table: str
    lines: list[int]
    smiles: list[str]
    labels: list[float]
    faults: list[_Fault | None]
    split_values: list[list[str]]

    def usable(self, on_invalid: OnInvalid) -> np.ndarray:
        """Return which rows to keep, or raise InputError for the first faulty one."""
        if on_invalid == "error":
            for line, fault in zip(self.lines, self.faults, strict=True):
                if fault:
                    raise InputError(
                        f"{self.table} line {line}: {fault}. Fix the row, or pass --on-invalid "
                        "skip."
                    )
        usable = np.array([fault is None for fault in self.faults])
        if not usable.any():
            raise InputError(f"{self.table} holds no usable row out of {len(self.lines)}.")
        return usable

    def split_column(self, number: int) -> list[str | None]:
        """Return the values of a split column; None on rows that are left out anyway."""
        return [
            None if fault else values[number]
            for values, fault in zip(self.split_values, self.faults, strict=True)
        ]

    def skipped_note(self) -> list[str]:
        """Return a note that counts the rows left out, by reason."""
        counts = Counter(fault.reason for fault in self.faults if fault)
        reasons = "; ".join(f"{count} × {reason}" for reason, count in counts.items())
        return [f"{sum(counts.values())} rows left out ({reasons})"] if counts else []


def _read_rows(path: Path, columns: _Columns, split_columns: Sequence[str] = ()) -> _Rows:
    rows = _Rows(path.name, [], [], [], [], [])
    with open_table(path) as table, rdBase.BlockLogs():
        smiles_at, target_at = table.column(columns.smiles), table.column(columns.target)
        split_at = [table.column(name) for name in split_columns]
        for line, fields in table.rows:
            smiles = fields[smiles_at].strip()
            label, fault = _label(fields[target_at], table, target_at)
            rows.lines.append(line)
            rows.smiles.append(smiles)
            rows.labels.append(label)
            rows.faults.append(fault or _smiles_fault(smiles))
            rows.split_values.append([fields[at] for at in split_at])
    if not rows.lines:
        raise InputError(f"{path.name} has a header but no rows.")
    return rows


def _label(text: str, table: Table, column: int) -> tuple[float, _Fault | None]:
    column_name = f" in column {table.header[column]!r}"
    found = f": {text.strip()!r}{column_name}"
    if not text.strip():
        return math.nan, _Fault("empty label", column_name)
    try:
        value = float("not a number" if "_" in text else text)  # Python would read 1_0 as 10
    except ValueError:
        return math.nan, _Fault("label is not a number", found)
    if not math.isfinite(value):
        return math.nan, _Fault("label is not finite", found)
    return value, None


def _smiles_fault(smiles: str) -> _Fault | None:
    if not smiles:
        return _Fault("empty SMILES", "")
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        return _Fault("cannot parse SMILES", f" {smiles!r}")
    return None


def _load_own(path: Path, own: OwnTable, on_invalid: OnInvalid) -> Dataset:
    columns = _Columns(own.smiles_column, own.target_column or "")
    rows = _read_rows(path, columns, own.split_columns)
    usable = rows.usable(on_invalid)
    given = _given_splits(rows, own)
    name = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    everything = _dataset(name, rows, columns.target, own.unit, given)
    dataset = everything.keep(usable)
    dataset.notes.extend(rows.skipped_note())
    if not given:
        try:
            dataset.splits.extend(_made_splits(dataset.smiles, own))
        except InputError as error:
            raise InputError(f"{path.name}: {error}") from error
    return dataset


def _dataset(name: str, rows: _Rows, target: str, unit: str, splits: list[Split]) -> Dataset:
    labels = np.array(rows.labels, dtype=np.float64)
    return Dataset(name, rows.smiles, labels, target, unit, splits, rows.lines)


def _given_splits(rows: _Rows, own: OwnTable) -> list[Split]:
    if own.split_columns and own.split_files:
        raise InputError("both split columns and split files are given. Choose one.")
    by_column = [
        column_split(name, rows.split_column(number), rows.lines, rows.table)
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
    name: str, on_invalid: OnInvalid, mirror: str | None, offline: bool, progress: Progress
) -> Dataset:
    spec = CHEMBENCH[name]
    table, *pickles = sorted(
        fetch(name, mirror, offline, progress), key=lambda p: (p.suffix == ".pkl", p.name)
    )
    rows = _read_rows(table, _Columns(spec.smiles_column, spec.target_column))
    usable = rows.usable(on_invalid)
    splits = []
    for path in pickles:  # sorted by name, so by seed
        seed = path.name.split(".")[1].removeprefix(spec.splits)
        splits.append(Split(seed, *file_split(path, len(rows.lines), rows.table).parts().values()))
    dataset = _dataset(name, rows, spec.target, spec.unit, splits).keep(usable)
    dataset.notes.extend(rows.skipped_note())
    if spec.task == "classification":
        dataset.notes.append("labels are classes 0 and 1; errors are squared errors on them")
    return dataset


def _load_builtin() -> Dataset:
    rows = _read_rows(builtin.builtin_path(), _Columns("smiles", "logp"))
    splits = [random_split(len(rows.lines), seed) for seed in DEFAULT_SEEDS]
    dataset = _dataset(builtin.NAME, rows, "Wildman-Crippen logP", "log10", splits)
    dataset.notes.append("labels are computed, not measured: molecules and logP are made by code")
    return dataset


def _notes(dataset: Dataset) -> list[str]:
    notes = []
    with rdBase.BlockLogs():
        canonical = np.array(
            [Chem.MolToSmiles(Chem.MolFromSmiles(s)) for s in dataset.smiles], dtype=object
        )
    repeated = {
        split.name: int(np.isin(canonical[split.test], canonical[split.train]).sum())
        for split in dataset.splits
    }
    if any(repeated.values()):
        counts = ", ".join(f"{count} in split {name}" for name, count in repeated.items())
        notes.append(f"test molecules that also occur in train: {counts}")
    if identical_splits(dataset.splits):
        names = ", ".join(split.name for split in dataset.splits)
        notes.append(f"splits {names} are identical: a spread over them means nothing")
    return notes
