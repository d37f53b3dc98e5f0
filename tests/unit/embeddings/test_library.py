from pathlib import Path

import numpy as np
import pytest

from w2s_mol.embeddings.library import Library, examples_of
from w2s_mol.errors import InputError


def test_rows_come_in_order_with_numbers_of_their_columns(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Smiles,dock,id\nCCO,-7.5,a\nCCN,,b\nCC,1e400,c\n")
    library = Library(tmp_path / "in.csv")
    assert library.checked_total(["dock"]) == 3
    with library.rows(["dock"]) as rows:
        examples = examples_of(list(rows), ["dock"])
    assert examples.smiles == ["CCO", "CCN", "CC"]
    np.testing.assert_array_equal(examples.columns["dock"], [-7.5, np.nan, np.nan])
    with library.rows() as rows:
        assert examples_of(list(rows), []).columns == {}


def test_a_column_that_is_not_there_and_a_table_without_rows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("smiles,dock\n")
    with pytest.raises(InputError, match=r"in\.csv has a header but no rows"):
        Library(tmp_path / "in.csv").checked_total()
    with pytest.raises(InputError, match=r"'dokc'\. Did you mean 'dock'"):
        Library(tmp_path / "in.csv").checked_total(["dokc"])
