import pytest

from w2s_mol.molecules.smiles import MoleculeError
from w2s_mol.molecules.vocabulary import CLS_ID, SEP_ID, TOKENS, token_ids


def test_there_are_42_tokens_in_molberts_order() -> None:
    assert len(TOKENS) == 42
    assert TOKENS[:5] == ("[PAD]", "[CLS]", "[SEP]", "[MASK]", "F")
    assert TOKENS[-1] == "]"


@pytest.mark.parametrize(
    ("smiles", "pieces"),
    [
        ("CCl", ["C", "Cl"]),
        ("CBr", ["C", "Br"]),
        ("C[SiH3]", ["C", "[", "Si", "H", "3", "]"]),
        ("[C@@H]", ["[", "C", "@@", "H", "]"]),
        ("C%12", ["C", "%", "1", "2"]),
    ],
)
def test_two_character_tokens_are_one_token(smiles: str, pieces: list[str]) -> None:
    assert token_ids(smiles) == [CLS_ID, *(TOKENS.index(piece) for piece in pieces), SEP_ID]


@pytest.mark.parametrize("smiles", ["[Na+]", "[Sn]", "[CH3:1]", "*C", "c1ccccc1"])
def test_anything_outside_the_vocabulary_is_refused(smiles: str) -> None:
    with pytest.raises(MoleculeError, match="outside the encoder's vocabulary"):
        token_ids(smiles)
