import pytest

from w2s_mol.errors import ItemError
from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules
from w2s_mol.items.registry import items_called, items_of
from w2s_mol.items.texts import Texts
from w2s_mol.molecules.smiles import MoleculeError


@pytest.mark.parametrize(
    "cell", ["CCO", " two  blanks ", "a\nb", "tab\tbed", "\u00e9t\u00e9 \U0001f600", "c1cc"]
)
def test_a_text_is_read_as_it_stands(cell: str) -> None:
    assert Texts().read(cell) == cell
    assert Texts().fault(cell) == ""
    assert Texts().unread(cell) == ""


@pytest.mark.parametrize("cell", ["", " ", "\t\n", "\u00a0"])
def test_a_cell_with_nothing_to_read_is_no_text(cell: str) -> None:
    with pytest.raises(ItemError, match="empty text"):
        Texts().read(cell)
    assert Texts().fault(cell) == "empty text"


def test_half_a_character_is_no_text() -> None:
    assert Texts().fault("a \ud83d b") == r"half a character: '\ud83d'"


def test_a_molecule_is_what_stands_before_the_first_blank() -> None:
    assert Molecules().read(" CCO ethanol") == "CCO"
    assert Molecules().unread(" CCO ethanol") == "ethanol"
    assert Molecules().fault("c1cc") == "cannot parse SMILES"
    assert Molecules(2).fault("CCO") == "3 atoms, the limit is 2"
    with pytest.raises(MoleculeError):
        Molecules().read("")
    assert Molecules(2).unlimited.read("CCO") == "CCO"


@pytest.mark.parametrize(
    ("items", "one", "other"),
    [
        (Molecules(), "OCC", "CCO"),
        (Texts(), " Two  words.", "Two\nwords."),
        (Texts(), "\u00e9t\u00e9", "e\u0301te\u0301"),
    ],
)
def test_spellings_of_one_item_have_one_key(items: Items, one: str, other: str) -> None:
    assert items.key(one) == items.key(other)


@pytest.mark.parametrize(
    ("items", "one", "other"),
    [
        (Molecules(), "C[C@H](O)F", "C[C@@H](O)F"),
        (Texts(), "Two words!", "two words"),
        (Texts(), "STRASSE", "Stra\u00dfe"),
    ],
)
def test_twins_differ_in_their_key_alone(items: Items, one: str, other: str) -> None:
    assert items.key(one) != items.key(other)
    assert items.twin(items.key(one)) == items.twin(items.key(other))


@pytest.mark.parametrize(("one", "other"), [("CCO", "CCN"), ("good", "bad"), ("!", "?")])
def test_different_items_are_no_twins(one: str, other: str) -> None:
    of = Molecules() if one == "CCO" else Texts()
    assert of.twin(of.key(one)) != of.twin(of.key(other))


def test_a_column_of_texts_makes_items_texts() -> None:
    assert items_of(None, 7) == Molecules(7)
    assert items_of("review") == Texts()
    for items in (Molecules(7), Texts()):
        assert items_called(items.name, 7) == items
