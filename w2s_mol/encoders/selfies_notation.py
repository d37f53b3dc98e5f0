"""SELFIES, for encoders that were trained on them (Krenn et al. 2020, arXiv:1905.13741)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from w2s_mol.errors import InputError
from w2s_mol.molecules.smiles import MoleculeError


def is_selfies(words: Iterable[str]) -> bool:
    """Say whether a vocabulary is one of SELFIES: atoms in brackets, and none without."""
    known = {word.strip("\u2581\u0120 ") for word in words}
    return {"[C]", "[O]", "[=C]"} <= known and "C" not in known


def converter(name: str) -> Callable[[str], str]:
    """Return the function from SMILES to SELFIES, which raises MoleculeError.

    Raises
    ------
    InputError
        If the package is not installed.
    """
    try:
        import selfies
    except ImportError as error:
        raise InputError(
            f"encoder {name} reads SELFIES. Install what makes them, pip install "
            "'w2s-mol[selfies]', or embed the molecules elsewhere and give the vectors as "
            "file:EMBEDDINGS.parquet."
        ) from error

    def to_selfies(smiles: str) -> str:
        try:
            return str(selfies.encoder(smiles))
        except selfies.EncoderError as error:
            raise MoleculeError("cannot be written as SELFIES") from error

    return to_selfies
