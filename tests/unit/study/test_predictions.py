from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.run import Part
from w2s_mol.errors import InputError
from w2s_mol.progress import silent
from w2s_mol.runs import find_runs
from w2s_mol.study.cell import Cells
from w2s_mol.study.prediction_tables import NUMBERS, read_predictions, with_molecules
from w2s_mol.study.predictions import molecule_rows, prediction_rows
from w2s_mol.study.protocols import PROTOCOLS, Roles
from w2s_mol.uses.contract import Made

SMILES = ["C", "CC", "CCC", "CCCC", "CCCCC", "CCCCCC"]


def split(name: str, *parts: list[int]) -> Split:
    return Split(name, *(np.array(rows) for rows in parts))


SPLITS = [split("122", [4, 0], [1], [3]), split("own", [1, 3], [4], [0])]
"""The molecule of row 2 cannot be used, and the last one is in no part of a split."""

DATASET = Dataset(
    "made",
    SMILES,
    np.array([0.1, 1.1, 2.1, 3.1, 4.1, 5.1]),
    "label",
    "log10",
    SPLITS,
    lines=[2, 3, 4, 6, 7, 8],
    rows=[0, 1, 2, 4, 5, 6],
)
PLACES = np.array([0, 1, 3, 4, 5])
SUPERVISORS = [SimpleNamespace(name=n, family=f) for n, f in (("a", "x"), ("b", "x"), ("a", "y"))]
PARTS = {
    "122": {0: "train", 4: "train", 1: "valid", 3: "test"},
    "own": {1: "train", 3: "train", 4: "valid", 0: "test"},
}


def roles(of: Split, protocol: str = "paper") -> Roles:
    return PROTOCOLS[protocol].roles(of, 0)


def predicted(kind: int, row: int, supervisor: int) -> float:
    return kind * 100 + row * 10 + supervisor + 1 / 3


def cells(strong: str) -> Cells:
    every = [
        np.array([[predicted(kind, row, s) for s in range(3)] for row in range(6)])
        for kind in range(3)
    ]
    made = {"w2s": Made(every[1], np.ones(3)), "ceiling": Made(every[2], np.ones(3))}
    student = SimpleNamespace(name=strong)
    return Cells(student, DATASET.labels, every[0], np.ones(3), [None] * 3, [""] * 3, made)


def tables(dataset: Dataset = DATASET, strong: str = "ecfp") -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [prediction_rows(dataset, s.name, SUPERVISORS, roles(s), cells(strong)) for s in SPLITS]
    return pd.concat(rows), molecule_rows(dataset, PLACES, {s.name: roles(s).parts for s in SPLITS})


def as_0_3_wrote_it() -> pd.DataFrame:
    """One row a split, molecule and supervisor with all that is known, made by hand."""
    return pd.DataFrame(
        [
            {
                "dataset": "made",
                "split": name,
                "weak": supervisor.name,
                "family": supervisor.family,
                "part": part,
                "row": DATASET.rows[row],
                "line": DATASET.lines[row],
                "smiles": SMILES[row],
                "truth": row + 0.1,
                **{n: predicted(kind, row, s) for kind, n in enumerate(NUMBERS)},
            }
            for name, parts in PARTS.items()
            for row, part in parts.items()
            for s, supervisor in enumerate(SUPERVISORS)
        ]
    )


