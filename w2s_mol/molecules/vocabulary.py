"""MolBERT's 42 tokens and the split of a standard SMILES into them."""

from __future__ import annotations

import re

from w2s_mol.molecules.smiles import MoleculeError

PAD, CLS, SEP, MASK = "[PAD]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL_TOKENS = (PAD, CLS, SEP, MASK)
_ATOMS = ["F", "H", "I", "B", "C", "N", "O", "P", "S", "Br", "Cl", "Si", "Se", "se", "@@"]
_SYMBOLS = [*"0123456789=@#%/\\()+-.[]"]

TOKENS: tuple[str, ...] = (*SPECIAL_TOKENS, *_ATOMS, *_SYMBOLS)
TOKEN_IDS: dict[str, int] = {token: index for index, token in enumerate(TOKENS)}
PAD_ID, CLS_ID, SEP_ID, MASK_ID = (TOKEN_IDS[token] for token in SPECIAL_TOKENS)

TWO_CHARACTER_TOKENS = tuple(t for t in TOKENS if len(t) == 2 and t not in SPECIAL_TOKENS)
TOKEN_PATTERN = "|".join(TWO_CHARACTER_TOKENS) + "|."
_SPLIT = re.compile(TOKEN_PATTERN)
_BRACKET_ATOM = re.compile(r"\[[^\]]*\]")


class OutsideVocabularyError(MoleculeError):
    """A molecule has no tokens for something that it holds."""


def token_ids(standard_smiles: str) -> list[int]:
    """Return the token ids of a standard SMILES between [CLS] and [SEP].

    Raises
    ------
    OutsideVocabularyError
        If it holds anything outside the vocabulary (another element, an atom map, a wildcard).

    Examples
    --------
    >>> token_ids("CCl")
    [1, 8, 14, 2]
    """
    pieces = _SPLIT.findall(standard_smiles)
    try:
        return [CLS_ID, *(TOKEN_IDS[piece] for piece in pieces), SEP_ID]
    except KeyError as error:
        raise OutsideVocabularyError(
            f"{_in_its_atom(standard_smiles, error.args[0])!r} is outside the encoder's vocabulary"
        ) from None


def _in_its_atom(smiles: str, piece: str) -> str:
    """Return the bracket atom that a piece is of: 'a' says less than '[Na+]'."""
    return next((atom for atom in _BRACKET_ATOM.findall(smiles) if piece in atom), piece)
