from __future__ import annotations

import numpy as np
import pytest

from w2s_mol import load_encoder
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.splits import random_split
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.contract import Encoder
from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import gathered
from w2s_mol.progress import silent
from w2s_mol.students.registry import find_students
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.inputs import load_datasets
from w2s_mol.study.plan import StudyPlan
from w2s_mol.study.whole_tables import tell_of_whole_tables

N = 20
LACKS_B = (3, 7)
WITH_B = [row for row in range(N) if row not in LACKS_B]
PARTS = ["train"] * 14 + ["valid"] * 3 + ["test"] * 3


def cells(row):
    b = "" if row in LACKS_B else f"{row * row}"
    return f"{'C' * (row + 1)}O,{row / 4},{b},{-row},{PARTS[row]}"


@pytest.fixture
def write_table(write):
    def run(**other):
        rows = [other.get(f"row{row}", cells(row)) for row in range(N)]
        return str(write("own.csv", "\n".join(["smiles,a,b,c,fold", *rows, ""])))

    return run


def loaded(table, *targets, **settings):
    config = StudyConfig(dataset=table, target_column=targets, **settings)
    return load_datasets(config, Finder())


def test_each_target_is_a_dataset_and_rows_without_its_label_are_left_out_of_it_alone(write_table):
    first, second = loaded(write_table(), "a", "b", unit="nM")
    assert [d.name for d in (first, second)] == ["own:a", "own:b"]
    assert [(d.target, d.unit) for d in (first, second)] == [("a", "nM"), ("b", "nM")]
    assert first.labels.tolist() == [row / 4 for row in range(N)]
    assert second.labels.tolist() == [row * row for row in WITH_B]
    assert second.smiles == [first.smiles[row] for row in WITH_B]
    assert (second.rows, second.lines) == (WITH_B, [row + 2 for row in WITH_B])
    assert first.notes == []
    assert second.notes == ["2 rows without a label in column 'b' left out"]


def test_their_splits_are_of_the_rows_that_each_has(write_table):
    first, second, third = loaded(write_table(), "a", "b", "c")
    assert [s.sha256 for s in first.splits] == [s.sha256 for s in third.splits]
    assert second.splits[0].sha256 == random_split(len(WITH_B), 0).sha256
    by_column = loaded(write_table(), "a", "b", split_column="fold")
    molecules = [{d.smiles[row] for row in d.splits[0].train} for d in by_column]
    assert molecules[0] - molecules[1] == {by_column[0].smiles[row] for row in LACKS_B}
    assert [len(d.splits[0].test) for d in by_column] == [3, 3]


def test_one_target_is_as_it_always_was(write_table):
    [dataset] = loaded(write_table(), "a", "a")
    assert dataset.name == "own"
    with pytest.raises(InputError, match=r"own\.csv: 2 of 20 rows.*\n2 × empty label"):
        loaded(write_table(), "b")


def test_a_row_without_a_label_has_no_other_fault_and_one_with_a_label_has(write_table):
    faulty = write_table(row3="CC(,1,,1,test", row5="CCCCCC,1,x,1,train")
    with pytest.raises(InputError, match=r"own\.csv line 5: cannot parse SMILES"):
        loaded(faulty, "a", "b")
    with pytest.raises(InputError, match=r"own\.csv line 7: label is not a number: 'x'"):
        loaded(faulty, "b", "c")
    first, second = loaded(faulty, "a", "b", on_invalid="skip")
    assert (len(first), len(second)) == (N - 1, N - 3)
    assert second.notes == [
        "1 row left out (1 × label is not a number)",
        "2 rows without a label in column 'b' left out",
    ]


def test_a_target_without_any_label_is_refused(write_table):
    rows = {f"row{row}": f"{'C' * (row + 1)},{row},,1,{PARTS[row]}" for row in range(N)}
    said = r"own\.csv holds no usable row out of 20: 20 rows without a label in column 'b' left out"
    with pytest.raises(InputError, match=said):
        loaded(write_table(**rows), "a", "b")
    rows["row0"] = cells(0)
    with pytest.raises(InputError, match="own:b: 1 rows are too few to split"):
        loaded(write_table(**rows), "a", "b")


def test_columns_of_numbers_come_with_each(write_table):
    config = StudyConfig(dataset=write_table(), target_column=("a", "b"))
    first, second = load_datasets(config, Finder(), ("b", "c"))
    assert np.isnan(first.columns["b"]).nonzero()[0].tolist() == list(LACKS_B)
    assert second.columns["b"].tolist() == second.labels.tolist()
    assert second.columns["c"].tolist() == [-row for row in WITH_B]


def test_named_datasets_have_no_other_target_and_are_unmoved_beside_a_table(write_table):
    with pytest.raises(InputError, match="options such as 'target_column' are for a CSV"):
        loaded("computed-logp", "a", "b")
    config = StudyConfig(dataset=(write_table(), "computed-logp"), target_column=("a", "b"))
    names = [dataset.name for dataset in load_datasets(config, Finder())]
    assert names == ["own:a", "own:b", "computed-logp"]


def test_a_column_that_is_not_there_is_refused(write_table):
    with pytest.raises(InputError, match=r"unknown column in own\.csv: 'd'"):
        loaded(write_table(), "a", "d")


def test_the_settings_of_one_target_are_written_as_when_there_could_be_but_one():
    def written(*targets):
        config = StudyConfig(dataset="own.csv", target_column=targets)
        return config.chosen().get("target_column"), config.as_toml().get("target_column")

    assert written() == (None, None)
    assert written("y") == ("y", "y")
    assert written("y", "z") == (["y", "z"], ["y", "z"])
    assert StudyConfig(dataset="own.csv", target_column="y").target_column == ("y",)


@pytest.mark.parametrize("targets", [("a", "c"), ("a", "b"), ("b", "a")])
def test_a_molecule_of_several_targets_is_embedded_once(
    write_table, fresh_home, monkeypatch, targets
):
    embedded: list[str] = []
    embed = Encoder.embed

    def listening(self, smiles, *rest):
        embedded.extend(smiles)
        return embed(self, smiles, *rest)

    monkeypatch.setattr(Encoder, "embed", listening)
    settings = {"weak": "weak-h8-s0", "strong": "weak-h8-s0", "split_seeds": (0,)}
    config = StudyConfig(dataset=write_table(), target_column=targets, **settings)
    plan = StudyPlan(config, Finder("mean+pooled"))
    results = [plan.do(part, silent).tables for part in plan.part_names()]
    named = [str(t["results"]["dataset"].iloc[0]) for t in results if "results" in t]
    assert named == [f"own:{target}" for target in targets]
    assert len(embedded) == len({*embedded}) == N


def test_each_target_has_the_vectors_of_its_own_molecules(write_table, fresh_home):
    config = StudyConfig(dataset=write_table(), target_column=("a", "b"))
    datasets = load_datasets(config, Finder())
    [reader] = find_students(["ecfp"], [], Finder())
    tell_of_whole_tables(datasets, [reader])
    reader.begin([dataset.smiles for dataset in datasets])
    assert [len(dataset) for dataset in datasets] == [N, N - 2]
    for dataset in datasets:
        assert list(reader.prepare(dataset.smiles)) == [""] * len(dataset)
        found = reader.encoded.features(dataset.smiles)
        expected = load_encoder("ecfp").embed(dataset.smiles).embeddings
        np.testing.assert_array_equal(gathered(found, np.arange(len(dataset))), expected)


def test_the_library_loads_one_of_several(write_table):
    dataset = load_dataset(write_table(), target_column="b", one_of_several=True)
    assert (dataset.name, len(dataset)) == ("own:b", N - 2)
