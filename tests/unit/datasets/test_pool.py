"""Molecules without a label: which of them a dataset has, and that nothing else changes by them."""

from __future__ import annotations

import numpy as np
import pytest

from w2s_mol.datasets.dataset import Origin
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.inputs import load_datasets

N = 20
LACKING = (0, 3, 7)
LABELLED = [row for row in range(N) if row not in LACKING]
PARTS = ["train"] * 14 + ["valid"] * 3 + ["test"] * 3


def alkanol(carbons):
    return "C" * carbons + "O"


@pytest.fixture
def table(write):
    """Alcohols of 1 to 20 carbons, three without a label; row 2 reads as ``OCCC``."""

    def run(lacking=LACKING, **other):
        rows = [
            f"{alkanol(row + 1)},{'' if row in lacking else row / 4},{-row},{PARTS[row]}"
            for row in range(N)
        ]
        rows = [other.get(f"row{row}", text) for row, text in enumerate(rows)]
        return str(write("own.csv", "\n".join(["smiles,y,c,fold", *rows, ""])))

    return run


@pytest.fixture
def pool(write):
    def run(*rows, header="smiles,c,y", name="pool.csv"):
        return str(write(name, "\n".join([header, *rows, ""])))

    return run


def load(table, *unlabelled, **given):
    return load_dataset(table, target_column="y", unlabelled=unlabelled, **given)


def same_study(one, other):
    assert [s.sha256 for s in one.splits] == [s.sha256 for s in other.splits]
    labelled = ~np.isnan(one.labels)
    assert [s for s, known in zip(one.smiles, labelled, strict=True) if known] == other.smiles
    np.testing.assert_array_equal(one.labels[labelled], other.labels)


@pytest.mark.parametrize("given", [{}, {"split_seeds": (5, 6)}, {"split_columns": ("fold",)}])
def test_rows_without_a_label_follow_the_others_which_are_split_as_if_alone(table, given):
    path = table()
    found, without = load(path, "rows", **given), load(path, on_invalid="skip", **given)
    same_study(found, without)
    assert found.smiles[-3:] == [alkanol(row + 1) for row in LACKING]
    assert np.isnan(found.labels[-3:]).all()
    assert found.unlabelled.tolist() == [17, 18, 19]
    assert found.rows == [*LABELLED, *LACKING]
    assert found.where(17) == "own line 2"
    assert found.notes == [
        "3 molecules without a label in no part: students learn their weak labels"
    ]
    assert found.sha256 != without.sha256


def test_without_the_setting_they_are_faults_and_the_way_out_is_told(table):
    with pytest.raises(InputError, match=r"3 × empty label(.|\n)*skip, or --unlabelled rows to"):
        load(table())
    whole = load(table(lacking=()))
    assert not len(whole.unlabelled)
    assert whole.origins == []


def test_their_columns_are_read_and_a_label_asked_for_as_a_column_is_missing(table):
    found = load(table(), "rows", columns=("c", "y"))
    assert found.columns["c"][-3:].tolist() == [-0.0, -3.0, -7.0]
    assert np.isnan(found.columns["y"][-3:]).all()
    assert found.columns["y"][:3].tolist() == [0.25, 0.5, 1.0]


def test_a_row_without_a_label_that_is_no_molecule_is_a_fault(table):
    path = table(row3="C(,,1,train", row7="CCN,,x,train")
    with pytest.raises(InputError, match=r"own\.csv line 5: cannot parse SMILES"):
        load(path, "rows")
    with pytest.raises(InputError, match="2 of 20 rows") as told:
        load(path, "rows", columns=("c",))
    assert "value is not a number" in str(told.value)
    found = load(path, "rows", on_invalid="skip")
    assert len(found.unlabelled) == 2
    assert found.notes[0] == "1 row left out (1 × cannot parse SMILES)"


def test_a_pool_is_another_table_whose_labels_are_not_read(table, pool):
    path = table(lacking=())
    found = load(path, pool("c1ccccc1,5,not a number", "CCN,,1.0"), columns=("c",))
    same_study(found, load(path))
    assert found.smiles[-2:] == ["c1ccccc1", "CCN"]
    assert found.unlabelled.tolist() == [N, N + 1]
    np.testing.assert_array_equal(found.columns["c"][-3:], [-19, 5, np.nan])
    assert found.rows[-3:] == [N - 1, N, N + 1]
    assert found.origin(N) == Origin("pool.csv", "line")
    assert (found.where(N - 1), found.where(N)) == ("own line 21", "pool.csv line 2")


def test_a_column_that_a_pool_lacks_is_missing_there(table, pool):
    found = load(table(lacking=()), pool("CCN", header="SMILES"), columns=("c",))
    assert np.isnan(found.columns["c"][-1])
    assert found.columns["c"][-2] == -19
    with pytest.raises(InputError, match=r"unknown column in own\.csv: 'd'"):
        load(table(lacking=()), pool("CCN,1", header="smiles,d"), columns=("d",))


