"""Datasets that are targets of one table: their molecules are read as rows of the whole of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.embeddings.reader import Reader
from w2s_mol.heads.matrix import Rows


def tell_of_whole_tables(datasets: Sequence[Dataset], readers: Iterable[Reader]) -> None:
    """Tell readers which datasets are rows of one table, so that each row is read once."""
    wholes = list(_wholes(datasets))
    for reader in readers:
        for dataset, whole, places in wholes:
            reader.among(dataset.smiles, whole, places)


def _wholes(datasets: Sequence[Dataset]) -> Iterator[tuple[Dataset, list[str], Rows]]:
    """Yield datasets that lack rows which another target of their table has."""
    by_table: dict[str, list[Dataset]] = {}
    for dataset in datasets:
        if not dataset.origins:  # molecules of other tables have rows of their own
            table = dataset.name.removesuffix(f":{dataset.target}")
            by_table.setdefault(table, []).append(dataset)
    for targets in by_table.values():
        every = {row: s for one in targets for row, s in zip(one.rows, one.smiles, strict=True)}
        rows = np.array(sorted(every), dtype=np.int64)
        whole = [every[row] for row in rows.tolist()]
        for one in targets:
            if len(one) < len(whole):
                yield one, whole, np.searchsorted(rows, np.array(one.rows, dtype=np.int64))
