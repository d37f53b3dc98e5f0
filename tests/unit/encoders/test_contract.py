import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol import load_encoder
from w2s_mol.errors import InputError

SMILES = ["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O", "CCl", "C", "CCCCCCCCCC", "C[C@@H](N)C(=O)O"]
BAD = ["", "not a molecule", "c1cc"]


@pytest.fixture(scope="module", params=["rdkit2d", "ecfp", "tiny"])
def encoder(request: pytest.FixtureRequest, tiny_encoder_folder):
    return load_encoder(str(tiny_encoder_folder) if request.param == "tiny" else request.param)


def test_invalid_smiles_are_rows_of_nan_with_a_reason(encoder) -> None:
    found = encoder.embed([*BAD, "CCO"])
    assert found.valid.tolist() == [False, False, False, True]
    assert np.isnan(found.embeddings[:3]).all()
    assert np.isfinite(found.embeddings[3]).all()
    assert all(found.reasons[:3])
    assert found.reasons[3] == ""


def test_embeddings_are_float32_of_the_announced_dimension(encoder) -> None:
    found = encoder.embed(SMILES)
    assert found.embeddings.dtype == np.float32
    assert found.embeddings.shape == (len(SMILES), encoder.dimension(encoder.poolings[0]))


@settings(deadline=None, max_examples=15)
@given(st.lists(st.sampled_from(SMILES + BAD), max_size=20))
def test_a_vector_does_not_depend_on_order_or_company(encoder, smiles: list[str]) -> None:
    alone = {text: encoder.embed([text]).embeddings[0] for text in set(smiles)}
    found = encoder.embed(smiles)
    for text, row in zip(smiles, found.embeddings, strict=True):
        np.testing.assert_allclose(row, alone[text], atol=1e-5)


def test_a_missing_value_is_invalid(encoder) -> None:
    assert encoder.embed([float("nan"), None, "C"]).valid.tolist() == [False, False, True]


def test_nothing_at_all_gives_no_rows(encoder) -> None:
    assert encoder.embed([]).embeddings.shape == (0, encoder.dimension(encoder.poolings[0]))


def test_a_string_in_place_of_a_list_is_refused(encoder) -> None:
    with pytest.raises(InputError, match="smiles is a str"):
        encoder.embed("CCO")


@pytest.mark.parametrize(
    "given", [{"CCO", "CCN"}, {"CCO": 1}, pd.DataFrame({"smiles": ["CCO"]}), 5, [3], b"CCO"]
)
def test_what_is_no_sequence_of_texts_is_refused(encoder, given) -> None:
    with pytest.raises(InputError, match="smiles"):
        encoder.embed(given)


@pytest.mark.parametrize("name", [None, 3, [], pd.DataFrame()])
def test_a_name_that_is_no_text_is_refused(name) -> None:
    with pytest.raises(InputError, match="an encoder's name is a"):
        load_encoder(name)


def test_an_unknown_pooling_is_refused_with_those_there_are(encoder) -> None:
    with pytest.raises(InputError, match=encoder.poolings[0].replace("+", r"\+")):
        encoder.embed(["CCO"], pooling="sum")