def test_several_pools_and_the_tables_own_rows_are_put_together(table, pool):
    others = pool("CCN", header="smiles"), pool("[NH3]", "CCS", header="smiles", name="b.csv")
    found = load(table(), "rows", *others, others[0])
    assert found.smiles[-6:] == [*(alkanol(row + 1) for row in LACKING), "CCN", "[NH3]", "CCS"]
    assert len({*found.rows}) == len(found) == N + 3
    assert [found.where(row) for row in (19, 20, 21)] == [
        "own line 9", "pool.csv line 2", "b.csv line 2",
    ]  # fmt: skip


def test_a_pool_of_a_named_dataset(pool):
    known = load_dataset("computed-logp")
    path = pool("CCN", "CCS", header="molecule")
    found = load_dataset("computed-logp", unlabelled=(path,), smiles_column="molecule")
    same_study(found, known)
    assert found.smiles[-2:] == ["CCN", "CCS"]
    with pytest.raises(InputError, match=r"every molecule of computed-logp has a label"):
        load_dataset("computed-logp", unlabelled=("rows",))


def test_molecules_that_are_measured_or_stand_twice_are_left_out_and_counted(table, pool):
    """By canonical SMILES; those of a train part are told."""
    path = pool("OCCC", "C" * 16 + "O", "O" + "C" * 20, "CCN", "NCC", "CCS", header="smiles")
    found = load(table(lacking=()), path, split_columns=("fold",))
    assert found.smiles[N:] == ["OCCC", "CCN", "CCS"]
    assert found.notes == [
        "3 molecules without a label in no part: students learn their weak labels",
        "2 molecules without a label left out for being in a validation or test part too",
        "1 molecule without a label left out for standing there more than once",
        "1 molecule without a label in a train part too",
    ]


def test_rows_of_a_pool_that_cannot_be_used_are_told_with_its_name(table, pool):
    own, path = table(lacking=()), pool("CCN", "C(", header="smiles")
    with pytest.raises(InputError, match=r"pool\.csv line 3: cannot parse SMILES: 'C\('"):
        load(own, path)
    found = load(own, path, on_invalid="skip")
    assert found.notes[0] == "pool.csv: 1 row left out (1 × cannot parse SMILES)"


@pytest.mark.parametrize(
    ("unlabelled", "said"),
    [
        (
            "rows",
            r"own\.csv holds no usable row without a label out of 20: all have one. Leave out",
        ),
        ("row", r"unlabelled is 'row'\. It should be 'rows', .* or the path of a table"),
        ("none.csv", r"table none\.csv is not a file"),
        ("{empty}", r"empty\.csv has a header but no rows"),
        ("{bad}", r"bad\.csv holds no usable row out of 2: 2 rows left out \(2 × cannot parse"),
        ("{columns}", r"unknown column in columns\.csv: 'smiles'"),
        ("{own}", r"own: all 20 molecules without a label are in a validation or test part too"),
    ],
)
def test_a_pool_of_which_nothing_can_be_used_is_refused(table, pool, unlabelled, said):
    files = {
        "own": table(lacking=()),
        "empty": pool(header="smiles", name="empty.csv"),
        "bad": pool("C(", "N(", header="smiles", name="bad.csv"),
        "columns": pool("CCO,1", header="x,y", name="columns.csv"),
    }
    with pytest.raises(InputError, match=said):
        load(
            files["own"],
            unlabelled.format(**files),
            on_invalid="skip",
            split_seeds=tuple(range(50)),
        )


def test_a_table_without_any_label_is_refused(table):
    with pytest.raises(InputError, match=r"holds no usable row with a label out of 20"):
        load(table(lacking=range(N)), "rows")


def loaded(dataset, *targets, **settings):
    return load_datasets(StudyConfig(dataset=dataset, target_column=targets, **settings), Finder())


def test_each_target_has_the_rows_that_lack_its_own_label(table):
    first, second = loaded(table(), "y", "c", unlabelled="rows")
    assert first.unlabelled.tolist() == [17, 18, 19]
    assert not len(second.unlabelled)
    with pytest.raises(InputError, match=r"no row lacks a label of y, c, and --unlabelled rows"):
        loaded(table(lacking=()), "y", "c", unlabelled="rows")


def test_the_word_is_of_ones_own_table_and_a_file_of_every_dataset(table, pool):
    path = pool("CCN", header="smiles")
    own, known = loaded((table(), "computed-logp"), "y", unlabelled=("rows", path))
    assert len(own.unlabelled) == 4
    assert len(known.unlabelled) == 1
    with pytest.raises(InputError, match="every molecule of computed-logp has a label"):
        loaded("computed-logp", unlabelled="rows")
