import pandas as pd
import pytest

from w2s_mol.advice.errors import ALL_USES
from w2s_mol.inspection.molecules import broken, mended, molecules_of
from w2s_mol.tasks.registry import REGRESSION

NAN = float("nan")


def predictions() -> pd.DataFrame:
    """Return four molecules, the first of them tested by two splits; all labels are 1."""
    rows = [
        # split, row, weak, student
        ("a", 10, 3.0, 2.0),  # 4 - 1
        ("b", 10, 2.0, 1.0),  # 1 - 0
        ("a", 11, 1.0, 3.0),  # 0 - 4
        ("b", 12, 2.0, 2.0),  # 1 - 1
        ("b", 13, 1.5, 1.0),  # 0.25 - 0
        ("b", 14, NAN, 1.0),
    ]
    table = pd.DataFrame(rows, columns=["split", "row", "weak", "w2s"])
    others = {use: 1.0 for use in ALL_USES if use not in table}
    return table.assign(truth=1.0, line=table["row"], smiles="C" + table["row"].map(str), **others)


def test_gain_is_the_mean_over_the_splits_that_test_a_molecule() -> None:
    found = molecules_of(predictions(), REGRESSION).set_index("row")
    assert found["gain"].to_dict() == pytest.approx({10: 2.0, 11: -4.0, 12: 0.0, 13: 0.25})
    assert found["n_splits"].to_dict() == {10: 2, 11: 1, 12: 1, 13: 1}
    assert found["weak"].to_dict() == pytest.approx({10: 2.5, 11: 1.0, 12: 2.0, 13: 1.5})
    assert found["smiles"][11] == "C11"


def test_mended_and_broken_are_the_largest_changes_of_error() -> None:
    found = molecules_of(predictions(), REGRESSION)
    assert mended(found, 12)["row"].tolist() == [10, 13]
    assert mended(found, 1)["row"].tolist() == [10]
    assert broken(found, 12)["row"].tolist() == [11]
