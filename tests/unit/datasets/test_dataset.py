from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from w2s_mol.datasets.dataset import PARTS, Dataset, Split, check_splits, identical_splits
from w2s_mol.errors import InputError

quick = settings(deadline=None, database=None, max_examples=60)


def split(name="0", train=(0, 1, 2), valid=(3,), test=(4,)):
    return Split(name, *(np.array(rows, dtype=np.int64) for rows in (train, valid, test)))


def dataset(n=5, splits=None, **fields):
    given = {
        "name": "own",
        "smiles": ["C" * (i + 1) for i in range(n)],
        "labels": np.arange(n, dtype=np.float64),
        "target": "logp",
        "unit": "log10",
        "splits": [split()] if splits is None else splits,
        "lines": list(range(2, n + 2)),
        "notes": ["a note"],
    }
    return Dataset(**{**given, **fields})


@st.composite
def datasets_and_rows_to_keep(draw):
    n = draw(st.integers(6, 40))
    splits = []
    for seed in range(draw(st.integers(1, 3))):
        order = draw(st.permutations(range(n)))
        first = draw(st.integers(2, n - 2))
        second = draw(st.integers(first + 1, n - 1))
        end = draw(st.integers(second + 1, n))
        splits.append(split(str(seed), order[:first], order[first:second], order[second:end]))
    dropped = draw(st.sets(st.integers(0, n - 1), max_size=n // 3))
    kept = ~np.isin(np.arange(n), list(dropped))
    return dataset(n, splits), kept


def molecules(data, rows):
    return [data.smiles[row] for row in rows]


@quick
@given(datasets_and_rows_to_keep())
def test_the_kept_rows_of_each_part_are_the_same_molecules_in_the_same_order(case):
    whole, kept = case
    assume(all(kept[rows].any() for s in whole.splits for rows in s.parts().values()))
    assume(all(kept[s.train].sum() > 1 for s in whole.splits))
    smaller = whole.keep(kept)
    assert [s.name for s in smaller.splits] == [s.name for s in whole.splits]
    for before, after in zip(whole.splits, smaller.splits, strict=True):
        for part in PARTS:
            rows = [row for row in getattr(before, part) if kept[row]]
            assert molecules(smaller, getattr(after, part)) == molecules(whole, rows)


@quick
@given(datasets_and_rows_to_keep())
def test_kept_rows_keep_their_label_and_their_line(case):
    whole, kept = case
    rows = np.flatnonzero(kept)
    try:
        smaller = whole.keep(kept)
    except InputError:
        return
    assert smaller.labels.tolist() == whole.labels[rows].tolist()
    assert smaller.lines == [whole.lines[row] for row in rows]
    assert len(smaller) == len(rows)


def test_keeping_rows_leaves_the_whole_as_it_was():
    whole = dataset()
    before = whole.sha256, whole.splits[0].sha256
    whole.keep(np.array([True, True, False, True, True]))
    assert (whole.sha256, whole.splits[0].sha256) == before


def test_a_note_on_the_kept_rows_is_none_on_the_whole():
    whole = dataset()
    whole.keep(np.array([True, True, False, True, True])).notes.append("one row is gone")
    assert whole.notes == ["a note"]


def test_keeping_all_rows_changes_nothing():
    whole = dataset()
    assert whole.keep(np.ones(5, dtype=bool)) is whole


def test_leaving_out_a_whole_part_is_refused():
    with pytest.raises(InputError, match="own, split 0: the valid part is empty"):
        dataset().keep(np.array([True, True, True, False, True]))


@pytest.mark.parametrize("part", PARTS)
def test_an_empty_part_is_refused(part):
    with pytest.raises(InputError, match=f"the {part} part is empty"):
        check_splits(dataset(splits=[split(), split("1", **{part: ()})]))


def test_constant_training_labels_are_refused():
    labels = np.array([1.5, 1.5, 1.5, 2.0, 3.0])
    with pytest.raises(InputError, match=r"own, split 0: all 3 training labels are 1\.5"):
        check_splits(dataset(labels=labels))


@pytest.mark.parametrize("labels", [[1, 1 + 1e-14, 1, 2, 3], [1e-150, 1.0001e-150, 1e-150, 0, 1]])
def test_training_labels_whose_spread_is_lost_in_rounding_are_refused(labels):
    with pytest.raises(InputError, match=r"split 0: the training labels, 1.* lost in rounding"):
        check_splits(dataset(labels=np.array(labels)))


@pytest.mark.parametrize("labels", [[1, 1 + 1e-9, 1, 2, 3], [1e-9, 2e-9, 3e-9, 0, 1]])
def test_training_labels_may_be_close_or_small(labels):
    check_splits(dataset(labels=np.array(labels)))


def test_constant_labels_of_a_held_out_part_will_do():
    check_splits(dataset(splits=[split(train=(0, 1), valid=(2,), test=(3, 4))]))


def test_a_molecule_is_named_by_its_line_else_by_its_row():
    assert dataset().where(3) == "own line 5"
    assert dataset(lines=[]).where(3) == "own row 3"
    assert dataset(line_word="record").where(3) == "own record 5"


def test_hashes_tell_datasets_apart():
    assert dataset().sha256 == dataset().sha256
    others = [
        dataset(labels=np.array([0, 1, 2, 3, 5.0])),
        dataset(smiles=["C", "CC", "CCC", "CCCC", "N"]),
    ]
    assert len({data.sha256 for data in [dataset(), *others]}) == 3


def test_a_splits_hash_is_of_its_rows_alone():
    assert split("a").sha256 == split("b").sha256
    assert split().sha256 != split(valid=(4,), test=(3,)).sha256


def test_identical_splits_are_several_with_the_same_rows():
    same = [split("1"), split("2")]
    assert identical_splits(same)
    assert not identical_splits([*same, split("3", valid=(4,), test=(3,))])
    assert not identical_splits(same[:1])
    assert not identical_splits([])
