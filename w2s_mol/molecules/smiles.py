"""Reading a SMILES: one rule for whatever reads one. And MolBERT's standard form of it.

MolBERT's form is kekulé, with aromatic flags cleared and atoms in input order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from rdkit import Chem, rdBase

from w2s_mol.errors import ItemError
from w2s_mol.molecules.limits import MAX_ATOMS, MOST_ATOMS

REMEMBERED = 1 << 17
"""SMILES of which it is remembered how they read: all encoders of a study read the same ones."""

_BLANKS = " \t\r\n"
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e\t]")
_ATOM = re.compile(r"\[[^\]]*\]?|Br|Cl|[A-Za-z*]")

_ALL_BUT_CLEANUP = Chem.SanitizeFlags.SANITIZE_ALL ^ Chem.SanitizeFlags.SANITIZE_CLEANUP

_Read = TypeVar("_Read")
_forgetting: list[Callable[[], None]] = []


class MoleculeError(ItemError):
    """A SMILES cannot be read, or cannot be written in an encoder's vocabulary."""


def smiles_of(cell: str, max_atoms: int = MAX_ATOMS) -> str:
    """Return the SMILES that a cell of a table, or a line, holds.

    It is what stands before the first blank; a name after it is not looked at. Whatever reads
    molecules reads them through this, so that no two encoders see different ones.

    Parameters
    ----------
    cell
        Text; blanks around it are ignored.
    max_atoms
        How many atoms it may have written; at most ``MOST_ATOMS`` counts.

    Raises
    ------
    MoleculeError
        If it is empty, holds a line break or a character that is not printable ASCII (RDKit
        reads ``CCÓ`` as ``CC``), a CXSMILES extension, which is chemistry that encoders would
        lose, or too many atoms.

    Examples
    --------
    >>> smiles_of(" CCO ethanol")
    'CCO'
    """
    text = cell.strip(_BLANKS)
    if strange := _NOT_PRINTABLE.search(text):
        raise MoleculeError(f"a character that is not printable ASCII: {strange[0]!r}")
    smiles, *rest = text.split(maxsplit=1)[:2] or [""]
    if not smiles:
        raise MoleculeError("empty SMILES")
    if rest and rest[0].startswith("|"):
        raise MoleculeError("a CXSMILES extension (|...|), which encoders do not read")
    limit = min(max_atoms, MOST_ATOMS)
    # Counted in the text: RDKit must not see a molecule that it cannot write.
    if (atoms := sum(1 for _ in _ATOM.finditer(smiles))) > limit:
        raise MoleculeError(f"{atoms:,} atoms, the limit is {limit:,}")
    return smiles


def text_after(cell: str) -> str:
    """Return what stands after the SMILES in its cell, which nothing reads."""
    return (cell.strip(_BLANKS).split(maxsplit=1)[1:] or [""])[0]


def parse(smiles: str) -> Chem.Mol:
    """Parse a SMILES, as ``smiles_of`` returns it, as RDKit does by default.

    Raises
    ------
    MoleculeError
        If RDKit cannot parse it, or it holds no atom.
    """
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or mol.GetNumAtoms() == 0:
        raise MoleculeError("cannot parse SMILES")
    return mol


def skeleton_of(mol: Chem.Mol) -> str:
    """Return the canonical SMILES of a molecule without stereo and isotopes."""
    return str(Chem.MolToSmiles(mol, isomericSmiles=False))


def skeletons_of(smiles: Iterable[str]) -> list[str]:
    """Return ``skeleton_of`` each SMILES, or raise MoleculeError."""
    with rdBase.BlockLogs():
        return [skeleton_of(parse(text)) for text in smiles]


def remembered(reading: Callable[[str], _Read]) -> Callable[[str], _Read]:
    """Make a function of a SMILES remember what it gave, of ``REMEMBERED`` of them at most."""
    remembering = lru_cache(maxsize=REMEMBERED)(reading)
    _forgetting.append(remembering.cache_clear)
    return remembering


def forget() -> None:
    """Forget how every SMILES read: for who has done with those that were read so far."""
    for clear in _forgetting:
        clear()


def check_molecule(smiles: str) -> None:
    """Raise MoleculeError if a SMILES is no molecule for RDKit."""
    if fault := _fault_of(smiles):
        raise MoleculeError(fault)


@remembered
def canonical(smiles: str) -> str:
    """Return RDKit's canonical form of a SMILES, or raise MoleculeError."""
    with rdBase.BlockLogs():
        return str(Chem.MolToSmiles(parse(smiles)))


@remembered
def without_stereo(smiles: str) -> str:
    """Return the canonical SMILES of a molecule without its stereo, or raise MoleculeError."""
    with rdBase.BlockLogs():
        mol = parse(smiles)
        Chem.RemoveStereochemistry(mol)
        return str(Chem.MolToSmiles(mol))


@remembered
def _fault_of(smiles: str) -> str:
    if _sanitised(smiles)[1]:
        return ""  # the clean-up mends what is not valid without it, and spoils nothing
    try:
        parse(smiles)
    except MoleculeError as error:
        return str(error)
    return ""


@lru_cache(maxsize=1)  # who is asked whether it is a molecule is asked next for its form
def _sanitised(smiles: str) -> tuple[Chem.Mol | None, bool]:
    """Return a molecule sanitised but for the clean-up, and whether no step failed."""
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    if mol is None or mol.GetNumAtoms() == 0:
        return None, False
    try:
        failed = Chem.SanitizeMol(mol, _ALL_BUT_CLEANUP, catchErrors=True)
    except (ValueError, RuntimeError):
        return None, False
    return mol, failed == Chem.SanitizeFlags.SANITIZE_NONE


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
    sanitised, _ = _sanitised(smiles)
    if sanitised is None:
        raise MoleculeError("cannot parse SMILES")
    mol = Chem.Mol(sanitised)
    try:
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
        Any SMILES that RDKit parses; blanks around it are ignored.

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
