"""SD files as tables: the SMILES that RDKit writes, and the properties as columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rdkit import Chem, rdBase

from w2s_mol import compressed
from w2s_mol.datasets import formats
from w2s_mol.datasets.faults import Fault, item_fault
from w2s_mol.datasets.table import Row, Table
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MOST_ATOMS

SMILES = "smiles"
_PROPERTY = re.compile(rb"> .*?<(.+?)>")


@contextmanager
def open_sdf(path: Path, max_atoms: int) -> Iterator[Table]:
    """Open an SD file, which is read twice: for the names of its properties, and for its records.

    A property called ``smiles`` is left out: the molecule itself is what is read.
    """
    names, records = _properties(path)
    if not records:
        raise InputError(f"{path.name} holds no record. An SD file ends each with a line $$$$.")
    with compressed.open_bytes(path) as file:
        header = [SMILES, *(name for name in names if name != SMILES)]
        yield Table(path.name, header, _rows(file, header, max_atoms), word="record")


def _properties(path: Path) -> tuple[list[str], int]:
    """Return the names of all properties, in order of their first use, and whether any record."""
    names: dict[str, None] = {}
    records = 0
    with compressed.open_bytes(path) as file:
        for number, line in enumerate(file):
            if number == 0:
                formats.refuse_binary(path.name, line)
            if line.startswith(b">") and (found := _PROPERTY.match(line)):
                names[found[1].decode(errors="replace")] = None
            records += line.startswith((b"$$$$", b"M  END"))
    return list(names), records


def _rows(file: object, header: list[str], max_atoms: int) -> Iterator[Row]:
    limit = min(max_atoms, MOST_ATOMS)
    # Not held over a yield: what reads the rows has blocks of its own.
    records = iter(Chem.ForwardSDMolSupplier(file))
    record = 0
    while True:
        record += 1
        with rdBase.BlockLogs():
            try:
                mol = next(records)
            except StopIteration:
                return
        yield _row(mol, record, header, limit)


def _row(mol: Chem.Mol | None, record: int, header: list[str], limit: int) -> Row:
    empty = [""] * len(header)
    if mol is None:
        return Row(record, empty, Fault(record, "RDKit cannot read the record"))
    atoms = mol.GetNumAtoms()
    if atoms > limit:  # before RDKit writes it: see MOST_ATOMS
        return Row(record, empty, item_fault(record, f"{atoms:,} atoms, the limit is {limit:,}"))
    return Row(record, [Chem.MolToSmiles(mol), *(_property(mol, name) for name in header[1:])])


def _property(mol: Chem.Mol, name: str) -> str:
    try:
        return mol.GetProp(name).strip() if mol.HasProp(name) else ""
    except UnicodeDecodeError:  # of a column that may not even be asked for
        return "(not UTF-8)"
