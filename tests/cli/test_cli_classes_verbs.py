"""A table of two words through every verb, by the real program."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol import load_model
from w2s_mol.datasets.builtin import generate

WORDS = ("dry", "wet")
WARNINGS = {"PYTHONWARNINGS": "always::RuntimeWarning,always::UserWarning"}
"""What numpy, scipy and the others would say, were there anything to say."""


def made() -> pd.DataFrame:
    """Make classes, a probability (of 0 or 1 exactly, missing for some) and a number of each."""
    rows, generator = generate(80), np.random.default_rng(0)
    wet = np.array([label > 2 for _, label in rows])
    dock = (np.where(wet, 0.8, 0.3) + generator.uniform(-0.2, 0.2, 80)).round(3)
    dock[:10] = wet[:10] != (np.arange(10) == 3)
    return pd.DataFrame(
        {
            "smiles": [smiles for smiles, _ in rows],
            "y": np.where(wet, WORDS[1], WORDS[0]),
            "dock": np.where(np.arange(80) % 9 == 8, np.nan, dock),
            "logp": [label + generator.normal() for _, label in rows],
        }
    )


@dataclass(frozen=True)
class Study:
    """A finished run in the folder ``run`` of the working folder, and the table it is of."""

    cli: Callable
    folder: Path

    def said(self, *arguments: object) -> str:
        """Return what a verb prints, in a line; it must do well and let no library speak."""
        done = self.cli(*arguments, **WARNINGS)
        assert done.code == 0, done.err
        assert "Warning" not in done.err
        return " ".join((done.out + done.err).split())


@pytest.fixture
def study(cli: Callable, tmp_path: Path) -> Study:
    made().to_csv(tmp_path / "own.csv", index=False)
    found = Study(cli, tmp_path)
    said = found.said(
        "run", "-d", "own.csv", "--target-column", "y", "--weak", "raw:dock", "--weak",
        "column:logp", "--strong", "ecfp", "--split", "stratified", "--split-repeats", 2,
        "--labels", 20, "--labels", "all", "-o", "run",
    )  # fmt: skip
    assert "'wet' is 1, 'dry' is 0" in said
    return found


@pytest.mark.slow
def test_every_verb_speaks_of_classes(study: Study) -> None:
    _advice_is_in_nats(study)
    _predictions_are_probabilities(study)
    _a_model_of_all_labels_says_its_words(study)
    _pages_and_pictures_are_drawn(study)


def _advice_is_in_nats(study: Study) -> None:
    said = study.said("recommend", "run")
    assert "Errors in nats" in said
    assert "(of classes, the share of 1)" in said
    done = study.cli("recommend", "run", "--scores", "--format", "json", **WARNINGS)
    assert (done.code, done.err) == (0, "")
    rows = json.loads(done.out)
    assert {"roc_auc", "average_precision", "accuracy", "brier"} <= {*rows[0]}
    floors = [row for row in rows if row["use"] == "mean"]
    assert {row["roc_auc"] for row in floors} == {0.5}


def _predictions_are_probabilities(study: Study) -> None:
    library = "smiles,dock\nCCO,0\nCCCCCC,1\nbroken,0.5\nCCN,1.7\nCCC,\n"
    (study.folder / "library.csv").write_text(library)
    said = study.said(
        "predict", "library.csv", "--run", "run", "--labels", "all", "--weak", "raw:dock",
        "--use", "delta", "-o", "out.csv",
    )  # fmt: skip
    assert "prediction is the probability of wet, prediction_set the classes within" in said
    assert "1 × no probability in column 'dock'" in said
    found = pd.read_csv(study.folder / "out.csv")
    assert {"lower", "upper"}.isdisjoint(found.columns)
    assert found["prediction"].isna().tolist() == [False, False, True, True, True]
    assert found["class"][:2].tolist() == ["dry", "wet"]
    assert {*found["prediction_set"][:2]} <= {*WORDS, "dry or wet", "none"}


def _a_model_of_all_labels_says_its_words(study: Study) -> None:
    study.said("fit", "--run", "run", "--weak", "column:logp", "--use", "stack", "-o", "model")
    model = load_model(study.folder / "model")
    assert model.classes == WORDS
    said = model.predict(["CCO", "CCCCCCCC", "broken"], {"logp": [-1.0, 5.0, 5.0]})
    assert np.isnan(said).tolist() == [False, False, True]
    assert 0 < said[0] < said[1] < 1


def _pages_and_pictures_are_drawn(study: Study) -> None:
    study.said("inspect", "run", "-o", "page.html")
    page = (study.folder / "page.html").read_text()
    assert "Predictions are probabilities of wet." in page
    assert "share of wet in each tenth of the molecules" in page
    assert "log loss, in nats" in page
    drawn = study.said("figures", "run", "--format", "png", "-o", "figures").split()
    assert {Path(path).name for path in drawn} >= {
        "gain-misfit-own-ecfp.png",
        "selection-own-ecfp-20-labels.png",
        "errors-by-labels-own-ecfp.png",
    }
