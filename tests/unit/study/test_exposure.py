import json
from types import SimpleNamespace

import pytest

from w2s_mol import paths
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.pretraining.model_card import model_card
from w2s_mol.study.exposure import (
    LABELS_AS_FEATURE,
    LABELS_AS_TARGET,
    LEFT_OUT,
    NEVER_TRAINED,
    NOT_IN_CORPUS,
    UNKNOWN,
    exposures,
)


def encoder(name: str, **metadata) -> SimpleNamespace:
    return SimpleNamespace(name=name, metadata=metadata)


MINE = encoder("mine", molecules_left_out_of=["esol"], objectives={"mlm": 1, "descriptors": 0})
OURS = encoder("ours", corpus_holds_no_molecule_of=["esol"], objectives={"descriptors": 30})


@pytest.mark.parametrize("name", ["ecfp", "rdkit2d", "random-h8-s0"])
def test_what_was_never_trained_has_seen_nothing(name: str) -> None:
    assert exposures("esol", True, [find_encoder(name, "cpu")]) == {NEVER_TRAINED: [name]}


@pytest.mark.parametrize("name", ["ecfp", "rdkit2d", "random-h8-s0"])
def test_a_trained_encoder_may_be_called_anything(name: str) -> None:
    assert exposures("esol", True, [encoder(name)]) == {UNKNOWN: [name]}


def test_molecules_are_left_out_or_absent_or_nothing_is_known_of_them() -> None:
    found = exposures("esol", True, [MINE, OURS, encoder("molbert"), encoder("bert")])
    assert found == {LEFT_OUT: ["mine"], NOT_IN_CORPUS: ["ours"], UNKNOWN: ["molbert", "bert"]}
    assert exposures("bace", True, [MINE, OURS]) == {UNKNOWN: ["mine", "ours"]}


def test_a_file_of_a_datasets_name_is_not_that_dataset() -> None:
    assert exposures("esol", False, [MINE]) == {UNKNOWN: ["mine"]}
    assert exposures("computed-logp", False, [find_encoder("rdkit2d")]) == {
        NEVER_TRAINED: ["rdkit2d"]
    }


def test_computed_logp_is_one_of_the_200_descriptors() -> None:
    """Its label is a target of those pretrained with descriptors, and a feature of rdkit2d."""
    molbert = encoder("molbert")
    molbert.folder = paths.home() / "encoders" / "molbert-0123"
    asked = [MINE, OURS, molbert, find_encoder("rdkit2d"), find_encoder("ecfp")]
    assert exposures("computed-logp", True, asked) == {
        UNKNOWN: ["mine", "ours", "molbert"],
        LABELS_AS_TARGET: ["ours", "molbert"],
        NEVER_TRAINED: ["rdkit2d", "ecfp"],
        LABELS_AS_FEATURE: ["rdkit2d"],
    }


@pytest.mark.parametrize("value", [None, "esol", 3, {"esol": 1}])
def test_metadata_of_any_kind_is_borne(value: object) -> None:
    odd = encoder("odd", molecules_left_out_of=value, objectives=value)
    assert exposures("esol", True, [odd]) == {UNKNOWN: ["odd"]}


def test_the_label_of_computed_logp_is_a_descriptor() -> None:
    from rdkit import Chem
    from rdkit.Chem import Crippen, Descriptors

    from w2s_mol.datasets.loading import load_dataset
    from w2s_mol.molecules.descriptors import descriptor_names

    assert "MolLogP" in descriptor_names()
    dataset = load_dataset("computed-logp")
    mol = Chem.MolFromSmiles(dataset.smiles[7])
    assert Descriptors.MolLogP(mol) == Crippen.MolLogP(mol)
    assert dataset.labels[7] == pytest.approx(Crippen.MolLogP(mol), abs=1e-3)


def test_the_cards_of_the_shipped_encoders_say_what_the_readme_says() -> None:
    """Compared by skeleton with all 1,153,818 molecules: none of the three is among them."""
    from w2s_mol import paths

    folders = sorted(p for p in paths.shipped("checkpoints").iterdir() if p.is_dir())
    assert len(folders) == 25
    for folder in folders:
        made = json.loads((folder / "w2s_mol.json").read_text())
        shipped = encoder(folder.name, **made)
        for name in ("esol", "freesolv", "lipop"):
            assert exposures(name, True, [shipped]) == {NOT_IN_CORPUS: [folder.name]}
        assert UNKNOWN in exposures("bbbp", True, [shipped])
        assert (folder / "README.md").read_text() == model_card(folder.name, made)
        assert "no molecule of esol, freesolv, lipop is in" in model_card(folder.name, made)
