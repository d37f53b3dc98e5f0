import numpy as np
from rdkit import Chem

from w2s_mol import load_encoder
from w2s_mol.molecules.descriptors import normalized_descriptors


def test_rdkit2d_is_the_200_normalised_descriptors() -> None:
    mol = Chem.MolFromSmiles("CC(=O)Oc1ccccc1")
    expected = normalized_descriptors([mol]).astype(np.float32)
    found = load_encoder("rdkit2d").embed(["CC(=O)Oc1ccccc1"]).embeddings
    np.testing.assert_array_equal(found, expected)


def test_ecfp_counts_substructures() -> None:
    """Hexane has 6 atoms at radius 0, 1 and 2: what all atoms contribute is counted, not set."""
    found = load_encoder("ecfp").embed(["CCCCCC"]).embeddings[0]
    assert found.sum() > 6
    assert found.max() >= 4


def test_another_spelling_of_a_molecule_gives_the_same_vector() -> None:
    for name in ("ecfp", "rdkit2d"):
        one, two = load_encoder(name).embed(["OCC", "CCO"]).embeddings
        np.testing.assert_allclose(one, two, atol=1e-6)
