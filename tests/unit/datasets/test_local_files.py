from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from w2s_mol.datasets.fetch import fetch
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.local_files import source_files
from w2s_mol.datasets.named import BUILTIN
from w2s_mol.datasets.sources import get_source, local_path

HEAVY = ("rdkit", "numpy", "pandas", "torch", "httpx")


def test_a_table_of_ones_own_comes_with_its_split_files(tmp_path: Path) -> None:
    table, split = tmp_path / "mine.csv", tmp_path / "split.json"
    table.write_text("anything")
    split.write_text("{}")
    assert source_files(str(table)) == [table]
    assert source_files(str(table), [str(split)]) == [table, split]
    assert source_files(str(table), [tmp_path / "other.json"]) is None
    table.unlink()
    assert source_files(str(table), [split]) is None


@pytest.mark.parametrize("name", ["all", "lipo", "."])
def test_what_is_no_dataset_has_no_files(name: str) -> None:
    assert source_files(name) is None


def test_the_built_in_dataset_is_read_from_the_table_that_is_shipped() -> None:
    [path] = source_files(BUILTIN) or []
    assert len(path.read_text().splitlines()) == 1 + len(load_dataset(BUILTIN))


def test_a_fetched_dataset_has_files_once_all_of_them_are_here(fresh_home: Path) -> None:
    paths = [local_path(file) for file in get_source("esol").files]
    assert source_files("esol") is None
    for file, path in zip(get_source("esol").files, paths, strict=True):
        assert source_files("esol") is None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * (file.size or 0))
    assert source_files("esol") == paths
    assert all(path.is_relative_to(fresh_home) for path in paths)
    paths[0].write_bytes(b"x")  # broken off: it will be fetched again
    assert source_files("esol") is None


def test_they_are_the_files_that_are_fetched(mirror: Path, fresh_home: Path) -> None:
    assert source_files("freesolv") is None
    fetched = fetch("freesolv", str(mirror), offline=True)
    assert source_files("freesolv") == fetched


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, w2s_mol.datasets.local_files as m; m.source_files('computed-logp')"
    told = "print([name for name in sys.modules if name in sys.argv])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {told}", *HEAVY],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
