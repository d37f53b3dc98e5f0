"""Molecules whose errors are told apart: a column of 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.errors import InputError

FOLDS = ["train"] * 8 + ["valid"] * 2 + ["test"] * 4
MARKS = ["0", "1", "true", "False", "1.0", " 0.0 ", "", "1", "0", "", "1", "0", "TRUE", ""]
SAID = [0, 1, 1, 0, 1, 0, np.nan, 1, 0, np.nan, 1, 0, 1, np.nan]


def csv_text(marks: list[str] = MARKS, folds: list[str] = FOLDS) -> str:
    rows = [
        f"{'C' * (i + 1)}O,{i / 4},{mark},{fold}"
        for i, (mark, fold) in enumerate(zip(marks, folds, strict=True))
    ]
    return "\n".join(["smiles,y,Odd,fold", *rows]) + "\n"


@pytest.fixture
def load(write: Callable) -> Callable[..., Dataset]:
    def run(text: str, **options: object) -> Dataset:
        given = {"target_column": "y", "split_columns": ("fold",), "apart": "odd", **options}
        return load_dataset(str(write("own.csv", text)), **given)

    return run


def test_a_column_says_which_molecules_are_told_apart_and_may_say_nothing(load: Callable) -> None:
    found = load(csv_text())
    assert found.apart.column == "odd"
    np.testing.assert_array_equal(found.apart.marks, SAID)
    assert found.apart.among(found.splits[0].test).tolist() == [10, 12]
    assert found.notes == ["column 'odd' is empty for 3 molecules, which are not told apart"]
    bare = load(csv_text(), apart=None)
    assert bare.apart is None
    assert bare.sha256 == found.sha256


def test_its_hash_is_of_the_column_and_what_it_says(load: Callable) -> None:
    changed = [*MARKS[:-1], "1"]
    hashes = [load(csv_text(marks)).apart.sha256 for marks in (MARKS, changed, MARKS)]
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_column_that_is_not_there_is_named_with_those_that_are(load: Callable) -> None:
    with pytest.raises(InputError, match=r"unknown column in own\.csv: 'ood'.*'Odd'"):
        load(csv_text(), apart="ood")


@pytest.mark.parametrize("cell", ["2", "yes", "0.5", "nan", "-1"])
def test_a_cell_that_is_neither_is_a_fault_of_its_row(load: Callable, cell: str) -> None:
    text = csv_text([*MARKS[:3], cell, *MARKS[4:]])
    said = rf"own\.csv line 5: value is none of 0, 1, true, false: '{cell}' in column 'odd'"
    with pytest.raises(InputError, match=said):
        load(text)
    found = load(text, on_invalid="skip")
    np.testing.assert_array_equal(found.apart.marks, np.delete(SAID, 3))
    assert found.notes[0] == "1 row left out (1 × value is none of 0, 1, true, false)"


def test_a_column_that_marks_no_test_molecule_is_refused(load: Callable) -> None:
    with pytest.raises(InputError, match=r"'odd' of own is 1 for none of the test molecules"):
        load(csv_text([*MARKS[:10], *["0"] * 4]))


def test_splits_without_such_molecules_are_told(load: Callable) -> None:
    marks = ["1"] * 4 + ["0"] * 16
    folds = ["train"] * 20
    found = load(csv_text(marks, folds), split_columns=(), split_seeds=range(8))
    without = [s.name for s in found.splits if not {0, 1, 2, 3} & {*s.test}]
    assert 0 < len(without) < 8
    [note] = found.notes
    assert note.startswith(f"column 'odd' is 1 for no test molecule of split {', '.join(without)}:")
    assert note.endswith("errors apart are of the other splits")


def test_molecules_without_a_label_are_marked_by_their_own_table_alone(
    load: Callable, tmp_path: Path
) -> None:
    (tmp_path / "pool.csv").write_text("smiles,odd\nc1ccccc1,1\n")
    text = csv_text() + "CCN,,1,\n"
    found = load(text, unlabelled=("rows", str(tmp_path / "pool.csv")))
    np.testing.assert_array_equal(found.apart.marks, [*SAID, 1, np.nan])


def test_a_named_dataset_has_its_own_column_or_none() -> None:
    with pytest.raises(InputError, match="'apart' are for a CSV of your own"):
        load_dataset("computed-logp", apart="smiles")
    assert load_dataset("computed-logp").apart is None


def test_activity_cliffs_of_moleculeace_are_told_apart(mirror: Path) -> None:
    if not (mirror / "moleculeace").is_dir():
        pytest.skip(f"MoleculeACE's sets are not at {mirror}")
    found = load_dataset("moleculeace:CHEMBL2835_Ki", mirror=str(mirror), offline=True)
    assert found.apart.column == "cliff_mol"
    assert set(found.apart.marks) == {0, 1}
    for split in found.splits:
        assert 0 < len(found.apart.among(split.test)) < len(split.test)
