"""Tables of classes at the command line: what is refused, and 0 and 1 as numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from w2s_mol.datasets.builtin import generate

MADE = generate(60)
HIGH = [label > 2 for _, label in MADE]
RUN = ("run", "-d", "own.csv", "--target-column", "y", "--weak", "weak-h8-s0", "--strong", "ecfp")


@pytest.fixture
def table(tmp_path: Path) -> Callable[[Sequence[object]], None]:
    """Write a table with these labels."""

    def write(labels: Sequence[object]) -> None:
        rows = [f"{smiles},{label}" for (smiles, _), label in zip(MADE, labels, strict=True)]
        (tmp_path / "own.csv").write_text("\n".join(["smiles,y", *rows, ""]))

    return write


def spelt(zero: object, one: object) -> list[object]:
    return [one if high else zero for high in HIGH]


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        (
            [*spelt("low", "high")[1:], "middle"],
            (),
            "column 'y' of own.csv holds 3 different words: 'high' (",
        ),
        (["yes"] * 60, (), "holds one class only, 'yes'"),
        ([1] * 60, ("--task", "binary"), "holds one class only, '1'"),
        ([row / 60 for row in range(60)], ("--task", "binary"), "real numbers, as probabilities"),
        (spelt("no", "yes"), ("--positive", "on"), "none of the classes of column 'y' of own.csv"),
        (spelt(0, 1), ("--task", "regression", "--positive", "0"), "are read as numbers"),
        (["yes", *["no"] * 59], (), "1 is 'yes': no split has both in each part"),
        (["yes", *["no"] * 59], ("--split", "stratified"), "1 of 60 labels are 'yes', too few"),
        ([*spelt(0, 1)[:-2], "nan", "?"], (), "own.csv: 2 of 60 rows cannot be used"),
        (spelt("no", "yes"), ("--task", "classes"), "'classes' is not"),
    ],
)
def test_what_cannot_be_classes_is_refused_with_the_reason(
    cli: Callable,
    table: Callable,
    tmp_path: Path,
    labels: Sequence[object],
    options: Sequence[str],
    said: str,
) -> None:
    table(labels)
    done = cli(*RUN, *options)
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert done.out == ""
    assert not (tmp_path / "runs").exists()


def test_0_and_1_are_numbers_where_that_is_asked_for(
    cli: Callable, table: Callable, tmp_path: Path
) -> None:
    table(spelt(0, 1))
    asked = (*RUN, "--task", "regression", "-o", "made")
    assert cli(*asked).code == 0
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert manifest["config"]["task"] == "regression"
    assert "classes" not in manifest["datasets"]["own"]
    assert "nothing was computed again" in cli(*asked).err
    done = cli("run", "--config", "made/config.toml", "-o", "made")
    assert (done.code, "nothing was computed again" in done.err) == (0, True)


@pytest.mark.slow
def test_numbers_and_classes_are_not_studied_together(
    cli: Callable, table: Callable, mirror: Path
) -> None:
    table([label for _, label in MADE])
    done = cli(*RUN, "-d", "bace", "--mirror", mirror, "--offline")
    assert done.code == 2
    assert "(own: numbers; bace: two classes). Run each kind by itself" in " ".join(
        done.err.split()
    )


def test_the_list_of_datasets_says_which_are_classes(cli: Callable) -> None:
    rows = json.loads(cli("data", "list", "--format", "json").out)
    classes = {row["name"] for row in rows if "classes 0 and 1" in row["what"]}
    assert classes == {"bace", "bbbp"}


@pytest.mark.slow
def test_scores_of_a_table_of_words_need_no_labels_and_a_heat_map_needs_numbers(
    cli: Callable, table: Callable
) -> None:
    table(spelt("no", "yes"))
    asked = ("diagnose", "-d", "own.csv", "--target-column", "y", "--weak", "weak-h8-s0")
    done = cli(*asked, "--strong", "ecfp", "--format", "json")
    assert done.code == 0
    assert "are classes: 'yes' is 1, 'no' is 0" in " ".join(done.err.split())
    refused = cli(*asked, "--strong", "ecfp", "--heat-map", "map.svg")
    assert refused.code == 2
    assert "labels of own are classes, and a heat map is of squared errors" in " ".join(
        refused.err.split()
    )


def test_students_at_an_end_of_the_path_of_classes_are_told(cli: Callable, tmp_path: Path) -> None:
    rows = [
        f"{smiles},{int(label > 2)},{0.55 + 0.001 * (row % 2)}"
        for row, (smiles, label) in enumerate(MADE)
    ]
    (tmp_path / "own.csv").write_text("\n".join(["smiles,y,p", *rows, ""]))
    done = cli(
        "run", "-d", "own.csv", "--target-column", "y", "--weak", "raw:p", "--strong", "ecfp",
        "--split", "stratified",
    )  # fmt: skip
    assert done.code == 0, done.err
    said = "3 of 3 students chose a ridge penalty at an end of the path, 0.0001 to 100000"
    assert said in " ".join(done.err.split())
