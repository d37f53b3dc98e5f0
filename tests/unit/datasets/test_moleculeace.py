from __future__ import annotations

import csv
import hashlib

import numpy as np
import pytest

from w2s_mol.datasets.fetch import fetch
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.local_files import source_files
from w2s_mol.datasets.moleculeace import COMMIT, EVERY_SET, MOLECULEACE
from w2s_mol.datasets.named import dataset_names, expand_datasets
from w2s_mol.datasets.sources import SOURCES, expand_sources
from w2s_mol.datasets.splits import validation_split
from w2s_mol.errors import InputError

THROMBIN = "moleculeace:CHEMBL204_Ki"
SMALLEST = "moleculeace:CHEMBL2835_Ki"


@pytest.fixture(scope="module")
def thirty(mirror):
    """Skip where there are none."""
    if not (mirror / "moleculeace").is_dir():
        pytest.skip(f"MoleculeACE's sets are not at {mirror}")
    return mirror


def rows_of(mirror, name):
    with (mirror / SOURCES[name].files[0].path).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def load(thirty):
    def run(name, **options):
        return load_dataset(name, mirror=str(thirty), offline=True, **options)

    return run


def test_there_are_thirty_and_one_name_for_all():
    assert len(MOLECULEACE) == 30
    assert sum(one.molecules for one in MOLECULEACE.values()) == 48_714
    assert expand_datasets(EVERY_SET) == expand_sources(EVERY_SET) == list(MOLECULEACE)
    assert {*MOLECULEACE} <= {*dataset_names()}


def test_each_is_one_file_of_one_commit():
    [file] = SOURCES[THROMBIN].files
    folder = "molML/MoleculeACE/7e6de0bd2968c56589c580f2a397f01c531ede26/MoleculeACE/Data"
    address = f"https://raw.githubusercontent.com/{folder}/benchmark_data/CHEMBL204_Ki.csv"
    assert (file.path, file.urls) == ("moleculeace/CHEMBL204_Ki.csv", (address,))
    assert all(COMMIT in SOURCES[name].files[0].urls[0] for name in MOLECULEACE)
    assert SOURCES[THROMBIN].what == "2,754 pKi, thrombin"


@pytest.mark.parametrize("name", MOLECULEACE)
def test_golden_files_sizes_and_published_parts(thirty, name):
    one, [file] = MOLECULEACE[name], SOURCES[name].files
    data = (thirty / file.path).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
    rows = rows_of(thirty, name)
    train, test = (sum(row["split"] == part for row in rows) for part in ("train", "test"))
    assert train + test == len(rows) == one.molecules
    assert test / len(rows) == pytest.approx(0.2, abs=0.006)
    # Of these nothing can be left out, so a validation part is a tenth of all.
    assert round(train / 8) / len(rows) == pytest.approx(0.1, abs=0.001)


@pytest.mark.slow
def test_the_label_is_the_negative_log10_of_molar(load, thirty):
    dataset = load(THROMBIN)
    nanomolar = np.array([float(row["exp_mean [nM]"]) for row in rows_of(thirty, THROMBIN)])
    np.testing.assert_allclose(dataset.labels, 9 - np.log10(nanomolar), rtol=1e-12)
    assert (dataset.target, dataset.unit) == ("pKi, thrombin", "log10 M")
    assert any("negative log10 of mol/L" in note for note in dataset.notes)


@pytest.mark.slow
def test_the_published_test_part_stays_and_validation_is_drawn_from_train_by_seed(load, thirty):
    dataset = load(THROMBIN)
    published = [row["split"] for row in rows_of(thirty, THROMBIN)]
    train = np.flatnonzero(np.array(published) == "train")
    test = np.flatnonzero(np.array(published) == "test")
    assert [split.name for split in dataset.splits] == ["0", "1", "2"]
    for split in dataset.splits:
        assert split.test.tolist() == test.tolist()
        assert sorted([*split.train, *split.valid]) == train.tolist()
        assert (len(split.train), len(split.valid), len(split.test)) == (1926, 275, 553)
    assert len({tuple(split.valid) for split in dataset.splits}) == 3


def test_another_seed_may_be_chosen_and_nothing_else_of_a_users_table(load):
    dataset = load(SMALLEST, split_seeds=(7, 1))
    assert [split.name for split in dataset.splits] == ["1", "7"]
    assert dataset.splits[0].sha256 == load(SMALLEST).splits[1].sha256
    with pytest.raises(InputError, match="has its own columns and splits; options such as 'split'"):
        load(SMALLEST, split="scaffold", split_seeds=(7,))


def test_a_drawn_eighth_and_what_is_left_are_the_train_part():
    train, test = np.arange(100, 180), np.arange(20)
    split = validation_split(train, test, 3)
    assert (split.name, len(split.valid), len(split.train)) == ("3", 10, 70)
    assert sorted([*split.train, *split.valid]) == train.tolist()
    assert split.test.tolist() == test.tolist()
    assert split.sha256 == validation_split(train, test, 3).sha256


def test_activity_cliffs_are_a_column(load, thirty):
    cliffs = load(SMALLEST, columns=("cliff_mol",)).columns["cliff_mol"]
    assert cliffs.tolist() == [float(row["cliff_mol"]) for row in rows_of(thirty, SMALLEST)]
    assert cliffs.sum() == 60


def test_a_set_has_its_file_once_it_is_fetched(thirty, fresh_home):
    assert source_files(SMALLEST) is None
    fetched = fetch(SMALLEST, str(thirty), offline=True)
    assert source_files(SMALLEST) == fetched
    assert source_files(EVERY_SET) is None


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("moleculeace:CHEMBL204-Ki", THROMBIN),
        ("moleculeace:chembl204_ki", THROMBIN),
        ("CHEMBL204_Ki", THROMBIN),
        ("moleculeace:al", EVERY_SET),
    ],
)
def test_an_unknown_one_has_the_nearest(name, near):
    with pytest.raises(InputError) as caught:
        load_dataset(name)
    said = str(caught.value)
    assert f"Did you mean {near!r}?" in said
    assert "CHEMBL4792_Ki" in said
    assert "lipop" not in said


def test_they_do_not_hide_the_others_where_one_of_those_is_meant():
    with pytest.raises(InputError) as caught:
        load_dataset("lipo")
    assert "moleculeace:all" in str(caught.value)
    assert "CHEMBL" not in str(caught.value)
    with pytest.raises(InputError, match=r"'moleculeace:all' stands for .*Load one of them"):
        load_dataset(EVERY_SET)