def ordered(found: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    plain = found.astype(dict.fromkeys(("dataset", "split", "weak", "family", "part"), str))
    keys = ["split", "family", "weak", "row"]
    return plain[list(like)].sort_values(keys, ignore_index=True)


def test_predictions_with_their_molecules_are_what_0_3_wrote() -> None:
    found, expected = with_molecules(*tables()), as_0_3_wrote_it()
    assert set(found) == {*expected, "strong"}
    pd.testing.assert_frame_equal(
        ordered(found, expected), ordered(expected, expected), check_dtype=False
    )


def test_a_molecule_stands_once_and_its_predictions_follow_each_other() -> None:
    predictions, molecules = tables()
    assert list(predictions) == ["dataset", "split", "strong", "family", "weak", "row", *NUMBERS]
    first = predictions[predictions["split"] == "122"]
    assert first["row"].tolist() == [0, 0, 0, 1, 1, 1, 4, 4, 4, 5, 5, 5]
    assert first["weak"].tolist() == ["a", "b", "a"] * 4
    assert first["family"].tolist() == ["x", "x", "y"] * 4
    assert molecules["row"].tolist() == [0, 1, 4, 5, 6]
    assert molecules["smiles"].tolist() == [SMILES[place] for place in PLACES]
    assert molecules["truth"].tolist() == [0.1, 1.1, 3.1, 4.1, 5.1]
    assert molecules["line"].tolist() == [2, 3, 6, 7, 8]
    parts = molecules["part 122"].astype(object)
    assert parts.where(parts.notna(), None).tolist() == ["train", "valid", "test", "train", None]
    assert list(molecules) == ["dataset", "row", "line", "smiles", "truth", "part 122", "part own"]


def test_halves_of_disjoint_are_parts_of_their_own() -> None:
    disjoint = [roles(s, "disjoint") for s in SPLITS]
    parts = {s.name: found.parts for s, found in zip(SPLITS, disjoint, strict=True)}
    molecules = molecule_rows(DATASET, PLACES, parts)
    for s, of_split in zip(SPLITS, disjoint, strict=True):
        rows = prediction_rows(DATASET, s.name, SUPERVISORS, of_split, cells("ecfp"))
        found = with_molecules(rows, molecules)
        parts = found.groupby(found["part"].astype(str))["row"].unique()
        assert {part: sorted(rows) for part, rows in parts.items()} == {
            part: sorted(DATASET.rows[row] for row in index)
            for part, index in of_split.parts.items()
        }


def test_a_table_without_lines_has_none() -> None:
    found = with_molecules(*tables(replace(DATASET, lines=[])))
    assert found["line"].isna().all()


def test_several_datasets_and_students_keep_their_own_molecules() -> None:
    """Row 0 of one dataset is not row 0 of another."""
    other = replace(DATASET, name="other", smiles=[f"{s}O" for s in SMILES])
    both = [tables(), tables(strong="self"), tables(other)]
    found = with_molecules(
        pd.concat([both[0][0], both[1][0], both[2][0]]), pd.concat([both[0][1], both[2][1]])
    )
    assert len(found) == 3 * len(both[0][0])
    assert found[found["dataset"] == "other"]["smiles"].str.endswith("O").all()
    assert not found[found["dataset"] == "made"]["smiles"].str.endswith("O").any()
    of_students = found[found["dataset"] == "made"].groupby(found["strong"].astype(str))
    assert dict(of_students["row"].count()) == {"ecfp": 24, "self": 24}


@pytest.mark.parametrize(
    "lost",
    [
        lambda molecules: molecules[molecules["row"] != 4],
        lambda molecules: molecules[molecules["dataset"] == "other"],
        lambda molecules: molecules.drop(columns="part own"),
    ],
)
def test_a_molecule_that_is_missing_is_a_clear_error(lost) -> None:
    predictions, molecules = tables()
    with pytest.raises(InputError, match=r"predictions of made, split (122|own), are of molecules"):
        with_molecules(predictions, lost(molecules))


class Written:
    """A run that writes given tables."""

    kind, run_id, format = "study", "0123", 7

    def __init__(self, **tables: pd.DataFrame) -> None:
        self._written = {"results": pd.DataFrame({"n": [1]}), **tables}
        self.tables = tuple(self._written)

    def config(self) -> dict:
        return {}

    def chosen(self) -> dict:
        return {}

    def manifest(self) -> dict:
        return {}

    def measured(self) -> dict:
        return {}

    def part_names(self) -> list[str]:
        return ["whole"]

    def do(self, part: str, progress: object) -> Part:
        return Part(self._written)


def test_predictions_of_a_folder_are_read_with_their_molecules(tmp_path: Path) -> None:
    predictions, molecules = tables()
    carry_out(Written(predictions=predictions, molecules=molecules), tmp_path, silent)
    [run] = find_runs([tmp_path])
    expected = with_molecules(predictions, molecules)
    pd.testing.assert_frame_equal(
        ordered(read_predictions(run), expected), ordered(expected, expected), check_dtype=False
    )


def test_predictions_of_0_3_are_read_as_they_are(tmp_path: Path) -> None:
    old = as_0_3_wrote_it()
    carry_out(Written(predictions=old), tmp_path, silent)
    [run] = find_runs([tmp_path])
    pd.testing.assert_frame_equal(read_predictions(run), old, check_dtype=False)


def test_a_folder_that_lost_its_molecules_is_a_clear_error(tmp_path: Path) -> None:
    predictions, molecules = tables()
    carry_out(Written(predictions=predictions, molecules=molecules), tmp_path, silent)
    [run] = find_runs([tmp_path])
    (tmp_path / "molecules.parquet").unlink()
    with pytest.raises(InputError, match=r"molecules\.parquet is missing"):
        read_predictions(run)
