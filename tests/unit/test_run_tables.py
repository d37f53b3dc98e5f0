"""The tables in a run's folder: small, refused where damaged, mended where that can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from w2s_mol.errors import InputError
from w2s_mol.files import sha256_file
from w2s_mol.run_tables import (
    arrow_table,
    mend,
    parquet_options,
    read_table,
    write_config,
    write_csv,
)

RESULTS = pd.DataFrame({"weak": ["a", "b"], "gain": [0.5, 0.1 + 0.2]})
CONFIG = {"head": "ridge", "seeds": [0, 1]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    table = arrow_table(RESULTS)
    pq.write_table(table, tmp_path / "results.parquet", **parquet_options(table.schema))
    write_csv(tmp_path, RESULTS)
    write_config(tmp_path, CONFIG)
    return tmp_path


@pytest.fixture
def manifest(folder: Path) -> dict[str, Any]:
    return {"config": CONFIG, "files": {path.name: sha256_file(path) for path in folder.iterdir()}}


def test_a_table_comes_back_as_it_was_with_numbers_split_into_bytes(
    folder: Path, manifest: dict[str, Any]
) -> None:
    pd.testing.assert_frame_equal(read_table(folder, "results", manifest), RESULTS)
    row = pq.read_metadata(folder / "results.parquet").row_group(0)
    assert "RLE_DICTIONARY" in row.column(0).encodings
    assert "BYTE_STREAM_SPLIT" in row.column(1).encodings
    assert row.column(0).statistics is not None
    assert row.column(1).statistics is None


def test_a_table_that_the_run_did_not_keep_is_told_from_a_lost_one(
    folder: Path, manifest: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="keeps no predictions"):
        read_table(folder, "predictions", manifest)
    (folder / "results.parquet").unlink()
    with pytest.raises(InputError, match=r"results\.parquet is missing"):
        read_table(folder, "results", manifest)


def test_a_damaged_table_is_refused_with_a_hash_and_without(
    folder: Path, manifest: dict[str, Any]
) -> None:
    (folder / "results.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="is not what the run wrote"):
        read_table(folder, "results", manifest)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(folder, "results", {})


def test_the_csv_and_the_config_are_written_again_the_same(
    folder: Path, manifest: dict[str, Any]
) -> None:
    before = {name: (folder / name).read_bytes() for name in ("results.csv", "config.toml")}
    (folder / "results.csv").write_text("weak,gain\n")
    (folder / "config.toml").unlink()
    assert mend(folder, manifest, lost_too=False) == ["results.csv"]
    assert not (folder / "config.toml").exists()
    assert mend(folder, manifest, lost_too=True) == ["config.toml"]
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert mend(folder, manifest, lost_too=True) == []


def test_a_table_of_parquet_cannot_be_mended(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "results.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"results\.parquet is missing or damaged"):
        mend(folder, manifest, lost_too=True)
