"""Molecules, written as SMILES. RDKit is imported where one is read, not before."""

from __future__ import annotations

from dataclasses import dataclass

from w2s_mol.items.contract import Items
from w2s_mol.molecules.limits import MAX_ATOMS, MOST_ATOMS

_MARKS_OF_STEREO = set("@/\\")


@dataclass(frozen=True)
class Molecules(Items):
    """Molecules of at most so many atoms; twins differ in stereo alone."""

    name = "molecules"
    one = "molecule"
    column = "smiles"
    cell = "SMILES"
    twins = "of which another stereoisomer"
    max_atoms: int = MAX_ATOMS

    @property
    def kept_as(self) -> int:
        """Return the limit of atoms: what is refused for it is kept as well."""
        return self.max_atoms

    @property
    def unlimited(self) -> Molecules:
        """Return molecules of as many atoms as RDKit can write."""
        return Molecules(MOST_ATOMS)

    def item(self, cell: str) -> str:
        """Return what stands before the first blank; see ``molecules.smiles.smiles_of``."""
        from w2s_mol.molecules.smiles import smiles_of

        return smiles_of(cell, self.max_atoms)

    def check(self, item: str) -> None:
        """Raise MoleculeError if a SMILES is no molecule for RDKit."""
        from w2s_mol.molecules.smiles import check_molecule

        check_molecule(item)

    def unread(self, cell: str) -> str:
        """Return what stands after the SMILES: a name, as a rule."""
        from w2s_mol.molecules.smiles import text_after

        return text_after(cell)

    def key(self, item: str) -> str:
        """Return RDKit's canonical SMILES."""
        from w2s_mol.molecules.smiles import canonical

        return canonical(item)

    def twin(self, key: str) -> str:
        """Return the canonical SMILES without stereo."""
        from w2s_mol.molecules.smiles import without_stereo

        return without_stereo(key) if set(key) & _MARKS_OF_STEREO else key
