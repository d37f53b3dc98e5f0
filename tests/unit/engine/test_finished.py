import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_run import FakeRun, changed_manifest, stopped

from w2s_mol.engine.finished import Finished, finished_as, if_whole
from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.run import Part
from w2s_mol.errors import InputError
from w2s_mol.progress import silent


class Asked(FakeRun):
    def manifest(self) -> dict[str, Any]:
        return {"asked": "0f0f", "notes": {}}


def test_a_run_is_recognised_by_what_was_asked_for(tmp_path: Path) -> None:
    made = carry_out(Asked(), tmp_path, silent)
    found = finished_as(tmp_path, lambda: "0f0f")
    assert found
    assert not found.computed
    assert (found.manifest, found.folder, found.mended) == (made.manifest, tmp_path, ())
    for name in ("results", "extra"):
        pd.testing.assert_frame_equal(found.table(name), made.table(name))
    assert finished_as(tmp_path, lambda: "other") is None
    assert finished_as(tmp_path / "nowhere", lambda: "0f0f") is None


def test_a_run_that_does_not_say_what_was_asked_for_is_not_recognised(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    assert finished_as(tmp_path, lambda: "") is None


def test_a_run_under_way_is_not_recognised(tmp_path: Path) -> None:
    stopped(tmp_path)
    changed_manifest(tmp_path, asked="0f0f")
    assert finished_as(tmp_path, lambda: "0f0f") is None


@pytest.mark.parametrize(
    "name", ["results.csv", "results.parquet", "extra.parquet", "config.toml", "manifest.json"]
)
@pytest.mark.parametrize("content", [None, b"", b"{}"])
def test_a_damaged_run_is_not_recognised(tmp_path: Path, name: str, content: bytes | None) -> None:
    """Whoever carries it out mends it, or says what is wrong."""
    carry_out(Asked(), tmp_path, silent)
    path = tmp_path / name
    path.unlink() if content is None else path.write_bytes(content)
    assert finished_as(tmp_path, lambda: "0f0f") is None


def test_a_run_of_0_3_has_no_hashes_to_be_whole_by(tmp_path: Path) -> None:
    carry_out(Asked(), tmp_path, silent)
    changed_manifest(tmp_path, files=None)
    assert if_whole(tmp_path, json.loads((tmp_path / "manifest.json").read_text())) is None
    assert finished_as(tmp_path, lambda: "0f0f") is None


def test_a_table_that_was_lost_since_is_a_clear_error(tmp_path: Path) -> None:
    found = carry_out(FakeRun(), tmp_path, silent)
    (tmp_path / "extra.parquet").unlink()
    with pytest.raises(InputError, match=r"extra\.parquet is missing"):
        found.table("extra")
    assert len(found.table("results")) == 6


def test_tables_in_memory_are_those_there_are() -> None:
    found = carry_out(FakeRun(), None, silent)
    assert list(found.tables) == ["results", "extra"]
    assert found.table("results") is found.in_memory["results"]
    assert Finished({}, in_memory={"results": found.table("results")}).tables.keys() == {"results"}


TINY, HUGE = np.nextafter(0, 1), np.finfo(float).max
NUMBERS = [0.1 + 0.2, 1 / 3, -0.0, 1e-300, TINY, HUGE, -HUGE, np.inf, -np.inf, np.nan, 2.0**53 + 2]
TEXTS = ["plain", "a,b", 'a "b"', "two\nlines", "two\r\nlines", " ", "é", "", "001", "#", "'"]


class Awkward(FakeRun):
    def do(self, part: str, progress: object) -> Part:
        generator = np.random.default_rng(0)
        drawn = generator.integers(0, 2**64, size=2000, dtype=np.uint64).view(np.float64)
        n = len(NUMBERS) + len(drawn)
        table = {
            "text": (TEXTS * n)[:n],
            "number": [*NUMBERS, *drawn],
            "hidden": pd.array([8, None] * (n // 2) + [8] * (n % 2), dtype="Int64"),
            "n": np.arange(n),
            "flag": [True, False] * (n // 2) + [True] * (n % 2),
        }
        return Part({"results": pd.DataFrame(table), "extra": pd.DataFrame({"x": [1]})})


def test_rows_are_the_results_exactly(tmp_path: Path) -> None:
    """Every bit of every number; what is missing is an empty text."""
    found = carry_out(Awkward(names=("a",)), tmp_path, silent)
    rows, results = found.rows(), found.table("results")
    assert len(rows) == len(results) == 2011
    assert list(rows[0]) == list(results.columns)
    for row, (_, expected) in zip(rows, results.iterrows(), strict=True):
        number = float(row["number"] or "nan")
        same = number == expected["number"] or (
            math.isnan(number) and math.isnan(expected["number"])
        )
        assert same
        assert math.copysign(1, number) == math.copysign(1, expected["number"]) or number != number
        assert row["text"] == expected["text"]
        assert row["hidden"] == ("" if pd.isna(expected["hidden"]) else "8")
        assert int(row["n"]) == expected["n"]
        assert row["flag"] == str(expected["flag"])
