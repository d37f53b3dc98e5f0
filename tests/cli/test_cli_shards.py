"""Folders of shards by the real program: killed, damaged, shared, and the bytes are the same."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from dask_hosts import until

from w2s_mol.datasets.builtin import generate

SMALL = ("--shard-rows", 40)
MADE = [smiles for smiles, _ in generate(150)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "lib.csv"
    path.write_text("\n".join(["smiles", *MADE, "broken", ""]))
    return path


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("part-*"))
    }


def embed(*options: object) -> tuple[object, ...]:
    """Return a call that starts no workers unless asked to: each takes seconds to come."""
    alone = () if "--workers" in options else ("--workers", 1)
    return ("embed", "lib.csv", "-e", "weak-h8-s0", "-o", *options, *alone)


@pytest.fixture
def whole(cli: Callable, table: Path, tmp_path: Path) -> dict[str, str]:
    """The bytes of one process that was never stopped."""
    done = cli(*embed("whole", *SMALL))
    assert done.code == 0, done.err
    assert "151 rows written to whole; 1 of them invalid" in done.err
    return bytes_of(tmp_path / "whole")


@pytest.mark.slow
def test_several_workers_and_shares_make_the_same_bytes(
    cli: Callable, whole: dict[str, str], tmp_path: Path
) -> None:
    assert len(whole) == 4
    assert cli(*embed("two", "--workers", 2, *SMALL)).code == 0
    assert bytes_of(tmp_path / "two") == whole
    for share in ("2/3", "1/3", "3/3"):
        done = cli(*embed("shares", "--shard", share, *SMALL))
        assert done.code == 0, done.err
    assert "shards of shares are not there yet" not in done.err
    assert bytes_of(tmp_path / "shares") == whole


def test_all_shards_become_one_file_and_missing_ones_are_made_first(
    cli: Callable, table: Path, tmp_path: Path
) -> None:
    done = cli(*embed("out", "--shard", "1/2", *SMALL))
    assert "2 shards of out are not there yet" in done.err
    done = cli(*embed("out", "--shard", "1/2", "--merge", "all.parquet", *SMALL))
    assert done.code == 2
    assert "--merge belongs to the last command" in done.err
    assert cli(*embed("out", "--merge", "all.parquet", *SMALL)).code == 0
    assert cli(*embed("one.parquet")).code == 0
    merged, one = (pd.read_parquet(tmp_path / name) for name in ("all.parquet", "one.parquet"))
    assert merged["smiles"].tolist() == one["smiles"].tolist() == [*MADE, "broken"]
    vectors = [np.stack(list(frame["embedding"])) for frame in (merged, one)]
    np.testing.assert_allclose(*vectors, atol=1e-5)  # of other batches


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_the_same_bytes(
    whole: dict[str, str], begin: Callable, cli: Callable, tmp_path: Path
) -> None:
    """Also the files of eight processes that are killed while they share a folder."""
    for parts in (0, 1, 3):
        running = [begin(*embed("out", *SMALL)) for _ in range(8)]
        until(lambda parts=parts: len(list((tmp_path / "out").glob("part-*"))) >= parts)
        time.sleep(0.2)
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait()
    assert cli(*embed("out", "--workers", 2, *SMALL)).code == 0
    assert bytes_of(tmp_path / "out") == whole
    assert not list((tmp_path / "out").glob(".*.lock"))


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_its_shard_alone(
    whole: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "w2s_mol", *map(str, embed("out", "--workers", 2, *SMALL))]
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    killed = None
    while running.poll() is None and killed is None:
        killed = next(iter(workers_of(running.pid)), None)
        time.sleep(0.05)
    assert killed is not None
    time.sleep(0.5)
    os.kill(killed, signal.SIGKILL)
    _, said = running.communicate(timeout=250)
    assert running.returncode == 0, said
    assert bytes_of(tmp_path / "out") == whole


def workers_of(parent: int) -> list[int]:
    """Return the processes that work for one: those of the one that it has them forked by."""
    servers = [pid for pid, line in children_of(parent) if "forkserver" in line]
    return [pid for server in servers for pid, _ in children_of(server)]


def children_of(parent: int) -> list[tuple[int, str]]:
    """Return the processes that one started, each with its command line."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                found.append((int(stat.parent.name), (stat.parent / "cmdline").read_text()))
    return found


def test_another_table_or_encoder_is_refused_by_name_and_a_cut_shard_is_made_again(
    cli: Callable, whole: dict[str, str], table: Path, tmp_path: Path
) -> None:
    shard = tmp_path / "whole" / "part-000002.parquet"
    shard.write_bytes(shard.read_bytes()[:500])
    assert cli(*embed("whole", *SMALL)).code == 0
    assert bytes_of(tmp_path / "whole") == whole
    done = cli("embed", "lib.csv", "-e", "ecfp", "-o", "whole", *SMALL)
    assert done.code == 2
    assert "whole was begun with encoder weak-h8-s0, not ecfp" in done.err
    with table.open("a") as file:
        file.write("CCO\n")
    done = cli(*embed("whole", *SMALL))
    assert done.code == 2
    assert "lib.csv was changed since whole was begun" in done.err
    assert bytes_of(tmp_path / "whole") == whole


def test_a_folder_of_tables_is_embedded_as_one(cli: Callable, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.smi").write_text("\n".join(MADE[:50]) + "\n")
    rows = ["id,smiles", *(f"1,{smiles}" for smiles in MADE[50:])]
    (tmp_path / "tables" / "b.csv").write_text("\n".join(rows))
    done = cli("embed", "tables", "-e", "ecfp", "-o", "out", "--workers", 1, *SMALL)
    assert done.code == 0, done.err
    found = pq.read_table(tmp_path / "out")
    assert found["smiles"].to_pylist() == MADE
    manifest = json.loads((tmp_path / "out" / "_manifest.json").read_text())
    assert [piece["rows"] for piece in manifest["input"]] == [50, 100]


@pytest.mark.slow
def test_a_library_is_predicted_in_shards_as_in_one_file(cli: Callable, tmp_path: Path) -> None:
    lines = [f"{smiles},{len(smiles)}" for smiles in MADE]
    (tmp_path / "own.csv").write_text("\n".join(["smiles,y", *lines]))
    done = cli(
        "run", "-d", "own.csv", "--target-column", "y", "--weak", "weak-h8-s0", "--strong", "ecfp",
        "-o", "run",
    )  # fmt: skip
    assert done.code == 0, done.err
    predict = ("predict", "own.csv", "--run", "run", "-o")
    assert cli(*predict, "one.csv", "--workers", 1, *SMALL).code == 0
    done = cli(*predict, "out", "--merge", "all.csv", "--workers", 2, *SMALL)
    assert done.code == 0, done.err
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert pd.read_parquet(tmp_path / "out")["smiles"].tolist() == MADE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("out", "--shard", "4/3"), "--shard '4/3' is no share. It should be as 3/100"),
        (("out.parquet", "--shard", "1/3"), "--shard and --merge are for a folder of shards"),
        (("out.csv",), "out.csv should end in .parquet, which says what is written, or be a"),
        (("out", "--merge", "all.txt"), "all.txt should end in .parquet"),
        (("out", "--shard-rows", 0), "should be greater than or equal to 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    cli: Callable, table: Path, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    done = cli(*embed(*options))
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["lib.csv"]
