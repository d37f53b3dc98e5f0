from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

from w2s_mol.datasets.dataset import PARTS
from w2s_mol.datasets.named import builtin_path
from w2s_mol.datasets.splits import (
    column_split,
    file_split,
    random_split,
    scaffold_split,
    stratified_split,
)
from w2s_mol.errors import InputError

quick = settings(deadline=None, database=None, max_examples=40)
seeds = st.integers(0, 2**32)
BUILTIN = [line.split(",")[0] for line in builtin_path().read_text().splitlines()[1:]]
UNREADABLE = Path("/proc/self/mem")
ACYCLIC = ["C", "CCO", "CC(C)C", "NCCN", "[Na+].[Cl-]", "C1CC1"]
molecule_lists = st.lists(st.sampled_from(BUILTIN[:200] + ACYCLIC), min_size=10, max_size=60)


def all_rows(split):
    return sorted(np.concatenate(list(split.parts().values())).tolist())


@quick
@given(st.integers(10, 500), seeds)
def test_a_random_split_puts_each_row_in_one_part(n, seed):
    assert all_rows(random_split(n, seed)) == list(range(n))


@quick
@given(st.integers(10, 500), seeds)
def test_a_random_split_is_80_10_10(n, seed):
    split = random_split(n, seed)
    assert len(split.valid) == len(split.test) == round(n / 10)


@quick
@given(st.integers(10, 500), seeds)
def test_the_same_seed_gives_the_same_random_split(n, seed):
    assert random_split(n, seed).sha256 == random_split(n, seed).sha256


def test_another_seed_gives_another_split_named_by_it():
    assert random_split(100, 0).sha256 != random_split(100, 1).sha256
    assert [random_split(100, seed).name for seed in (0, 7)] == ["0", "7"]


@quick
@given(molecule_lists, seeds)
def test_a_scaffold_split_puts_each_row_in_one_part(smiles, seed):
    assert all_rows(scaffold_split(smiles, seed)) == list(range(len(smiles)))


@quick
@given(molecule_lists, seeds)
def test_no_scaffold_is_in_two_parts(smiles, seed):
    split = scaffold_split(smiles, seed)
    parts = [
        {MurckoScaffoldSmiles(mol=Chem.MolFromSmiles(smiles[row])) for row in rows}
        for rows in split.parts().values()
    ]
    assert sum(map(len, parts)) == len(set.union(*parts))


@quick
@given(molecule_lists, seeds)
def test_no_held_out_part_of_a_scaffold_split_is_larger_than_a_tenth(smiles, seed):
    split = scaffold_split(smiles, seed)
    assert max(len(split.valid), len(split.test)) <= round(len(smiles) / 10)


@quick
@given(molecule_lists, seeds)
def test_the_same_seed_gives_the_same_scaffold_split(smiles, seed):
    assert scaffold_split(smiles, seed).sha256 == scaffold_split(smiles, seed).sha256


def test_a_scaffold_split_of_many_molecules_fills_the_held_out_parts():
    split = scaffold_split(BUILTIN[:1000], 0)
    assert min(len(split.valid), len(split.test)) > 90


@pytest.mark.parametrize(
    "make",
    [random_split, lambda n, seed: scaffold_split(["C"] * n, seed)],
    ids=["random", "scaffold"],
)
@pytest.mark.parametrize("n", [0, 1, 9])
def test_too_few_molecules_are_refused(make, n):
    with pytest.raises(InputError, match=f"{n} rows are too few.* At least 10"):
        make(n, 0)


@pytest.mark.parametrize(
    "make",
    [random_split, lambda n, seed: scaffold_split(BUILTIN[:n], seed)],
    ids=["random", "scaffold"],
)
def test_a_negative_seed_is_an_input_error(make):
    with pytest.raises(InputError, match="-1"):
        make(20, -1)


@quick
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=30))
def test_a_column_split_is_what_the_column_says(values):
    split = column_split("fold", values, range(2, len(values) + 2), "own.csv")
    assert split.name == "fold"
    for part, rows in split.parts().items():
        assert rows.tolist() == [row for row, value in enumerate(values) if value == part]


def test_a_column_split_knows_the_usual_other_words():
    words = [" Train ", "TRAINING", "val", "Validation", "dev", "test"]
    split = column_split("fold", words, range(2, 8), "own.csv")
    assert [rows.tolist() for rows in split.parts().values()] == [[0, 1], [2, 3, 4], [5]]


@pytest.mark.parametrize("word", ["tain", "", "0"])
def test_another_word_in_a_split_column_is_refused_with_its_line(word):
    with pytest.raises(InputError) as caught:
        column_split("fold", ["train", word], [2, 7], "own.csv")
    assert str(caught.value).startswith(
        f"own.csv line 7: no part of a split in the column 'fold': {word!r}. It should be"
    )
    assert "train, valid, test" in str(caught.value)


@pytest.fixture
def from_file(write):
    """Read a split of four rows from a file with this content."""

    def read(content, name="mine.json"):
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        return file_split(write(name, text), 4, "own.csv")

    return read


