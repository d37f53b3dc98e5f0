from __future__ import annotations

import hashlib
import re

import pytest

from w2s_mol.datasets.named import CHEMBENCH
from w2s_mol.datasets.sources import SOURCES, Source, SourceFile, get_source
from w2s_mol.errors import InputError

COMMIT = "0b10d4c1ac72b6929503694a5f60446824736391"
FOLDERS = {"bace": "BACE", "bbbp": "BBBP", "esol": "ESOL", "freesolv": "FreeSolv", "lipop": "Lipop"}
GUACAMOL = {
    "train": (
        13612760,
        61_841_225,
        "10da7d6bc549389ad6858f273d1e45505446a9773a18f1ab20e05c79ccec60f8",
    ),
    "valid": (
        13612766,
        3_859_132,
        "c9e9dc390264aa7d80054ba06bf6d6aa1fd860a335229e2758ce6bbb93042d3b",
    ),
    "test": (
        13612757,
        11_590_133,
        "a16dfc8205999d32f61a54314a8b465f581fd3f1044d1f38e4a9cbfc4229a9f5",
    ),
}
ALL_FILES = [file for source in SOURCES.values() for file in source.files]


@pytest.mark.parametrize("name", FOLDERS)
def test_chembenchs_sizes_and_hashes_are_those_of_its_files(mirror, name):
    for file in SOURCES[name].files:
        data = (mirror / file.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)


@pytest.mark.parametrize(("name", "folder"), FOLDERS.items())
def test_chembenchs_files_are_a_table_and_three_splits_of_one_commit(mirror, name, folder):
    base = f"https://raw.githubusercontent.com/shenwanxiang/ChemBench/{COMMIT}/src/chembench/"
    files = {file.path: file.urls for file in SOURCES[name].files}
    assert set(files) == {
        f"chembench/{folder}/{path.name}" for path in (mirror / "chembench" / folder).iterdir()
    }
    for path, urls in files.items():
        assert urls == (f"{base}data_and_index/{path.removeprefix('chembench/')}",)


@pytest.mark.parametrize(("part", "facts"), GUACAMOL.items())
def test_guacamols_addresses_sizes_and_hashes_are_the_published_ones(part, facts):
    number, size, sha256 = facts
    [file] = [f for f in SOURCES["guacamol"].files if f.path.endswith(f"_{part}.smiles")]
    assert file == SourceFile(
        f"guacamol/guacamol_v1_{part}.smiles",
        (f"https://ndownloader.figshare.com/files/{number}",),
        size,
        sha256,
    )


def test_molbert_has_two_addresses_and_no_published_hash():
    [file] = SOURCES["molbert"].files
    assert file == SourceFile(
        "molbert/molbert_100epochs.zip",
        (
            "https://ndownloader.figshare.com/files/25611290",
            "https://api.figshare.com/v2/file/download/25611290",
        ),
        holds=("checkpoints/last.ckpt", "hparams.yaml"),
    )


def test_every_dataset_with_a_table_can_be_fetched():
    assert set(CHEMBENCH) <= set(SOURCES)


def test_every_source_says_what_it_is_where_from_and_under_which_licence():
    for name, source in SOURCES.items():
        assert source.name == name
        assert all((source.what, source.origin, source.licence, source.files))


def test_every_path_is_relative_and_used_once():
    paths = [file.path for file in ALL_FILES]
    assert len(set(paths)) == len(paths)
    assert all(re.fullmatch(r"(\w[\w.]*/)+\w[\w.]*", path) for path in paths)


def test_a_sources_size_is_that_of_its_files_and_unknown_where_one_is():
    known, unknown = SourceFile("a/b", (), 3, "x"), SourceFile("a/c", ())
    assert Source("s", "", "", "", (known, known)).size == 6
    assert Source("s", "", "", "", (known, unknown)).size is None


def test_a_source_is_found_by_name_and_a_near_name_is_suggested():
    assert get_source("esol") is SOURCES["esol"]
    with pytest.raises(InputError, match=r"unknown download 'molbrt'\. Did you mean 'molbert'\?"):
        get_source("molbrt")
