"""From a run to predictions and to a model, through the real program."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol import load_model


@pytest.mark.slow
def test_a_run_predicts_a_library_and_becomes_one_model(tmp_path: Path, cli: Callable) -> None:
    done = cli(
        "run", "-d", "computed-logp", "--weak", "weak-h8-s0", "--weak", "weak-h12-s0",
        "--strong", "ecfp", "--offline", "-o", "run",
    )  # fmt: skip
    assert done.code == 0, done.err
    (tmp_path / "library.csv").write_text("id,SMILES\n1,CCO\n2,broken\n3,c1ccccc1CC\n")
    done = cli("predict", "library.csv", "--run", "run", "-o", "out.csv", "--use", "delta")
    assert done.code == 0, done.err
    assert "3 rows written to out.csv; 1 of them without a prediction" in done.err
    assert "1 × cannot parse SMILES" in done.err
    found = pd.read_csv(tmp_path / "out.csv")
    assert (found["lower"] < found["prediction"])[[0, 2]].all()
    assert found["prediction"].isna().tolist() == [False, True, False]
    done = cli("fit", "--run", "run", "--use", "delta", "--offline", "-o", "model")
    assert done.code == 0, done.err
    again = load_model(tmp_path / "model").predict(["CCO", "broken", "c1ccccc1CC"])
    assert np.isnan(again).tolist() == [False, True, False]
    half = found["upper"] - found["prediction"]
    assert (np.abs(again - found["prediction"])[[0, 2]] < half[[0, 2]]).all()


def test_what_cannot_be_predicted_is_an_error(tmp_path: Path, cli: Callable) -> None:
    done = cli("predict", "library.csv", "--run", "nowhere", "-o", "out.csv")
    assert done.code == 2
    assert "nowhere is not a folder" in done.err
