"""A folder of shards goes on where it stopped, is one dataset, and never mixes kinds of work."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from w2s_mol import files
from w2s_mol.crews.named import Asked
from w2s_mol.datasets.examples import Examples
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent
from w2s_mol.shards.contract import Made, Maker, Recipe, Work
from w2s_mol.shards.folder import MANIFEST, ShardFolder, Told
from w2s_mol.shards.output import How, merge
from w2s_mol.shards.output import written as written_in
from w2s_mol.shards.share import Share
from w2s_mol.shards.source import Source

SCHEMA = pa.schema([("smiles", pa.string()), ("length", pa.int64())], metadata={"by": "lengths"})
N, SIZE = 23, 5
ITEMS = ["C" * (1 + row % 4) for row in range(N)]


def lengths(examples: Examples, _: Any = silent) -> Made:
    items = examples.smiles
    columns = [pa.array(items), pa.array([len(item) for item in items])]
    rows = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    return Made(rows, Counter(letters=sum(map(len, items))), Counter(long=items.count("CCCC")))


@dataclass(frozen=True)
class Lengths(Recipe):
    """Also made by other processes."""

    def open(self) -> Maker:
        return lengths


WORK = Work(lengths, Lengths(), "measuring", SCHEMA, {"measure": "length"})


IN_FIVES = How(size=SIZE)


def written(
    work: Work, source: Source, output: Path, how: How = IN_FIVES, progress: Progress = silent
) -> Told:
    return written_in(work, source, output, how, progress)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("\n".join(["smiles", *ITEMS, ""]))
    return path


def parts(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("part-*"))


def times(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("part-*")}


def test_a_folder_reads_as_one_dataset(table: Path, tmp_path: Path) -> None:
    told = written(WORK, Source.at(table), tmp_path / "out")
    letters = sum(map(len, ITEMS))
    assert (told.rows, told.counts["letters"], told.reasons["long"]) == (N, letters, 5)
    assert parts(tmp_path / "out") == [f"part-{number:06d}.parquet" for number in range(5)]
    assert not list((tmp_path / "out").glob(".*"))
    read = [
        pd.read_parquet(tmp_path / "out"),
        pq.read_table(tmp_path / "out").to_pandas(),
        pa.dataset.dataset(tmp_path / "out").to_table().to_pandas(),
    ]
    for frame in read:
        assert frame["smiles"].tolist() == ITEMS
    metadata = pq.read_schema(tmp_path / "out" / "part-000004.parquet").metadata
    assert (metadata[b"by"], metadata[b"rows_of_input"]) == (b"lengths", b"20-23")


@pytest.mark.parametrize("reader", ["polars", "duckdb"])
def test_other_readers_agree(table: Path, tmp_path: Path, reader: str) -> None:
    library = pytest.importorskip(reader)
    written(WORK, Source.at(table), tmp_path / "out")
    if reader == "polars":
        found = library.read_parquet(tmp_path / "out" / "*.parquet")["smiles"].to_list()
    else:
        rows = library.sql(f"select smiles from '{tmp_path}/out/*.parquet'").fetchall()
        found = [smiles for (smiles,) in rows]
    assert found == ITEMS


def test_a_file_is_the_shards_together_and_nothing_else_is_left(
    table: Path, tmp_path: Path
) -> None:
    told = written(WORK, Source.at(table), tmp_path / "out.parquet")
    assert told.rows == N
    found = pq.read_table(tmp_path / "out.parquet")
    assert found["smiles"].to_pylist() == ITEMS
    assert found.schema.metadata == {b"by": b"lengths"}
    written(WORK, Source.at(table), tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv")["smiles"].tolist() == ITEMS
    assert {file.name for file in tmp_path.iterdir()} == {"in.csv", "out.parquet", "out.csv"}


def test_processes_make_the_same_bytes(table: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        written(WORK, Source.at(table), tmp_path / str(workers), How(Asked(workers), SIZE))
    for name in parts(tmp_path / "1"):
        one, two = (files.sha256_file(tmp_path / folder / name) for folder in ("1", "2"))
        assert one == two


def test_shares_in_any_order_make_the_same_bytes(table: Path, tmp_path: Path) -> None:
    written(WORK, Source.at(table), tmp_path / "whole")
    numbers = [1, 2, 3]
    random.Random(0).shuffle(numbers)
    for number in numbers:
        written(WORK, Source.at(table), tmp_path / "shares", How(size=SIZE, share=Share(number, 3)))
    for name in parts(tmp_path / "whole"):
        one, two = (files.sha256_file(tmp_path / folder / name) for folder in ("whole", "shares"))
        assert one == two


def test_a_share_of_one_file_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is one file, and --shard and --merge are for a folder"):
        written(WORK, Source.at(table), tmp_path / "out.parquet", How(size=SIZE, share=Share(1, 2)))


class Stop(BaseException):
    """As Ctrl-C."""


@pytest.mark.parametrize("name", ["out", "out.parquet"])
def test_stopped_it_goes_on_with_what_is_not_there(table: Path, tmp_path: Path, name: str) -> None:
    def stop(_work: str, done: int, _total: int | None) -> None:
        if done >= 2 * SIZE:
            raise Stop

    with pytest.raises(Stop):
        written(WORK, Source.at(table), tmp_path / name, progress=stop)
    folder = tmp_path / ("out" if name == "out" else ".out.parquet.shards")
    before = times(folder)
    assert len(before) == 2
    seen = []
    made = replace(WORK, make=lambda examples, _: seen.append(len(examples)) or lengths(examples))
    told = written(made, Source.at(table), tmp_path / name)
    assert (told.rows, sum(seen)) == (N, N - 2 * SIZE)
    if name == "out":
        assert before.items() <= times(folder).items()


@pytest.mark.parametrize("damage", [b"", b"PAR1", None])
def test_a_shard_that_is_cut_off_or_lost_is_made_again(
    table: Path, tmp_path: Path, damage: bytes | None
) -> None:
    written(WORK, Source.at(table), tmp_path / "out")
    shard = tmp_path / "out" / "part-000002.parquet"
    whole = shard.read_bytes()
    if damage is None:
        shard.unlink()
    else:
        shard.write_bytes(damage or whole[: len(whole) // 2])
    written(WORK, Source.at(table), tmp_path / "out")
    assert shard.read_bytes() == whole


def test_another_input_or_other_settings_are_refused_by_name(table: Path, tmp_path: Path) -> None:
    written(WORK, Source.at(table), tmp_path / "out", How(size=SIZE, share=Share(1, 2)))
    before = times(tmp_path / "out")
    other = replace(WORK, made_by={"measure": "weight"})
    with pytest.raises(InputError, match="out was begun with measure length, not weight"):
        written(other, Source.at(table), tmp_path / "out")
    with pytest.raises(InputError, match="out was begun with rows a shard 5, not 6"):
        written(WORK, Source.at(table), tmp_path / "out", How(size=6))
    with pytest.raises(InputError, match="out was begun with column smiles, not SMILES"):
        written(WORK, Source.at(table, item_column="SMILES"), tmp_path / "out")
    table.write_text(table.read_text().replace("CCCC", "CCCN"))
    with pytest.raises(InputError, match=r"in\.csv was changed since .*out was begun"):
        written(WORK, Source.at(table), tmp_path / "out")
    table.rename(tmp_path / "new.csv")
    with pytest.raises(InputError, match=r"begun with other files \(new\.csv is new\)"):
        written(WORK, Source.at(tmp_path / "new.csv"), tmp_path / "out")
    assert times(tmp_path / "out") == before


def test_one_file_begun_by_another_command_is_begun_anew(table: Path, tmp_path: Path) -> None:
    def stop(_work: str, done: int, _total: int | None) -> None:
        if done >= SIZE:
            raise Stop

    with pytest.raises(Stop):
        written(WORK, Source.at(table), tmp_path / "out.parquet", progress=stop)
    table.write_text("smiles\nN\n")
    assert written(WORK, Source.at(table), tmp_path / "out.parquet").rows == 1


def test_a_folder_of_other_things_is_refused_and_left_as_it_is(table: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"holds other files \(thesis\.tex\)"):
        written(WORK, Source.at(table), tmp_path / "out")
    (tmp_path / "out" / MANIFEST).write_text("{")
    with pytest.raises(InputError, match=r"_manifest\.json cannot be read"):
        written(WORK, Source.at(table), tmp_path / "out")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"thesis.tex", MANIFEST}


def test_a_flipped_bit_is_told_where_shards_are_put_together(table: Path, tmp_path: Path) -> None:
    written(WORK, Source.at(table), tmp_path / "out")
    folder = ShardFolder.begin(tmp_path / "out", WORK, Source.at(table), SIZE)
    shard = tmp_path / "out" / "part-000001.parquet"
    raw = bytearray(shard.read_bytes())
    raw[40] ^= 1
    shard.write_bytes(raw)
    with pytest.raises(InputError, match=r"part-000001\.parquet is missing or damaged"):
        merge(folder, tmp_path / "all.parquet", SCHEMA)
    assert not (tmp_path / "all.parquet").exists()
    shard.unlink()
    with pytest.raises(InputError, match=r"lacks 1 of 5 shards, the first number 1"):
        merge(folder, tmp_path / "all.parquet", SCHEMA)


def test_the_manifest_says_what_the_shards_are_of(table: Path, tmp_path: Path) -> None:
    written(WORK, Source.at(table), tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    [piece] = manifest["input"]
    assert piece == {"name": "in.csv", "rows": N, "sha256": files.sha256_file(table)}
    assert (manifest["shards"], manifest["rows"]) == (5, N)
    assert manifest["made_by"] == {
        "measure": "length", "column": "smiles", "delimiter": None, "rows a shard": SIZE,
    }  # fmt: skip


def test_two_at_once_share_the_shards(table: Path, tmp_path: Path) -> None:
    """One that comes while the other is at work makes what the other has not taken."""
    inner = []

    def make(examples: Examples, _: Any = silent) -> Made:
        if not inner:
            inner.append(True)
            second = replace(WORK, make=lambda e, _: inner.append(len(e)) or lengths(e))
            with pytest.raises(Stop):
                written(second, Source.at(table), tmp_path / "out", progress=waiting)
        return lengths(examples)

    def waiting(work: str, _done: int, _total: int | None) -> None:
        if work.startswith("waiting for another process"):
            raise Stop

    told = written(replace(WORK, make=make), Source.at(table), tmp_path / "out")
    assert told.rows == N
    assert sum(inner[1:]) == N - SIZE


@pytest.mark.parametrize("workers", [1, 2])
def test_where_all_is_done_nothing_is_made_and_it_is_put_together(
    table: Path, tmp_path: Path, workers: int
) -> None:
    how = How(Asked(workers), SIZE)
    written(WORK, Source.at(table), tmp_path / "out", how)
    before = times(tmp_path / "out")
    again = written(WORK, Source.at(table), tmp_path / "out", how)
    assert (again.rows, again.missing) == (N, 0)
    merged = replace(how, merged=tmp_path / "all.parquet")
    written(WORK, Source.at(table), tmp_path / "out", merged)
    assert pd.read_parquet(tmp_path / "all.parquet")["smiles"].tolist() == ITEMS
    assert times(tmp_path / "out") == before
