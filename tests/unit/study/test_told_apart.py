"""Errors told apart: rows of their own, nobody else's changed, molecules marked, said in words."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol import run_study
from w2s_mol.advice.errors import ALL_USES
from w2s_mol.advice.report import advise
from w2s_mol.advice.scores import rendered_scores, rows_of_scores, scored
from w2s_mol.datasets.builtin import generate
from w2s_mol.embeddings.finding import Finder
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.plan import StudyPlan
from w2s_mol.study.protocols import column_apart, told_apart
from w2s_mol.study.summary import apart_in_words, on_test
from w2s_mol.tasks.registry import REGRESSION

PART = told_apart("odd")
ROWS = [f"{smiles},{y},{'' if i == 7 else i % 2}" for i, (smiles, y) in enumerate(generate(80))]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict:
    path = tmp_path_factory.mktemp("apart") / "own.csv"
    path.write_text("\n".join(["smiles,y,odd", *ROWS, ""]))
    return {
        "dataset": str(path),
        "target_column": "y",
        "weak": ("property:MolLogP", "property:TPSA"),
        "strong": "ecfp",
        "split_seeds": (0, 1),
        "labels": (30, "all"),
    }


@pytest.fixture(scope="module")
def run(settings: dict, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder = tmp_path_factory.mktemp("run") / "run"
    run_study(**settings, apart="odd", output_dir=folder)
    [found] = find_runs([folder])
    return found


def test_a_name_tells_the_column_and_no_part_has_such_a_name() -> None:
    assert column_apart(PART) == "odd"
    assert not any(map(column_apart, ["train", "valid", "test", "train-weak"]))


def test_rows_of_the_parts_are_as_without_it(run: FinishedRun, settings: dict) -> None:
    results = run.table("results")
    assert set(results["eval_split"]) == {"train", "valid", "test", PART}
    plain = run_study(**settings).results
    parts = results[results["eval_split"] != PART].reset_index(drop=True)
    pd.testing.assert_frame_equal(parts.drop(columns="study"), plain.drop(columns="study"))


def test_rows_apart_are_of_the_test_molecules_that_have_1(run: FinishedRun) -> None:
    results = run.table("results").query("labels == 'all' and weak == 'property:TPSA'")
    known = run.table("molecules").set_index("row")
    predictions = run.table("predictions").query("weak == 'property:TPSA'")
    for split, rows in predictions.groupby("split", observed=True):
        if "labels" in str(split):
            continue
        here = known.loc[rows["row"]]
        marked = here["apart odd"].fillna(value=False).to_numpy(bool)
        some = (here[f"part {split}"] == "test").to_numpy() & marked
        assert 0 < some.sum() < len(known)
        errors = (rows["w2s_prediction"].to_numpy() - here["truth"].to_numpy())[some] ** 2
        [row] = results[(results["split"] == split) & (results["eval_split"] == PART)].to_dict(
            "records"
        )
        assert row["n"] == some.sum()
        assert row["w2s_error"] == pytest.approx(errors.mean())


def test_molecules_are_marked_and_null_where_nothing_is_said(run: FinishedRun) -> None:
    molecules = run.table("molecules").set_index("row")
    marks = molecules["apart odd"]
    assert marks.isna().sum() == 1
    assert marks.isna()[7]
    said = marks.drop(index=7)
    assert [bool(mark) for mark in said] == [row % 2 == 1 for row in said.index]


def test_a_study_without_such_a_column_has_none(settings: dict) -> None:
    found = run_study(**settings)
    assert set(found.results["eval_split"]) == {"train", "valid", "test"}
    assert not [c for c in found.finished.table("molecules") if c.startswith("apart")]


def test_what_the_column_says_is_part_of_a_studys_id(settings: dict, tmp_path: Path) -> None:
    def study_id(**changed: object) -> str:
        config = StudyConfig(**{**settings, **changed})
        return StudyPlan(config, Finder("mean+pooled")).run_id

    other = tmp_path / "own.csv"
    other.write_text(Path(settings["dataset"]).read_text().replace(",\n", ",1\n"))
    ids = [study_id(), study_id(apart="odd"), study_id(apart="odd", dataset=str(other))]
    assert len(set(ids)) == 3


def test_the_summary_says_them_beside_all_of_test(run: FinishedRun) -> None:
    with (run.folder / "results.csv").open(newline="") as file:
        parts = on_test(csv.DictReader(file))
    assert list(parts) == ["test", PART]
    test, apart = ([row for row in part if row["labels"] == "all"] for part in parts.values())
    said = apart_in_words(apart, test, {"weak_error": "weak error"})
    one, other = (np.mean([float(row["weak_error"]) for row in part]) for part in (apart, test))
    few, most = sorted({int(row["n"]) for row in apart})
    assert said == (
        f"On the test molecules whose odd is 1, {few} to {most} of 8: weak error {one:.4f} "
        f"(all: {other:.4f}); means over supervisors and splits."
    )


def test_a_supervisor_that_is_silent_on_all_of_them_does_not_count_on_either() -> None:
    shared = {"split": "0", "family": "f", "n": "3"}
    test = [
        {**shared, "eval_split": "test", "weak": name, "weak_error": error}
        for name, error in (("a", "1"), ("b", "100"))
    ]
    apart = [{**row, "eval_split": PART} for row in test]
    apart[1] |= {"n": "0", "weak_error": ""}
    said = apart_in_words(apart, test, {"weak_error": "weak error"})
    assert "0 to 3 of 3: weak error 1.0000 (all: 1.0000)" in said
    silent = apart_in_words(apart[1:], test[1:], {"weak_error": "weak error"})
    assert "weak error n/a (all: n/a)" in silent


def test_scores_are_told_of_all_test_molecules_and_of_those(run: FinishedRun) -> None:
    found = list(scored(advise([run], replicates=100), [run]))
    assert [one.part for one in found] == ["test", PART] * 2
    results = run.table("results")
    for one in found:
        keys, weak = one.choice.errors.keys, one.choice.weak
        rows = results[
            (results["labels"] == keys["labels"])
            & (results["weak"] == weak)
            & (results["eval_split"] == one.part)
        ]
        for use in ALL_USES:
            if not rows[f"{use}_error"].isna().any():
                expected = np.sqrt(rows[f"{use}_error"]).mean()
                assert one.table["rmse"][use] == pytest.approx(expected)
        assert rows[["weak_error", "w2s_error", "direct_error"]].notna().all(axis=None)
    columns, rows = rows_of_scores(found)
    assert {row[columns.index("eval_split")] for row in rows} == {"test", PART}
    assert len(rows) == len(found) * len(ALL_USES)
    assert f"the {found[1].n} molecules whose odd is 1" in rendered_scores(found[1]).title
    assert REGRESSION.scores[0].name in columns
