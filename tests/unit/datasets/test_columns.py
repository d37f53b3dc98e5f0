from __future__ import annotations

import re

import numpy as np
import pytest

from w2s_mol.datasets.loading import load_dataset
from w2s_mol.errors import InputError

CELLS = ["1.5", "", " -2e3 ", "0", "  ", *("7" for _ in range(7))]
NUMBERS = [1.5, np.nan, -2000.0, 0.0, np.nan, *(7.0 for _ in range(7))]


def csv_text(cells=CELLS, header="smiles,logp,dock_score"):
    rows = [f"{'C' * (i + 1)}O,{i / 4},{cell}" for i, cell in enumerate(cells)]
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def load(write):
    def run(text, **options):
        given = {"target_column": "logp", "columns": ("dock_score",), **options}
        return load_dataset(str(write("own.csv", text)), **given)

    return run


def test_a_column_of_numbers_comes_with_the_molecules_nan_where_a_cell_is_empty(load):
    dataset = load(csv_text())
    assert list(dataset.columns) == ["dock_score"]
    numbers = dataset.columns["dock_score"]
    assert (numbers.dtype, numbers.shape) == (np.float64, (12,))
    np.testing.assert_array_equal(numbers, NUMBERS)


def test_without_columns_nothing_changes(load):
    bare, with_column = load(csv_text(), columns=()), load(csv_text())
    assert (bare.columns, bare.columns_sha256) == ({}, "")
    assert bare.sha256 == with_column.sha256
    assert with_column.columns_sha256


def test_the_hash_is_of_names_and_numbers_in_whatever_order_they_are_asked_for(load):
    both = csv_text([f"{cell},{i}" for i, cell in enumerate(CELLS)], "smiles,logp,dock_score,b")
    hashed = load(csv_text()).columns_sha256
    assert load(both).columns_sha256 == hashed
    one_way = load(both, columns=("dock_score", "b")).columns_sha256
    assert load(both, columns=("b", "dock_score")).columns_sha256 == one_way != hashed
    assert load(csv_text(["1.25", *CELLS[1:]])).columns_sha256 != hashed
    assert load(csv_text(["", *CELLS[1:]])).columns_sha256 != hashed
    assert load(csv_text(header="smiles,logp,c"), columns=("c",)).columns_sha256 != hashed


def test_the_labels_own_column_may_be_one_and_one_asked_for_twice_is_one(load):
    dataset = load(csv_text(), columns=("logp", "dock_score", "logp"))
    assert list(dataset.columns) == ["logp", "dock_score"]
    assert dataset.columns["logp"].tolist() == dataset.labels.tolist()


def test_a_name_that_differs_in_case_will_do_and_is_called_as_asked(load):
    assert list(load(csv_text(header="smiles,logp,Dock_Score")).columns) == ["dock_score"]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("high", "value is not a number: 'high'"),
        ("nan", "value is not finite: 'nan'"),
        ("-inf", "value is not finite: '-inf'"),
        ('"1,5"', "value has a comma, the decimal sign should be a point: '1,5'"),
        ("1e200", "value is 1e+150 or more, whose square overflows: '1e200'"),
    ],
)
def test_a_cell_that_is_no_number_is_a_fault_of_its_row(load, cell, why):
    text = csv_text([*CELLS[:3], cell, *CELLS[4:]])
    said = re.escape(f"own.csv line 5: {why} in column 'dock_score'. Fix the row")
    with pytest.raises(InputError, match=said):
        load(text)
    dataset = load(text, on_invalid="skip")
    assert 5 not in dataset.lines
    np.testing.assert_array_equal(dataset.columns["dock_score"], NUMBERS[:3] + NUMBERS[4:])
    [note] = dataset.notes
    assert note.startswith("1 row left out (1 × value")


def test_all_such_cells_are_told_at_once_with_other_faults(load):
    text = csv_text(["?", *CELLS[1:]]).replace("CCO,0.25", "CC(,0.25").replace("0.5", "x")
    with pytest.raises(InputError) as caught:
        load(text)
    said = str(caught.value)
    assert "own.csv: 3 of 12 rows cannot be used." in said
    assert all(why in said for why in ("value is not", "cannot parse SMILES", "label is not"))


def test_rows_that_are_left_out_take_their_numbers_with_them(load):
    dataset = load(csv_text(), split_seeds=(0,))
    rows = np.ones(12, dtype=bool)
    rows[int(dataset.splits[0].train[0])] = False
    kept = dataset.keep(rows)
    np.testing.assert_array_equal(kept.columns["dock_score"], np.array(NUMBERS)[rows])
    assert kept.columns_sha256 != dataset.columns_sha256


def test_a_column_that_is_not_there_is_refused_with_the_nearest(load):
    said = r"unknown column in own\.csv: 'dock_scor'\. Did you mean 'dock_score'\?"
    with pytest.raises(InputError, match=said):
        load(csv_text(), columns=("dock_scor",))
    with pytest.raises(InputError, match="several columns 'dock_score'"):
        load(csv_text([f"{c},1" for c in CELLS], "smiles,logp,dock_score,dock_score"))


def test_named_datasets_have_columns_too(mirror):
    given = {"mirror": str(mirror), "offline": True, "on_invalid": "skip"}
    dataset = load_dataset("bbbp", columns=("index",), **given)
    assert dataset.columns["index"].tolist() == dataset.rows
    with pytest.raises(InputError, match=r"unknown column in FreeSolv\.csv\.gz: 'exp'.*'expt'"):
        load_dataset("freesolv", columns=("exp",), **given)


def test_the_built_in_dataset_has_columns_too():
    dataset = load_dataset("computed-logp", columns=("logp",))
    assert dataset.columns["logp"].tolist() == dataset.labels.tolist()
