"""The datasets that have names: what they are called, and where their labels are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from w2s_mol import paths
from w2s_mol.datasets.moleculeace import EVERY_SET, MOLECULEACE, worth_telling
from w2s_mol.datasets.rules import LabelKind, TaskAsked
from w2s_mol.errors import InputError, unknown_name


@dataclass(frozen=True)
class ChemBenchTable:
    """Where a ChemBench dataset has its labels."""

    smiles_column: str
    target_column: str
    target: str
    unit: str
    splits: str
    kind: LabelKind = "regression"


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
    "bace": ChemBenchTable("smiles", "Class", "BACE-1 inhibition", "class", "scaffold", "binary"),
    "bbbp": ChemBenchTable("smiles", "p_np", "blood-brain barrier", "class", "scaffold", "binary"),
}
PAPER_DATASETS = ("esol", "freesolv", "lipop")
ALL = "all"
BUILTIN = "computed-logp"
"""The one that needs no download; see ``builtin``."""
SETS: dict[str, tuple[str, ...]] = {ALL: PAPER_DATASETS, EVERY_SET: tuple(MOLECULEACE)}
"""Names that stand for several datasets."""
FETCHED = (*CHEMBENCH, *MOLECULEACE)


def dataset_names() -> list[str]:
    """Return every name that ``load_dataset`` knows."""
    return [*CHEMBENCH, BUILTIN, *MOLECULEACE]


def all_names() -> list[str]:
    """Return every name of a dataset or of several."""
    return [*dataset_names(), *SETS]


def expand_datasets(name: str) -> list[str]:
    """Return the datasets one name stands for: those of a set's name, else itself.

    Examples
    --------
    >>> expand_datasets("all")
    ['esol', 'freesolv', 'lipop']
    """
    return list(SETS.get(name, [name]))


def kind_of_named(name: str, asked: TaskAsked) -> LabelKind:
    """Return what the labels of a named dataset are read as.

    Raises
    ------
    InputError
        If that is not what is asked for.

    Examples
    --------
    >>> kind_of_named("bbbp", "auto"), kind_of_named("bbbp", "regression")
    ('binary', 'regression')
    """
    kind = CHEMBENCH[name].kind if name in CHEMBENCH else "regression"
    if asked == "binary" and kind != "binary":
        classes = ", ".join(one for one, table in CHEMBENCH.items() if table.kind == "binary")
        raise InputError(
            f"labels of {name} are numbers, and task is binary. Leave out --task, or take a "
            f"dataset of classes: {classes}, or a table of your own."
        )
    return kind if asked == "auto" else asked


def unknown_dataset(name: str) -> InputError:
    """Return the error for a name that no dataset has, with the nearest of those there are."""
    known = worth_telling(name, [*dataset_names(), ALL])
    return unknown_name("dataset", name, known, "Or give the path of a CSV.")


def builtin_path() -> Path:
    """Return the table that the project ships."""
    return paths.shipped("data") / f"{BUILTIN}.csv"
