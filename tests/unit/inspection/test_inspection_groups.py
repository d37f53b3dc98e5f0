import numpy as np
import pytest
from rdkit import Chem

from w2s_mol.inspection.drawing import drawn_molecule
from w2s_mol.inspection.groups import (
    by_frequency,
    by_quantile,
    gains,
    heavy_atoms,
    nearest_similarity,
    read,
    scaffolds,
)


@pytest.mark.parametrize(
    ("smiles", "scaffold"),
    [
        ("CC(=O)Nc1ccc(O)cc1", "C1CCCCC1"),
        ("c1ccncc1", "C1CCCCC1"),
        ("O=C1CCCN1Cc1ccncc1", "C1CCC(CC2CCCC2)CC1"),
        ("CCO", "no ring"),
        ("not a molecule", "not readable"),
    ],
)
def test_scaffolds_are_rings_and_what_joins_them_all_carbon(smiles: str, scaffold: str) -> None:
    assert scaffolds(read([smiles])) == [scaffold]


def test_heavy_atoms_are_counted() -> None:
    assert heavy_atoms(read(["CCO", "[H]O[H]", "xx"])).tolist()[:2] == [3, 1]
    assert np.isnan(heavy_atoms(read(["xx"]))).all()


def test_the_nearest_is_that_of_each_splits_molecules() -> None:
    mols = read(["CCO", "c1ccccc1", "xx"])
    learnt = {"a": read(["CCO", "CCCCCC"]), "b": read(["c1ccccc1", "xx"])}
    found = nearest_similarity({"a": [0], "b": [0, 1, 2]}, learnt, mols)
    assert found[0] == pytest.approx((1.0 + 0.0) / 2)
    assert found[1] == pytest.approx(1.0)
    assert np.isnan(found[2])


def test_the_most_frequent_names_come_first() -> None:
    assert by_frequency(["b", "a", "b", "c"], most=2) == {"b": [0, 2], "a": [1]}


def test_quartiles_are_named_by_their_ends() -> None:
    values = np.array([8.0, 1, 2, 3, 4, 5, 6, 7, np.nan])
    assert by_quantile(values, 0) == {
        "1 to 2": [1, 2], "3 to 4": [3, 4], "5 to 6": [5, 6], "7 to 8": [0, 7],
    }  # fmt: skip
    assert by_quantile(np.array([1.0, 1, 1, 1, 2]), 0) == {"1": [0, 1, 2, 3], "2": [4]}
    assert by_quantile(np.full(3, np.nan), 0) == {}
    # What reads alike is one group.
    assert by_quantile(np.array([0.101, 0.102, 0.103, 0.104]), 1) == {"0.1": [0, 1, 2, 3]}


def test_gains_are_means_of_groups_with_an_interval_over_molecules() -> None:
    gain = np.array([*([0.0, 2.0] * 50), 7.0])
    groups = {"all": range(101), "first": range(100), "last": [100]}
    found = gains(gain, groups).set_index("group")
    assert found["n"].to_dict() == {"all": 101, "first": 100, "last": 1}
    assert found["gain"].to_dict() == pytest.approx({"all": 107 / 101, "first": 1.0, "last": 7.0})
    # The standard error of the mean of a hundred coins that show 0 or 2 is 0.1.
    assert found["low"]["first"] == pytest.approx(1 - 1.96 * 0.1, abs=0.01)
    assert found["high"]["first"] == pytest.approx(1 + 1.96 * 0.1, abs=0.01)
    assert np.isnan(found["low"]["last"])


def test_a_drawing_holds_paths_alone() -> None:
    svg = drawn_molecule("CC(C)C[C@H](CO)Nc1nc(SCc2ccccc2F)nc3nc(N)sc13 <script>")
    assert svg.startswith("<svg ")
    assert svg.rstrip().endswith("</svg>")
    assert "script" not in svg
    assert "href" not in svg
    assert "<text" not in svg


@pytest.mark.parametrize("smiles", ["", "xx", "C" * 201, "c1cc", "C\x00"])
def test_what_cannot_be_drawn_has_no_picture(smiles: str) -> None:
    assert drawn_molecule(smiles) == ""


def test_a_molecule_read_is_that_of_its_cell() -> None:
    [mol] = read(["CCO ethanol"])
    assert Chem.MolToSmiles(mol) == "CCO"
