"""Every kind of items, by its name; a new one is a module and a line here."""

from __future__ import annotations

from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules
from w2s_mol.items.texts import Texts
from w2s_mol.molecules.limits import MAX_ATOMS


def items_of(text_column: str | None, max_atoms: int = MAX_ATOMS) -> Items:
    """Return what the items are: texts where a column of texts is given."""
    return Molecules(max_atoms) if text_column is None else Texts()


def items_called(name: str, max_atoms: int = MAX_ATOMS) -> Items:
    """Return the items of a name that a file of ours holds."""
    return Texts() if name == Texts.name else Molecules(max_atoms)