def test_a_file_split_is_what_the_file_says(from_file):
    split = from_file({"train": [3, 0], "valid": [1], "test": [2]})
    assert split.name == "mine"
    assert [rows.tolist() for rows in split.parts().values()] == [[3, 0], [1], [2]]


@pytest.mark.parametrize("word", ["val", "validation", "dev"])
def test_the_parts_of_a_file_split_have_the_usual_other_names(from_file, word):
    split = from_file({"training": [3, 0], word: [1], "test": [2]})
    assert [rows.tolist() for rows in split.parts().values()] == [[3, 0], [1], [2]]


def test_a_part_under_two_names_is_refused(from_file):
    with pytest.raises(InputError, match="valid is there twice, under two names"):
        from_file({"train": [0], "valid": [1], "val": [3], "test": [2]})


def test_a_file_split_may_leave_rows_out(from_file):
    assert all_rows(from_file({"train": [0], "valid": [1], "test": [3]})) == [0, 1, 3]


def test_files_that_differ_after_a_dot_are_splits_of_their_own_name(from_file):
    rows = {"train": [0], "valid": [1], "test": [3]}
    names = {from_file(rows, name).name for name in ("fold.0.json", "fold.1.json")}
    assert len(names) == 2


@pytest.mark.parametrize("row", [4, -1, 10**6])
def test_a_row_that_does_not_exist_is_refused(from_file, row):
    with pytest.raises(InputError) as caught:
        from_file({"train": [0, 1], "valid": [row], "test": [2]})
    assert "mine.json" in str(caught.value)
    assert f"row {row} does not exist; own.csv has 4 rows, numbered 0 to 3" in str(caught.value)


def test_a_row_beyond_any_integer_is_refused(from_file):
    with pytest.raises(InputError, match=r"mine\.json"):
        from_file({"train": [0, 1], "valid": [10**30], "test": [2]})


@pytest.mark.parametrize("again", ["train", "valid", "test"])
def test_a_row_that_is_named_twice_is_refused(from_file, again):
    rows = {"train": [0], "valid": [1], "test": [2]}
    rows[again] = [*rows[again], 0]
    with pytest.raises(InputError, match=r"mine\.json: row 0 is named 2 times"):
        from_file(rows)


def test_the_repeated_row_is_named_with_its_own_count(from_file):
    with pytest.raises(InputError, match="row 0 is named 2 times"):
        from_file({"train": [0, 0, 1], "valid": [1, 1], "test": [2]})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "train: [0]",
        '{"train": [0], "valid": [1], "test": [2]',
        "[0, 1, 2]",
        "null",
        "3",
        b"\xff\xfe{",
        {"train": [0], "valid": [1]},
        {"train": [0], "valid": [1], "Test": [2]},
        {"train": [0.0], "valid": [1], "test": [2]},
        {"train": [True], "valid": [1], "test": [2]},
        {"train": ["0"], "valid": [1], "test": [2]},
        {"train": [None], "valid": [1], "test": [2]},
        {"train": [[0]], "valid": [1], "test": [2]},
        {"train": 0, "valid": [1], "test": [2]},
        {"train": "012", "valid": [1], "test": [2]},
        '{"train": [NaN], "valid": [1], "test": [2]}',
    ],
)
def test_a_file_that_is_no_split_is_refused_and_shown_what_one_looks_like(from_file, content):
    with pytest.raises(InputError) as caught:
        from_file(content)
    assert "mine.json is not a split" in str(caught.value)
    assert '{"train": [0, 2], "valid": [1], "test": [3]}' in str(caught.value)


def test_a_missing_part_is_named(from_file):
    with pytest.raises(InputError, match="valid"):
        from_file({"train": [0], "test": [2]})


def test_a_split_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.json is not a file"):
        file_split(tmp_path / "none.json", 4, "own.csv")


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file that root cannot read")
@pytest.mark.parametrize("name", ["mine.json", "mine.pkl"])
def test_an_unreadable_split_file_is_an_input_error(tmp_path, name):
    (tmp_path / name).symlink_to(UNREADABLE)
    with pytest.raises(InputError, match=name):
        file_split(tmp_path / name, 4, "own.csv")


@quick
@given(seeds, st.integers(3, 60), st.integers(7, 60))
def test_a_stratified_split_keeps_the_shares_of_both_classes(seed, zeros, ones):
    n = zeros + ones
    labels = np.random.default_rng(seed).permutation(np.repeat([0.0, 1.0], [zeros, ones]))
    split = stratified_split(labels, ("no", "yes"), seed)
    assert sorted(np.concatenate(list(split.parts().values()))) == list(range(n))
    assert len(split.valid) == len(split.test) == max(2, round(n / 10))
    for rows in split.parts().values():
        count = labels[rows].sum()
        assert 1 <= count <= len(rows) - 1
        assert abs(count - len(rows) * ones / n) <= 2
    again = stratified_split(labels, ("no", "yes"), seed)
    assert again.sha256 == split.sha256


def test_stratified_splits_of_two_seeds_differ():
    labels = np.arange(100) % 3 == 0
    first, second = (stratified_split(labels.astype(float), ("0", "1"), s) for s in (0, 1))
    assert first.sha256 != second.sha256
