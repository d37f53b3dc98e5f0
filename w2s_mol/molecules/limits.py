"""How large a molecule may be. Imports nothing heavy, so that settings can say it."""

from __future__ import annotations

from typing import Annotated

from w2s_mol.errors import InputError
from w2s_mol.option import Option

MAX_ATOMS = 500
"""How many atoms a SMILES may have written, unless told otherwise.

The largest of ChemBench has 132, of thirty MoleculeACE sets 316. RDKit's cost of one molecule
grows with the third power (the 200 descriptors take 15 s at 751 atoms).
"""

MOST_ATOMS = 5_000
"""What no one may exceed: RDKit's writer calls itself once an atom, and at 20,000 overflows the
stack, which ends the whole process."""

MaxAtoms = Annotated[int, Option(help="Molecules of more atoms cannot be used; at most 5,000.")]
"""What ``check_max_atoms`` checks."""


def check_max_atoms(max_atoms: int) -> None:
    """Raise InputError if no molecule may have so many atoms, or none any."""
    if not 1 <= max_atoms <= MOST_ATOMS:
        raise InputError(
            f"max_atoms is {max_atoms:,}. It should be 1 to {MOST_ATOMS:,}: RDKit, which writes "
            "molecules atom within atom, ends the program on much larger ones."
        )
