"""One shard of a prepared corpus: so many lines made into tokens, descriptors and keys.

A shard is a safetensors file that training memory-maps. It depends on its lines and on how they
are prepared, and on nothing else of the corpus.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from w2s_mol import files
from w2s_mol.datasets.faults import reason_and_detail
from w2s_mol.errors import InputError
from w2s_mol.molecules.descriptors import normalized_descriptors
from w2s_mol.molecules.limits import MAX_ATOMS, check_max_atoms
from w2s_mol.molecules.smiles import (
    MoleculeError,
    parse,
    parse_kekulized,
    skeleton_of,
    smiles_of,
    write_kekulized,
)
from w2s_mol.molecules.vocabulary import OutsideVocabularyError, token_ids
from w2s_mol.pretraining.corpus_file import first_column
from w2s_mol.streams import stream

SHARD_LINES = 2_000
_SHORTEST = 3  # [CLS], an atom, [SEP]
_LONGEST_TEXT = 200  # of a rejected line, whose text is kept
_MARKS_OF_STEREO = re.compile(r"[@/\\[]")
FORMAT = 3
"""Raised when the content of a shard changes for the same lines and preparation."""


@dataclass(frozen=True)
class Preparation:
    """How each molecule of a corpus is prepared.

    Attributes
    ----------
    renumberings
        Random atom orders written per molecule; epoch ``e`` reads number ``e % renumberings``.
    max_length
        Longest token sequence taken, [CLS] and [SEP] counted.
    max_atoms
        Most atoms of a molecule taken; at most 5,000.
    seed
        Of the random atom orders.
    """

    renumberings: int = 2
    max_length: int = 128
    seed: int = 0
    max_atoms: int = MAX_ATOMS

    def __post_init__(self) -> None:
        check_max_atoms(self.max_atoms)
        if self.renumberings < 1:
            raise InputError(f"renumberings is {self.renumberings}; it must be 1 or more.")
        if self.max_length < _SHORTEST:
            raise InputError(f"max_length is {self.max_length}; one atom has {_SHORTEST} tokens.")


@dataclass(frozen=True)
class ShardLines:
    """The lines of one shard and where it goes."""

    path: Path
    first_line: int
    lines: list[str]
    preparation: Preparation


class Rejection(NamedTuple):
    """A line that gave no molecule to train on."""

    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True)
class Shard:
    """A prepared shard of ``n`` molecules, memory-mapped.

    Attributes
    ----------
    sha256
        Of its file.
    tokens
        The sequences of renumbering 0 of all molecules, then those of renumbering 1, ...
    lengths
        Shape (renumberings, n), tokens with [CLS] and [SEP].
    descriptors
        Shape (n, 200), float16, in [0, 1].
    lines
        Shape (n,), where each molecule stands in the corpus, from 1.
    molecule_keys, skeleton_keys
        Shape (n,), hashes of the canonical SMILES with and without stereo.
    """

    sha256: str
    tokens: NDArray[np.uint8]
    lengths: NDArray[np.int16]
    descriptors: NDArray[np.float16]
    lines: NDArray[np.int64]
    molecule_keys: NDArray[np.int64]
    skeleton_keys: NDArray[np.int64]


def skeleton_key(mol: Chem.Mol) -> int:
    """Return a hash of a molecule's canonical SMILES without stereo and isotopes."""
    return _hash(skeleton_of(mol))


def _keys(mol: Chem.Mol) -> tuple[int, int]:
    smiles = Chem.MolToSmiles(mol)
    key = _hash(smiles)
    return key, skeleton_key(mol) if _MARKS_OF_STEREO.search(smiles) else key


def _hash(smiles: str) -> int:
    digest = hashlib.blake2b(smiles.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def prepare_shard(lines: ShardLines) -> None:
    """Prepare one shard and write it."""
    import safetensors.numpy

    sequences: list[list[list[int]]] = []
    mols, numbers, rejected = [], [], []
    with rdBase.BlockLogs():
        for number, text in enumerate(lines.lines, lines.first_line):
            try:
                renumbered, mol = _molecule(text, number, lines.preparation)
            except MoleculeError as error:
                rejected.append((number, _reason(error), text[:_LONGEST_TEXT]))
            else:
                sequences.append(renumbered)
                mols.append(mol)
                numbers.append(number)
        descriptors = normalized_descriptors(mols)
        keys = np.array([_keys(mol) for mol in mols], dtype=np.int64).reshape(len(mols), 2)
    renumberings = lines.preparation.renumberings
    flat = [molecule[r] for r in range(renumberings) for molecule in sequences]
    tensors = {
        "tokens": np.fromiter(itertools.chain.from_iterable(flat), dtype=np.uint8),
        "lengths": np.array([*map(len, flat)], dtype=np.int16).reshape(renumberings, len(mols)),
        "descriptors": descriptors.astype(np.float16),
        "lines": np.array(numbers, dtype=np.int64),
        "molecule_keys": np.ascontiguousarray(keys[:, 0]),
        "skeleton_keys": np.ascontiguousarray(keys[:, 1]),
    }
    data = safetensors.numpy.save(tensors, metadata={"rejected": json.dumps(rejected)})
    files.write_bytes(lines.path, data)


def open_shard(path: Path, sha256: str) -> Shard:
    """Memory-map a prepared shard."""
    from safetensors import safe_open

    # With "numpy" every tensor would be copied into memory; with "pt" they stay on disk.
    with safe_open(path, framework="pt") as file:
        tensors: dict[str, Any] = {name: file.get_tensor(name).numpy() for name in file.keys()}  # noqa: SIM118
    return Shard(sha256, **tensors)


def rejections(path: Path) -> Iterator[Rejection]:
    """Yield the lines that a shard left out, in order."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        rejected = json.loads(file.metadata()["rejected"])
    yield from (Rejection(*fields) for fields in rejected)


def _molecule(text: str, line: int, preparation: Preparation) -> tuple[list[list[int]], Chem.Mol]:
    """Return the token sequences and the parsed molecule of one line, or raise MoleculeError."""
    column = first_column(text)
    if not column:
        raise MoleculeError("blank line")
    smiles = smiles_of(column, preparation.max_atoms)
    kekulized = parse_kekulized(smiles)
    orders = _random_orders(kekulized.GetNumAtoms(), line, preparation)
    sequences = [token_ids(write_kekulized(kekulized, order)) for order in orders]
    if max(map(len, sequences)) > preparation.max_length:
        raise MoleculeError(f"longer than {preparation.max_length} tokens")
    return sequences, parse(smiles)


def _random_orders(n_atoms: int, line: int, preparation: Preparation) -> list[list[int]]:
    generator = stream(preparation.seed, "atom orders of a line", line)
    return [generator.permutation(n_atoms).tolist() for _ in range(preparation.renumberings)]


def _reason(error: MoleculeError) -> str:
    if isinstance(error, OutsideVocabularyError):
        return "an element or sign outside the vocabulary"
    return reason_and_detail(str(error))[0]
