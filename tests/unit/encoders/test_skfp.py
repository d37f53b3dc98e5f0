"""``skfp:NAME``. scikit-fingerprints 2.1 wants an older RDKit than constraints.txt pins, so the
tests that need it run in an environment of its own; in the ordinary one they are skipped."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import MACCSkeys

from w2s_mol import load_encoder, run_study
from w2s_mol.errors import DownloadError, InputError

SMILES = ["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O", "CCl", "C1CCCCC1N", "C[C@@H](N)C(=O)O"]


def is_installed() -> bool:
    try:
        return bool(importlib.metadata.version("scikit-fingerprints"))
    except importlib.metadata.PackageNotFoundError:
        return False


needs_skfp = pytest.mark.skipif(
    not is_installed(),
    reason="scikit-fingerprints is not installed: it wants an older RDKit than constraints.txt",
)


@pytest.mark.skipif(is_installed(), reason="scikit-fingerprints is installed")
def test_without_the_package_the_way_to_install_it_is_said() -> None:
    with pytest.raises(InputError, match=r"not installed. pip install 'w2s-mol\[skfp\]'"):
        load_encoder("skfp:ECFP")


@needs_skfp
@pytest.mark.parametrize("name", ["skfp:MACCS", "skfp:maccs", "skfp:MACCSFingerprint"])
def test_maccs_keys_are_rdkits(name: str) -> None:
    encoder = load_encoder(name)
    assert encoder.name == "skfp:MACCS"
    found = encoder.embed([*SMILES, "nothing"])
    keys = [list(MACCSkeys.GenMACCSKeys(Chem.MolFromSmiles(text)))[1:] for text in SMILES]
    assert found.embeddings.dtype == np.float32
    np.testing.assert_array_equal(found.embeddings[:-1], keys)
    assert found.valid.tolist() == [True] * 6 + [False]


@needs_skfp
def test_every_fingerprint_without_weights_keeps_the_contract() -> None:
    from w2s_mol.encoders.skfp import fingerprint_classes

    names = sorted(fingerprint_classes())
    assert {"ECFP", "MACCS", "RDKit2DDescriptors", "USR", "E3FP"} <= set(names)
    for name in names:
        if hasattr(fingerprint_classes()[name], "get_model"):
            continue
        encoder = load_encoder(f"skfp:{name}")
        found = encoder.embed(SMILES)  # held to the laws here
        assert found.embeddings.shape == (len(SMILES), encoder.dimension("plugin"))
        if name == "Mordred":  # some of its descriptors are missing for nearly every molecule
            assert "of its 1613 features are missing" in found.reasons[0]
        else:
            assert found.valid.all(), (name, found.reasons)


@needs_skfp
def test_a_molecule_that_a_fingerprint_fails_on_is_invalid_alone(capfd) -> None:
    found = load_encoder("skfp:USR").embed(["CCO", "[Na+].[Cl-]", "c1ccccc1O"])
    assert found.valid.tolist() == [True, False, True]
    assert found.reasons[1] == "too few atoms (minimum three)"
    assert not load_encoder("skfp:E3FP").embed(["[Na+].[Cl-]", "CCO"]).valid[0]
    assert "Traceback" not in capfd.readouterr().err


@needs_skfp
def test_the_fingerprint_is_of_class_parameters_and_versions() -> None:
    import rdkit

    said = load_encoder("skfp:ECFP").fingerprint
    for part in (
        '"class": "ECFPFingerprint"',
        '"radius": 2',
        f'"skfp": "{importlib.metadata.version("scikit-fingerprints")}"',
        f'"rdkit": "{rdkit.__version__}"',
    ):
        assert part in said
    assert load_encoder("skfp:ecfp").fingerprint == said
    assert load_encoder("skfp:SECFP").fingerprint != said


@needs_skfp
def test_an_unknown_fingerprint_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'ECFP'"):
        load_encoder("skfp:ECFB")


@needs_skfp
def test_a_study_of_two_fingerprints() -> None:
    found = run_study(
        dataset="computed-logp", weak=("skfp:MACCS", "skfp:maccs"), strong="skfp:TopologicalTorsion"
    ).results
    assert set(found["weak"]) == {"skfp:MACCS"}
    assert set(found["strong"]) == {"skfp:TopologicalTorsion"}
    assert np.isfinite(found["w2s_error"]).all()


@needs_skfp
def test_a_neural_one_is_told_apart_by_its_weights(tmp_path, monkeypatch) -> None:
    import torch
    from skfp.fingerprints.neural import base_neural_fp_transformer as neural
    from skfp.fingerprints.neural.clamp import CLAMPCompoundEncoder

    with pytest.raises(DownloadError, match="cannot fetch the weights of skfp:CLAMP"):
        load_encoder("skfp:CLAMP", "cpu", offline=True)
    fingerprints = set()
    for seed in (0, 1):
        torch.manual_seed(seed)
        path = tmp_path / f"{seed}.pt"
        torch.save({"model_state_dict": CLAMPCompoundEncoder().state_dict()}, path)
        monkeypatch.setattr(neural, "hf_hub_download", lambda path=path, **_: str(path))
        encoder = load_encoder("skfp:clamp", "cpu")
        fingerprints.add(encoder.fingerprint)
        assert encoder.embed(SMILES).valid.all()
    assert len(fingerprints) == 2
