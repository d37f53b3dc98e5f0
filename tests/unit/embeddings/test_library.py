from pathlib import Path

import numpy as np
import pytest

from w2s_mol.embeddings import library as module
from w2s_mol.embeddings.library import Library
from w2s_mol.errors import InputError
from w2s_mol.molecules.smiles import remembered


def test_molecules_come_in_blocks_with_numbers_of_their_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    (tmp_path / "in.csv").write_text("Smiles,dock,id\nCCO,-7.5,a\nCCN,,b\nCC,1e400,c\n")
    library = Library(tmp_path / "in.csv")
    assert library.checked_total(["dock"]) == 3
    first, second = library.blocks(["dock"])
    assert (first.smiles, second.smiles) == (["CCO", "CCN"], ["CC"])
    np.testing.assert_array_equal(first.columns["dock"], [-7.5, np.nan])
    np.testing.assert_array_equal(second.columns["dock"], [np.nan])
    assert [len(block.columns) for block in library.blocks()] == [0, 0]


def test_a_column_that_is_not_there_and_a_table_without_rows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("smiles,dock\n")
    with pytest.raises(InputError, match=r"in\.csv has a header but no rows"):
        Library(tmp_path / "in.csv").checked_total()
    with pytest.raises(InputError, match=r"'dokc'\. Did you mean 'dock'"):
        Library(tmp_path / "in.csv").checked_total(["dokc"])


def test_what_is_remembered_of_a_block_is_forgotten_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    (tmp_path / "in.csv").write_text("smiles\nCCO\nCCN\nCCO\n")
    read: list[str] = []
    reading = remembered(read.append)
    for block in Library(tmp_path / "in.csv").blocks():
        for _ in range(2):  # two encoders read a molecule once
            for smiles in block.smiles:
                reading(smiles)
    assert read == ["CCO", "CCN", "CCO"]
