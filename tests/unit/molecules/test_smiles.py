import pytest
from rdkit import Chem

from w2s_mol.molecules.smiles import (
    MoleculeError,
    parse,
    parse_kekulized,
    standardize,
    write_kekulized,
)


def test_standard_form_is_kekule_without_aromatic_atoms() -> None:
    assert standardize("c1ccc2[nH]ccc2c1") == "C1=CC=C2NC=CC2=C1"


def test_standard_form_keeps_the_atom_order_it_was_given() -> None:
    assert standardize("OCC") == "OCC"
    assert standardize("CCO") == "CCO"


def test_surrounding_blanks_are_ignored() -> None:
    assert standardize(" CCO ") == "CCO"


def test_a_five_valent_nitrogen_passes_as_it_does_in_molbert() -> None:
    assert standardize("CN(=O)=O") == "CN(=O)=O"


@pytest.mark.parametrize("bad", ["", "   ", "not a smiles", "C1CC", "c1cc"])
def test_what_is_no_molecule_is_refused(bad: str) -> None:
    with pytest.raises(MoleculeError):
        standardize(bad)
    with pytest.raises(MoleculeError):
        parse(bad)


def test_a_renumbered_molecule_is_the_same_molecule() -> None:
    mol = parse_kekulized("CC(=O)Oc1ccccc1C(=O)O")
    order = list(reversed(range(mol.GetNumAtoms())))
    written = write_kekulized(mol, order)
    assert written != write_kekulized(mol)
    assert Chem.CanonSmiles(written) == Chem.CanonSmiles("CC(=O)Oc1ccccc1C(=O)O")
