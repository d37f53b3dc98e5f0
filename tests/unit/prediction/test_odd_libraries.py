"""Libraries as they come: what is wrong with one is said, what is odd about one does no harm."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol.errors import InputError
from w2s_mol.prediction.library import LibraryPredictor, open_predictor, the_run
from w2s_mol.shards.predicting import PredictedLibrary, predict_library


@pytest.fixture(scope="module")
def predictor(run_folders: Path) -> LibraryPredictor:
    return open_predictor(the_run(run_folders / "study"), dataset="esol", use="w2s")


def written(
    predictor: LibraryPredictor, path: Path, content: bytes
) -> tuple[PredictedLibrary, pd.DataFrame]:
    path.write_bytes(content)
    output = path.parent / "out.parquet"
    return predict_library(path, predictor, output), pd.read_parquet(output)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("one.csv", b"smiles\nCCO\n"),
        ("no_end_of_line.csv", b"smiles\nCCO"),
        ("crlf.csv", b"smiles,n\r\nCCO,1\r\n"),
        ("blank_lines.csv", b"smiles\n\nCCO\n\n"),
        ("another_column_twice.csv", b"n,smiles,n\n1,CCO,2\n"),
        ("packed.csv.gz", gzip.compress(b"smiles\nCCO\n", mtime=0)),
    ],
)
def test_a_library_of_one_molecule_has_one_row_of_predictions(
    predictor: LibraryPredictor, tmp_path: Path, name: str, content: bytes
) -> None:
    told, rows = written(predictor, tmp_path / name, content)
    assert (told.rows, told.reasons, rows["smiles"].tolist()) == (1, {}, ["CCO"])
    assert np.isfinite(rows["prediction"]).all()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("nothing.csv", b"", r"nothing\.csv is empty"),
        ("header.csv", b"smiles\n", r"header\.csv has a header but no rows"),
        ("twice.csv", b"smiles,smiles\nC,CC\n", r"several columns 'smiles'\. Rename all but one"),
        ("other.csv", b"structure\nC\n", r"'smiles'\. It should be one of: structure"),
        ("wide.csv", b"smiles,n\nC,1\nC\nC,1,2\n", "2 of 3 rows cannot be used"),
        ("plain.csv.gz", b"smiles\nCCO\n", "Not a gzipped file"),
        ("cut.csv.gz", gzip.compress(b"smiles\nCCO\n", mtime=0)[:-9], "Compressed file ended"),
    ],
)
def test_a_library_that_cannot_be_read_is_refused_and_nothing_is_written(
    predictor: LibraryPredictor, tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        written(predictor, tmp_path / name, content)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_library_without_a_molecule_has_a_reason_in_every_row(
    predictor: LibraryPredictor, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told, rows = written(predictor, tmp_path / "in.csv", b"smiles,n\nbroken,1\nC1CC,2\n,3\n")
    assert told == PredictedLibrary(3, None, {"cannot parse SMILES": 2, "empty SMILES": 1})
    assert rows.drop(columns=["smiles", "reason"]).isna().all(axis=None)
    assert capfd.readouterr().err == ""
