"""Shards are the rows of a table, or of a folder of tables, each once and in order."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from w2s_mol.errors import InputError
from w2s_mol.shards.source import Source


def write_tables(folder: Path, sizes: list[int]) -> list[str]:
    """Write tables of so many rows each, and return all items in order."""
    folder.mkdir(exist_ok=True)
    every = []
    for number, size in enumerate(sizes):
        items = [f"{number}-{row}" for row in range(size)]
        lines = ["n,smiles", *(f"{row},{item}" for row, item in enumerate(items))]
        (folder / f"{number:03d}.csv").write_text("\n".join([*lines, ""]))
        every += items
    return every


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    size=st.integers(1, 12),
    drawn=st.data(),
)
def test_no_row_is_lost_or_moved(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], size: int, drawn: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    every = write_tables(folder, sizes)
    source = Source.at(folder)
    pieces = source.pieces(["n"])
    n = -(-len(every) // size)
    wanted = sorted(drawn.draw(st.sets(st.integers(0, n - 1))))
    found = list(source.shards(pieces, size, wanted, ["n"]))
    assert [shard.number for shard in found] == wanted
    for shard in found:
        assert shard.first == shard.number * size
        expected = every[shard.first : shard.first + size]
        assert shard.examples.smiles == expected
        rows = [float(item.split("-")[1]) for item in expected]
        np.testing.assert_array_equal(shard.examples.columns["n"], rows)


def test_a_folder_is_its_tables_by_name_whatever_their_kind(tmp_path: Path) -> None:
    (tmp_path / "b.smi").write_text("CCN\nCCO\n")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"smiles\nC\n"))
    for other in ("README.md", ".hidden.csv", "_note.csv"):
        (tmp_path / other).write_text("x")
    source = Source.at(tmp_path)
    pieces = source.pieces(())
    assert [(piece.name, piece.rows) for piece in pieces] == [("a.csv.gz", 1), ("b.smi", 2)]
    [shard] = source.shards(pieces, 10, [0], ())
    assert shard.examples.smiles == ["C", "CCN", "CCO"]


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no table\. It should hold files in CSV"):
        Source.at(tmp_path)


def test_a_file_of_which_no_shard_is_wanted_is_not_opened(tmp_path: Path) -> None:
    write_tables(tmp_path, [4, 4])
    source = Source.at(tmp_path)
    pieces = source.pieces(())
    (tmp_path / "000.csv").unlink()
    [shard] = source.shards(pieces, 2, [3], ())
    assert shard.examples.smiles == ["1-2", "1-3"]


def test_a_table_that_is_cut_off_while_it_is_read_is_told(tmp_path: Path) -> None:
    write_tables(tmp_path, [4])
    source = Source.at(tmp_path)
    pieces = source.pieces(())
    write_tables(tmp_path, [3])
    with pytest.raises(InputError, match=r"000\.csv was changed while it was read"):
        list(source.shards(pieces, 2, [0, 1], ()))
