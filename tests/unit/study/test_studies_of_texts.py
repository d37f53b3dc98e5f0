"""Studies of plain texts, whose encoders are files of word counts made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_texts import BLAME, PRAISE, reviews, write_reviews

from w2s_mol.datasets.examples import Examples
from w2s_mol.errors import InputError
from w2s_mol.inspection.chosen import Wanted, choose, predictions_of
from w2s_mol.inspection.inspected import inspect_molecules
from w2s_mol.items.texts import Texts
from w2s_mol.prediction.library import items_of_run, library_column, open_predictor
from w2s_mol.report.blocks import Gallery
from w2s_mol.report.looking import molecules as gallery
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.statistics.kin import groups_of_kin
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.prediction_tables import read_predictions
from w2s_mol.study.run import run_study

N, UNLABELLED = 160, 20


def write_counts(path: Path, texts: list[str], words: tuple[str, ...]) -> None:
    """Write how often each text has each word, as a file of embeddings."""
    counts = [[float(text.count(word)) for word in words] for text in texts]
    pq.write_table(pa.table({"text": texts, "embedding": counts}), path)


def make_run(place: Path) -> None:
    rows = write_reviews(place / "reviews.csv", N)
    table = pd.read_csv(place / "reviews.csv", dtype=str)
    table.loc[N - UNLABELLED :, "score"] = ""
    table.to_csv(place / "reviews.csv", index=False)
    texts = [row[0] for row in rows]
    write_counts(place / "weak.parquet", texts, (*PRAISE[:3], *BLAME[:3]))
    write_counts(place / "strong.parquet", texts, (*PRAISE, *BLAME))
    run_study(
        dataset=str(place / "reviews.csv"),
        text_column="review",
        target_column="score",
        weak=[f"file:{place / 'weak.parquet'}", "column:n_words"],
        strong=f"file:{place / 'strong.parquet'}",
        unlabelled=["rows"],
        output_dir=place / "run",
    )


@pytest.fixture(scope="session")
def run_of_texts(made_once: Callable) -> FinishedRun:
    [found] = find_runs([made_once("texts", make_run) / "run"])
    return found


def test_a_run_says_what_its_items_are(run_of_texts: FinishedRun) -> None:
    assert run_of_texts.manifest["datasets"]["reviews"]["items"] == "texts"
    assert set(run_of_texts.table("results")["items"]) == {"texts"}
    molecules = run_of_texts.table("molecules")
    assert "smiles" not in molecules
    assert molecules["text"].tolist() == [row[0] for row in reviews(N)]
    notes = run_of_texts.manifest["notes"]["reviews"]
    assert f"{UNLABELLED} texts without a label in no part: students learn their weak l" in str(
        notes
    )
    assert "unlabelled texts are unlike the labelled ones" in str(notes)


def test_words_of_praise_are_worth_more_than_their_number(run_of_texts: FinishedRun) -> None:
    results = run_of_texts.table("results").query("eval_split == 'test'")
    of = results.groupby("weak").mean(numeric_only=True)
    assert of.loc["weak", "ceiling_error"] == pytest.approx(0, abs=1e-3)  # the rule is linear
    assert of.loc["weak", "ceiling_error"] < of.loc["weak", "weak_error"]
    assert of.loc["weak", "weak_error"] < of.loc["column:n_words", "weak_error"]


def test_a_config_of_texts_is_the_same_from_its_toml(run_of_texts: FinishedRun) -> None:
    config = StudyConfig(**run_of_texts.manifest["config"])
    assert config.items == Texts()
    assert config.as_toml() == run_of_texts.manifest["config"]


def test_texts_are_kin_of_nobody(run_of_texts: FinishedRun) -> None:
    predictions = read_predictions(run_of_texts)
    assert "text" in predictions
    assert groups_of_kin(predictions, predictions["row"].unique().tolist()) is None


def test_texts_are_grouped_by_their_length_and_shown_as_text(run_of_texts: FinishedRun) -> None:
    chosen = choose([run_of_texts], Wanted(weak="column:n_words"))
    found = inspect_molecules(chosen, predictions_of(chosen, [run_of_texts]))
    assert list(found.gains) == ["words", "characters"]
    for table in found.gains.values():
        assert table["n"][1:].sum() == len(found.molecules) == table["n"][0]
    one = next(block for block in gallery(chosen, found.molecules, 3) if isinstance(block, Gallery))
    assert one.one == "text"
    assert {card.svg for card in one.cards} == {""}
    shown = {repr(text) for text in found.molecules["text"]}
    assert all(card.smiles in shown for card in one.cards)


def test_texts_that_were_embedded_are_predicted_and_others_have_a_reason(
    run_of_texts: FinishedRun,
) -> None:
    assert items_of_run(run_of_texts) == Texts()
    predictor = open_predictor(run_of_texts, weak="weak", use="direct")
    texts = [row[0] for row in reviews(3)]
    block = predictor.predict(Examples([*texts, "Never embedded.", ""]))
    truth = [float(row[1]) for row in reviews(3)]
    np.testing.assert_allclose(block.predictions[:3], truth, atol=0.1)
    assert block.reasons[3:] == ["not in the file of embeddings", "empty text"]
    assert "of texts like the" in predictor.promise


def test_a_librarys_texts_are_where_the_runs_were_unless_said(run_of_texts: FinishedRun) -> None:
    assert library_column(run_of_texts, "smiles", None) == "review"
    assert library_column(run_of_texts, "smiles", "body") == "body"
    with pytest.raises(InputError, match=r"learnt from texts, and a column of SMILES .'mol'. is"):
        library_column(run_of_texts, "mol", None)
