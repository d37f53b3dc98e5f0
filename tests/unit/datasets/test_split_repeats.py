from __future__ import annotations

import numpy as np
import pytest

from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.splits import random_split, scaffold_split
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.inputs import load_datasets

RINGS = ["C1CC1C", "C1CCC1C", "c1ccccc1C", "c1ccncc1C", "C1CCNC1C", "c1ccsc1C"]
SMILES = [ring + "C" * i for ring in RINGS for i in range(4)] + ["C" * i for i in range(1, 17)]


@pytest.fixture
def table(write):
    rows = [f"{smiles},{i},train\n" for i, smiles in enumerate(SMILES)]
    return str(write("own.csv", "smiles,y,fold\n" + "".join(rows)))


@pytest.fixture
def load(table):
    return lambda **options: load_dataset(table, target_column="y", **options)


def hashes(dataset):
    return [(split.name, split.sha256) for split in dataset.splits]


@pytest.mark.parametrize("split", ["random", "scaffold"])
def test_repeats_of_a_users_table_are_the_splits_of_the_first_seeds(load, split):
    repeated = load(split=split, split_repeats=7)
    assert hashes(repeated) == hashes(load(split=split, split_seeds=range(7)))
    assert [split.name for split in repeated.splits] == [str(seed) for seed in range(7)]
    assert hashes(load(split_repeats=0)) == hashes(load())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split_columns": ("fold",)}, "split columns"),
        ({"split_files": ("fold.json",)}, "split files"),
        ({"split_seeds": (4,)}, "split seeds"),
    ],
)
def test_repeats_and_another_word_on_splits_are_refused(load, options, said):
    why = f"both split repeats and {said} are given. Repeats are the splits of seeds 0 to 4"
    with pytest.raises(InputError, match=f"{why}.*leave one of the two out"):
        load(split_repeats=5, **options)


@pytest.mark.parametrize("repeats", [-1, 1001])
def test_their_number_has_limits(load, repeats):
    said = rf"split_repeats is {repeats}\. It should be 0 to 1000"
    with pytest.raises(InputError, match=said):
        load(split_repeats=repeats)
    with pytest.raises(InputError, match=said):
        StudyConfig(dataset="esol", split_repeats=repeats)


def test_named_datasets_are_split_anew_and_say_so(mirror):
    given = {"mirror": str(mirror), "offline": True}
    dataset = load_dataset("freesolv", split_repeats=4, **given)
    expected = [random_split(642, seed) for seed in range(4)]
    assert hashes(dataset) == [(split.name, split.sha256) for split in expected]
    assert any("its splits are 4 random ones, made by seed" in note for note in dataset.notes)
    assert not any("made by seed" in n for n in load_dataset("freesolv", **given).notes)


def test_the_rule_may_be_chosen_for_named_datasets_that_are_split_anew(mirror):
    given = {"mirror": str(mirror), "offline": True}
    dataset = load_dataset("freesolv", split_repeats=1, split="scaffold", **given)
    assert dataset.splits[0].sha256 == scaffold_split(dataset.smiles, 0).sha256
    with pytest.raises(InputError, match="has its own columns and splits; options such as 'split'"):
        load_dataset("freesolv", split="scaffold", **given)


def test_the_built_in_dataset_has_more_of_the_splits_it_has():
    few, many = load_dataset("computed-logp"), load_dataset("computed-logp", split_repeats=5)
    assert hashes(many)[:3] == hashes(few)
    assert len(many.splits) == 5


def test_a_published_test_part_stays(mirror):
    if not (mirror / "moleculeace").is_dir():
        pytest.skip(f"MoleculeACE's sets are not at {mirror}")
    name, given = "moleculeace:CHEMBL2835_Ki", {"mirror": str(mirror), "offline": True}
    many = load_dataset(name, split_repeats=6, **given)
    assert hashes(many) == hashes(load_dataset(name, split_seeds=range(6), **given))
    assert len({tuple(split.test) for split in many.splits}) == 1
    assert len({tuple(split.valid) for split in many.splits}) == 6
    with pytest.raises(InputError, match="both split repeats and split seeds are given"):
        load_dataset(name, split_repeats=6, split_seeds=(5,), **given)


def test_of_many_splits_notes_tell_the_fewest_and_the_most(write):
    text = "smiles,y\n" + "".join(f"{'C' * (1 + i // 2)}O,{i}\n" for i in range(40))
    dataset = load_dataset(str(write("twice.csv", text)), target_column="y", split_repeats=6)
    train = [{row // 2 for row in split.train} for split in dataset.splits]
    shared = [
        sum(row // 2 in known for row in split.test)
        for known, split in zip(train, dataset.splits, strict=True)
    ]
    [note] = dataset.notes
    assert f"train and test {min(shared)} to {max(shared)} in each of 6 splits" in note


@pytest.mark.slow
def test_a_study_repeats_the_splits_of_all_its_datasets(table):
    config = StudyConfig(
        dataset=(table, "computed-logp"), target_column="y", split="scaffold", split_repeats=2
    )
    own, built_in = load_datasets(config, Finder())
    assert own.splits[1].sha256 == scaffold_split(SMILES, 1).sha256
    assert built_in.splits[1].sha256 == scaffold_split(built_in.smiles, 1).sha256
    assert not np.array_equal(built_in.splits[1].test, random_split(2400, 1).test)


def test_what_one_dataset_of_a_study_takes_is_not_refused_by_another(table):
    config = StudyConfig(dataset=(table, "computed-logp"), target_column="y", split_seeds=(5,))
    own, built_in = load_datasets(config, Finder())
    assert [split.name for split in own.splits] == ["5"]
    assert [split.name for split in built_in.splits] == ["0", "1", "2"]
    alone = StudyConfig(dataset="computed-logp", split_seeds=(5,))
    with pytest.raises(InputError, match="options such as 'split_seeds' are for a CSV"):
        load_datasets(alone, Finder())
