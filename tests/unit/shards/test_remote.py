"""Tables that lie elsewhere are read like those here, and nothing of them is left."""

import tempfile
from pathlib import Path

import fsspec
import pytest

from w2s_mol.errors import InputError
from w2s_mol.shards.remote import here
from w2s_mol.shards.source import Source


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    system.pipe("/lib/b.csv", b"smiles\nCCO\n")
    system.pipe("/lib/a.smi", b"CCN\nC\n")
    system.pipe("/lib/notes.md", b"x")
    yield system
    system.rm("/lib", recursive=True)


def items(path: Path) -> list[str]:
    source = Source.at(path)
    [shard] = source.shards(source.pieces(()), 100, [0], ())
    return list(shard.examples.smiles)


def test_a_path_is_itself(tmp_path: Path) -> None:
    with here(str(tmp_path / "in.csv")) as path:
        assert path == tmp_path / "in.csv"


def test_a_file_and_a_folder_are_copied_and_forgotten(memory) -> None:
    with here("memory://lib/b.csv") as path:
        assert (path.name, items(path)) == ("b.csv", ["CCO"])
    assert not path.exists()
    with here("memory://lib") as path:
        assert items(path) == ["CCN", "C", "CCO"]
        assert path.parent == Path(tempfile.gettempdir())
    assert not path.exists()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("memory://lib/none.csv", r"there is no table memory://lib/none\.csv"),
        ("nothing://x.csv", r"nothing://x\.csv cannot be read: Protocol not known"),
        ("s3://bucket/x.csv", "s3://bucket/x.csv cannot be read: .*s3fs"),
    ],
)
def test_what_cannot_be_had_is_told(memory, address: str, why: str) -> None:
    with pytest.raises(InputError, match=why), here(address):
        pass
