"""Splits of a user's table: random, by scaffold or class, from columns or from index files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem.Scaffolds import MurckoScaffold

from w2s_mol import files
from w2s_mol.datasets.dataset import PARTS, Split, part_of
from w2s_mol.datasets.faults import Fault, faults_error
from w2s_mol.datasets.split_pickle import read_split_pickle
from w2s_mol.errors import InputError

HELD_OUT = 0.1
"""Share of the molecules in the validation part, and in the test part."""
_FEWEST = 10
_OF_TRAIN = 1 / 8
"""Share of a published train part that is drawn for validation: a tenth of all where test is a
fifth."""


def random_split(n: int, seed: int) -> Split:
    """Split ``n`` rows 80/10/10 at random.

    Raises
    ------
    InputError
        If there are too few rows for three parts.
    """
    held = _held_out(n)
    order = _generator(seed).permutation(n)
    return Split(
        str(seed),
        np.sort(order[2 * held :]),
        np.sort(order[:held]),
        np.sort(order[held : 2 * held]),
    )


def stratified_split(labels: NDArray[np.float64], classes: tuple[str, str], seed: int) -> Split:
    """Split rows 80/10/10 at random, with the shares of both classes in each part.

    Each part has at least one of each.

    Parameters
    ----------
    labels
        0 or 1, one a row.
    classes
        The words for them, for messages.

    Raises
    ------
    InputError
        If there are too few rows for three parts, altogether or of a class.
    """
    held = max(len(classes), _held_out(len(labels)))
    ones = int(labels.sum())
    for word, count in zip(classes, (len(labels) - ones, ones), strict=True):
        if count < len(PARTS):
            raise InputError(
                f"{count} of {len(labels):,} labels are {word!r}, too few to split: train, valid "
                f"and test need one each. At least {len(PARTS)} are needed."
            )
    of_ones = min(max(1, round(held * ones / len(labels))), held - 1)
    order = _generator(seed).permutation(len(labels))
    parts: dict[str, list[NDArray[np.int64]]] = {part: [] for part in PARTS}
    for label, share in ((0, held - of_ones), (1, of_ones)):
        rows = order[labels[order] == label]
        parts["valid"].append(rows[:share])
        parts["test"].append(rows[share : 2 * share])
        parts["train"].append(rows[2 * share :])
    return Split(str(seed), *(np.sort(np.concatenate(parts[part])) for part in PARTS))


def scaffold_split(smiles: Sequence[str], seed: int) -> Split:
    """Split rows 80/10/10 so that no Bemis-Murcko scaffold is in two parts.

    Bemis and Murcko, J. Med. Chem. 39, 2887-2893, 1996.
    """
    return group_split(scaffolds(smiles), seed)


def scaffolds(smiles: Sequence[str]) -> list[str]:
    """Return the Bemis-Murcko scaffold of every molecule."""
    with rdBase.BlockLogs():
        mols = (Chem.MolFromSmiles(text) for text in smiles)
        return [MurckoScaffold.MurckoScaffoldSmiles(mol=mol) for mol in mols]


def group_split(group_of: Sequence[str], seed: int) -> Split:
    """Split rows 80/10/10 so that no group of them is in two parts.

    Groups are taken in random order; each goes to the first of valid and test that still has
    room for all of it, else to train.
    """
    held = _held_out(len(group_of))
    groups: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(group_of):
        groups[group].append(row)
    parts: dict[str, list[int]] = {part: [] for part in PARTS}
    names = sorted(groups)
    for index in _generator(seed).permutation(len(names)):
        rows = groups[names[index]]
        room = (part for part in ("valid", "test") if len(parts[part]) + len(rows) <= held)
        parts[next(room, "train")].extend(rows)
    return Split(str(seed), *(np.sort(np.array(parts[p], dtype=np.int64)) for p in PARTS))


def validation_split(train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Split:
    """Draw an eighth of a train part for validation, at random.

    Parameters
    ----------
    train, test
        Row numbers of the parts as they were published.
    """
    drawn = _generator(seed).permutation(train)
    held = round(len(train) * _OF_TRAIN)
    return Split(str(seed), np.sort(drawn[held:]), np.sort(drawn[:held]), test)


def _generator(seed: int) -> np.random.Generator:
    if seed < 0:
        raise InputError(f"split seed is {seed}. It should be 0 or more.")
    return np.random.default_rng(seed)


def _held_out(n: int) -> int:
    if n < _FEWEST:
        raise InputError(f"{n} rows are too few to split 80/10/10. At least {_FEWEST} are needed.")
    return round(n * HELD_OUT)


def column_split(
    name: str, values: Sequence[str | None], lines: Sequence[int], table: str, word: str = "line"
) -> Split:
    """Make a split from a column that says train, valid or test; None is in no part."""
    parts: dict[str, list[int]] = {part: [] for part in PARTS}
    faults = []
    for row, (value, line) in enumerate(zip(values, lines, strict=True)):
        if value is None:
            continue
        part = part_of(value.strip().lower())
        if part in parts:
            parts[part].append(row)
        else:
            faults.append(Fault(line, f"no part of a split in the column {name!r}", repr(value)))
    if faults:
        way_out = f"It should be one of: {', '.join(PARTS)}. Fix the {{rows}}."
        raise faults_error(table, faults, len(lines), word, way_out)
    return Split(name, *(np.array(parts[part], dtype=np.int64) for part in PARTS))


def file_split(path: Path, n: int, table: str) -> Split:
    """Read a split from a file of row numbers.

    Parameters
    ----------
    path
        JSON ``{"train": [...], "valid": [...], "test": [...]}`` with rows counted from 0, or a
        ChemBench ``.pkl``.
    n, table
        The number of rows and the name of the table it splits.

    Raises
    ------
    InputError
        If it cannot be read, or names a row that does not exist or one twice.
    """
    if not path.is_file():
        raise InputError(f"split file {path} is not a file.")
    parts = read_split_pickle(path) if path.suffix == ".pkl" else _json_parts(path)
    split = Split(path.stem, *parts)
    check_rows(split, n, str(path), table)
    return split


def _json_parts(path: Path) -> list[NDArray[np.int64]]:
    try:
        content = files.read_json(path)
        return _by_part({key: _row_numbers(rows) for key, rows in content.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(
            f"{path} is not a split: {type(error).__name__} {error}. It should be JSON like "
            '{"train": [0, 2], "valid": [1], "test": [3]}, rows counted from 0.'
        ) from error


def _by_part(named: dict[str, NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    parts = [part_of(key) for key in named]
    for part in PARTS:
        if parts.count(part) > 1:
            raise ValueError(f"{part} is there twice, under two names")
    rows = dict(zip(parts, named.values(), strict=True))
    return [rows[part] for part in PARTS]


def _row_numbers(values: list[Any]) -> NDArray[np.int64]:
    for value in values:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{value!r} is not a row number")
    return np.array(values, dtype=np.int64)


def check_rows(split: Split, n: int, where: str, table: str) -> None:
    """Raise InputError if a split names a row that does not exist, or one twice."""
    rows = np.concatenate(list(split.parts().values()))
    outside = rows[(rows < 0) | (rows >= n)]
    if outside.size:
        raise InputError(
            f"{where}: row {outside[0]} does not exist; {table} has {n} rows, numbered 0 to "
            f"{n - 1}."
        )
    values, counts = np.unique(rows, return_counts=True)
    again = counts > 1
    if again.any():
        raise InputError(
            f"{where}: row {values[again][0]} is named {counts[again][0]} times. Each row "
            "belongs to one part of a split."
        )
