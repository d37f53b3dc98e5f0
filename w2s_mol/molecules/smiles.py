"""SMILES in MolBERT's standard form: kekulé, aromatic flags cleared, atoms in input order."""

from __future__ import annotations

from collections.abc import Sequence

from rdkit import Chem

_ALL_BUT_CLEANUP = Chem.SanitizeFlags.SANITIZE_ALL ^ Chem.SanitizeFlags.SANITIZE_CLEANUP


class MoleculeError(ValueError):
    """A SMILES cannot be read, or cannot be written in an encoder's vocabulary."""


def parse(smiles: str) -> Chem.Mol:
    """Parse a SMILES as RDKit does by default.

    Raises
    ------
    MoleculeError
        If RDKit cannot parse it, or it holds no atom.
    """
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or mol.GetNumAtoms() == 0:
        raise MoleculeError("cannot parse SMILES")
    return mol


def parse_kekulized(smiles: str) -> Chem.Mol:
    """Parse a SMILES the way MolBERT's featuriser does.

    Parsed without sanitising, then sanitised with everything but the clean-up step (a step that
    fails, such as the valence check of a five-valent nitrogen, is passed over), then kekulised
    with the aromatic flags cleared.

    Raises
    ------
    MoleculeError
        If RDKit cannot parse or kekulise it, or it holds no atom.
    """
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    if mol is None or mol.GetNumAtoms() == 0:
        raise MoleculeError("cannot parse SMILES")
    try:
        Chem.SanitizeMol(mol, _ALL_BUT_CLEANUP, catchErrors=True)
        Chem.Kekulize(mol, clearAromaticFlags=True)
    except (ValueError, RuntimeError) as error:
        raise MoleculeError("cannot kekulise SMILES") from error
    return mol


def write_kekulized(mol: Chem.Mol, order: Sequence[int] | None = None) -> str:
    """Write a kekulised molecule as SMILES in its atom order, or in the order given."""
    if order is not None:
        mol = Chem.RenumberAtoms(mol, list(order))
    return str(Chem.MolToSmiles(mol, kekuleSmiles=True, canonical=False))


def standardize(smiles: str) -> str:
    """Return MolBERT's standard form of a SMILES: kekulé, in input atom order (not canonical).

    Parameters
    ----------
    smiles
        Any SMILES that RDKit parses; surrounding blanks are ignored.

    Raises
    ------
    MoleculeError
        If it cannot be parsed or kekulised.

    Examples
    --------
    >>> standardize("c1ccccc1O")
    'C1=C(O)C=CC=C1'
    """
    return write_kekulized(parse_kekulized(smiles.strip()))
