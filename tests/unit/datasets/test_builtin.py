from __future__ import annotations

import csv

import pytest
from rdkit import Chem, rdBase
from rdkit.Chem import QED, Crippen, Descriptors

from w2s_mol.datasets.builtin import N_MOLECULES, generate, to_csv
from w2s_mol.datasets.named import builtin_path
from w2s_mol.molecules.smiles import standardize
from w2s_mol.molecules.vocabulary import token_ids


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, float]]:
    with builtin_path().open(newline="") as file:
        return [(row["smiles"], float(row["logp"])) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def mols(rows):
    return [Chem.MolFromSmiles(smiles) for smiles, _ in rows]


def test_it_has_at_least_two_thousand_molecules(rows):
    assert len(rows) == N_MOLECULES >= 2000


def test_every_molecule_parses(mols):
    assert None not in mols


def test_no_molecule_is_there_twice(rows, mols):
    assert len({Chem.MolToSmiles(mol) for mol in mols}) == len(rows)


def test_every_molecule_is_one_whole(rows):
    assert not [smiles for smiles, _ in rows if "." in smiles or "*" in smiles]


AS_GENERATED = pytest.mark.skipif(
    rdBase.rdkitVersion < "2026.03.6", reason="an older RDKit finds other rings aromatic"
)


@AS_GENERATED
def test_every_label_is_rdkits_crippen_logp(rows, mols):
    assert [label for _, label in rows] == pytest.approx(list(map(Crippen.MolLogP, mols)), abs=1e-6)


def test_every_tenth_molecule_is_drug_like(mols):
    for mol in mols[::10]:
        assert QED.qed(mol) >= 0.5
        assert 180 <= Descriptors.MolWt(mol) <= 500


def test_the_encoders_vocabulary_covers_all(rows):
    for smiles, _ in rows:
        assert 2 < len(token_ids(standardize(smiles))) <= 128


@pytest.mark.slow
@AS_GENERATED
def test_the_committed_table_is_what_the_generator_makes_byte_for_byte():
    assert to_csv(generate()).encode() == builtin_path().read_bytes()


def test_a_seed_makes_the_same_molecules_and_another_makes_others():
    assert generate(20, seed=1) == generate(20, seed=1)
    assert generate(20, seed=1) != generate(20, seed=2)
