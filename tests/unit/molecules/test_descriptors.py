import numpy as np
import pytest
from descriptastorus.descriptors import rdDescriptors
from descriptastorus.descriptors.rdNormalizedDescriptors import RDKit2DNormalized
from rdkit import Chem

from w2s_mol.molecules.descriptors import (
    descriptor_names,
    normalized_descriptors,
    raw_descriptors,
)

SMILES = [
    "CCO",
    "CC(=O)Oc1ccccc1C(=O)O",
    "C[N+](C)(C)CC([O-])=O",
    "[Na+].[Cl-]",
    "N",
    "OB(O)c1ccccc1",
    "CC(C)(C)c1ccc(cc1)C(O)CCCN1CCC(CC1)C(O)(c1ccccc1)c1ccccc1",
]


@pytest.fixture(scope="module")
def mols() -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in SMILES]


def test_raw_descriptors_are_those_of_the_reference_functions(mols: list[Chem.Mol]) -> None:
    expected = [
        [rdDescriptors.FUNCS_V1[name](Chem.Mol(mol)) for name in descriptor_names()] for mol in mols
    ]
    np.testing.assert_allclose(raw_descriptors(mols), expected, rtol=1e-9, atol=1e-9)


def test_normalised_descriptors_are_those_of_descriptastorus(mols: list[Chem.Mol]) -> None:
    reference = RDKit2DNormalized()
    rows = [reference.calculateMol(Chem.Mol(mol), "") for mol in mols]
    expected = np.nan_to_num(np.array(rows, dtype=float), nan=0.0)
    np.testing.assert_allclose(normalized_descriptors(mols), expected, rtol=0, atol=1e-6)


def test_normalised_descriptors_lie_between_0_and_1(mols: list[Chem.Mol]) -> None:
    found = normalized_descriptors(mols)
    assert found.shape == (len(SMILES), 200)
    assert ((found >= 0) & (found <= 1)).all()


def test_a_row_does_not_depend_on_the_other_molecules(mols: list[Chem.Mol]) -> None:
    together = normalized_descriptors(mols)
    alone = np.vstack([normalized_descriptors([mol]) for mol in mols])
    np.testing.assert_array_equal(together, alone)


def test_no_molecules_give_no_rows() -> None:
    assert normalized_descriptors([]).shape == (0, 200)
