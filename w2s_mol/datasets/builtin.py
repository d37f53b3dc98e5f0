"""The one dataset that needs no download: made-up molecules with a computed label.

Molecules are assembled from common medicinal-chemistry pieces and kept where they are drug-like;
the label is Wildman and Crippen's logP as RDKit computes it (J. Chem. Inf. Comput. Sci. 39,
868-873, 1999), so the truth is known exactly and has no noise. It stands in for nothing measured.
"""

from __future__ import annotations

import csv
import io
import itertools
from functools import cache

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import QED, rdMolDescriptors

N_MOLECULES = 2400
_LEAST_QED = 0.5
_WEIGHTS = (180.0, 500.0)

_CORES = (
    "c1ccc({})cc1", "c1cc({})ccc1F", "c1cc({})ccc1Cl", "c1cc({})ccc1OC", "c1cc({})ccc1C#N",
    "c1cc({})cc(C)c1", "c1cc({})ccc1C(F)(F)F", "c1ccc({})nc1", "c1cncc({})c1", "c1cnc({})nc1",
    "c1csc({})c1", "c1coc({})c1", "c1nc({})sc1C", "c1cc2ccc({})cc2[nH]1", "c1ccc2nc({})ccc2c1",
    "Cn1cc({})cn1", "Cc1noc(C)c1{}", "C1CCC({})CC1", "C1CCN({})CC1", "C1COCCN1{}",
    "CN1CCN({})CC1", "C1CC({})CCN1C(C)=O", "C1CC1{}", "OC1CCN({})CC1", "O=C1CCCN1{}",
    "c1cc({})ccc1S(C)(=O)=O", "c1cc({})ccc1Br", "c1cc({})ccc1C(=O)OC", "CC(C)C{}", "CC(C)(C)C{}",
)  # fmt: skip
"""Groups with one free place, {}."""

_LINKERS = (
    "C(=O)N{}", "NC(=O){}", "S(=O)(=O)N{}", "CO{}", "C(=O){}", "CNC(=O){}", "C{}", "CCN(C){}",
    "C(=O)NC{}", "NC(=O)N{}", "CS{}", "C(O)C{}", "C=C{}", "c1nnc({})o1", "N(C)C(=O){}",
)  # fmt: skip
"""What joins two groups; the second goes at {}."""


def generate(n: int = N_MOLECULES, seed: int = 0) -> list[tuple[str, float]]:
    """Make distinct drug-like molecules and their Wildman-Crippen logP.

    Every core-linker-core combination is tried in a random order until ``n`` are kept: those that
    RDKit accepts, of 180 to 500 g/mol, with a drug-likeness (QED) of at least 0.5.

    Returns
    -------
    list of (canonical SMILES, logP)
    """
    combinations = list(itertools.product(_CORES, _LINKERS, _CORES))
    kept: dict[str, float] = {}
    with rdBase.BlockLogs():
        for index in np.random.default_rng(seed).permutation(len(combinations)):
            first, linker, second = combinations[index]
            mol = Chem.MolFromSmiles(_join(first, linker, second))
            if mol is None or not _is_drug_like(mol):
                continue
            kept[Chem.MolToSmiles(mol)] = round(rdMolDescriptors.CalcCrippenDescriptors(mol)[0], 6)
            if len(kept) == n:
                break
    return list(kept.items())


def _join(first: str, linker: str, second: str) -> str:
    return first.replace("{}", linker.replace("{}", _from_free_place(second)))


@cache
def _from_free_place(group: str) -> str:
    """Rewrite a group as a SMILES that begins at its free place, with ring numbers of its own."""
    mol = Chem.MolFromSmiles(group.replace("{}", "[*]"))
    place = next(atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0)
    text = Chem.MolToSmiles(mol, rootedAtAtom=place, canonical=True)
    rings = str.maketrans("123456", "456789")
    return text.removeprefix("*").translate(rings)


def _is_drug_like(mol: Chem.Mol) -> bool:
    weight = rdMolDescriptors._CalcMolWt(mol)  # noqa: SLF001 -- the one RDKit offers
    return bool(_WEIGHTS[0] <= weight <= _WEIGHTS[1] and QED.qed(mol) >= _LEAST_QED)


def to_csv(rows: list[tuple[str, float]]) -> str:
    """Return the table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["smiles", "logp"])
    writer.writerows(rows)
    return text.getvalue()
