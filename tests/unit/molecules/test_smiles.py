import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem, rdBase

from w2s_mol.molecules.smiles import (
    MoleculeError,
    check_molecule,
    forget,
    parse,
    parse_kekulized,
    remembered,
    smiles_of,
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


ODD = (
    "CCO", "c1ccccc1", "C[N](=O)=O", "CP(=O)(=O)C", "OCl(=O)(=O)=O", "N#N=N", "CN=N#N", "[Fe]CC",
    "[H]", "[H][H]", "*", "c1cc", "C(C)(C)(C)(C)C", "FP(F)(F)(F)(F)F", "[nH]1cccc1", "n1cccc1",
    "CN(C)(C)C", "c1nnnn1", "B(F)(F)(F)F", "O=I(=O)c1ccccc1", "C1CC", "CC(=O)O[Pb]", "N1=N=C1",
)  # fmt: skip


@given(st.one_of(st.sampled_from(ODD), st.text("CNOPSFIBclnos()[]=#+-@/\\12%H", max_size=12)))
def test_a_molecule_is_what_rdkit_reads_by_default_and_asking_changes_no_form(text: str) -> None:
    """Whether it is one is found out without the clean-up, where nothing fails without it."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text)
        forms = []
        for _ in range(2):
            forget()
            forms.append([form_of(text) for _ in range(2)])
            is_one = True
            try:
                check_molecule(text)
            except MoleculeError:
                is_one = False
            assert is_one == (mol is not None and mol.GetNumAtoms() > 0)
            forms.append([form_of(text)] * 2)
    assert all(form == forms[0] for form in forms)


def form_of(text: str) -> str:
    try:
        return standardize(text)
    except MoleculeError as error:
        return str(error)


def test_a_renumbered_molecule_is_the_same_molecule() -> None:
    mol = parse_kekulized("CC(=O)Oc1ccccc1C(=O)O")
    order = list(reversed(range(mol.GetNumAtoms())))
    written = write_kekulized(mol, order)
    assert written != write_kekulized(mol)
    assert Chem.CanonSmiles(written) == Chem.CanonSmiles("CC(=O)Oc1ccccc1C(=O)O")


@pytest.mark.parametrize(
    ("cell", "smiles"),
    [(" CCO\t", "CCO"), ("CCO ethanol", "CCO"), ("CCO\tan alcohol", "CCO"), ("[Na+].[Cl-]",) * 2],
)
def test_a_smiles_is_what_stands_before_the_first_blank(cell: str, smiles: str) -> None:
    assert smiles_of(cell) == smiles


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("CC\u00d3", "not printable ASCII: 'Ó'"),
        ("CCO\u00a0", "not printable ASCII"),
        ("c1ccccc1N\nCCC", "not printable ASCII"),
        ("C\0", "not printable ASCII"),
        ("C[C@H](O)F |&1:1|", "CXSMILES"),
        ("C" * 501, "501 atoms, the limit is 500"),
        ("ClBr[13CH3]" * 167, "501 atoms"),
    ],
)
def test_what_is_no_smiles_is_refused_with_its_reason(cell: str, reason: str) -> None:
    with pytest.raises(MoleculeError, match=reason):
        smiles_of(cell)


def test_the_limit_of_atoms_can_be_raised_up_to_what_rdkit_can_write() -> None:
    assert smiles_of("C" * 5_000, max_atoms=10**9) == "C" * 5_000
    with pytest.raises(MoleculeError, match="20,000 atoms, the limit is 5,000"):
        smiles_of("C" * 20_000, max_atoms=10**9)


def test_how_a_smiles_reads_is_found_out_once_until_it_is_forgotten() -> None:
    read: list[str] = []

    @remembered
    def reading(smiles: str) -> int:
        read.append(smiles)
        return len(smiles)

    assert [reading("CC"), reading("C"), reading("CC")] == [2, 1, 2]
    assert read == ["CC", "C"]
    forget()
    assert reading("CC") == 2
    assert read == ["CC", "C", "CC"]
