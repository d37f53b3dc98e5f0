"""Molecules as pictures that need nothing else."""

from __future__ import annotations

from rdkit import rdBase
from rdkit.Chem.Draw import rdMolDraw2D

from w2s_mol.molecules.smiles import MoleculeError, parse, smiles_of

_MOST_ATOMS = 200
"""Of a picture in which anything can be seen."""
_WIDTH, _HEIGHT = 220, 160


def drawn_molecule(text: str) -> str:
    """Return a molecule as an SVG document; empty where RDKit cannot draw it, or it is too large.

    It holds paths alone: no text of the user's, no script, no reference.
    """
    drawer = rdMolDraw2D.MolDraw2DSVG(_WIDTH, _HEIGHT)
    with rdBase.BlockLogs():
        try:
            mol = parse(smiles_of(text, _MOST_ATOMS))
            rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
        except (MoleculeError, ValueError, RuntimeError):
            return ""
    drawer.FinishDrawing()
    document = str(drawer.GetDrawingText())
    return document[document.index("<svg") :]
