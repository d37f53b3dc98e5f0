"""What the labels of a study are: seen from its datasets, and the same study however asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from w2s_mol import run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.splits import random_split
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.inputs import task_of_study
from w2s_mol.study.plan import StudyPlan
from w2s_mol.tasks.registry import REGRESSION, TASKS
from w2s_mol.tasks.regression import Regression


class Stand(Regression):
    """A task in the place of the one of classes: what is tested is which one is taken."""

    name = "binary"


@pytest.fixture
def binary(monkeypatch: pytest.MonkeyPatch) -> Stand:
    task = Stand()
    monkeypatch.setitem(TASKS, "binary", task)
    return task


def dataset(name: str, classes: tuple[str, str] | None = None) -> Dataset:
    labels = np.arange(20.0) % 2 if classes else np.arange(20.0)
    return Dataset(name, ["C"] * 20, labels, "y", "", [random_split(20, 0)], classes=classes)


NUMBERS, CLASSES = dataset("numbers"), dataset("classes", ("no", "yes"))


def task_of(*datasets: Dataset, **given: object) -> str:
    return task_of_study(StudyConfig(dataset="made", **given), datasets).name


def test_it_is_seen_from_the_datasets(binary: Stand) -> None:
    assert StudyConfig(dataset="made").task == "auto"
    assert task_of(NUMBERS) == task_of(NUMBERS, dataset("other")) == "regression"
    assert task_of(CLASSES) == task_of(CLASSES, dataset("other", ("0", "1"))) == "binary"


def test_what_is_asked_for_by_name_is_taken(binary: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    assert task_of(NUMBERS, task="regression") == "regression"
    assert task_of(CLASSES, task="binary") == "binary"
    monkeypatch.setitem(TASKS, "absolute", REGRESSION)
    assert StudyConfig(dataset="made", task="absolute").task == "absolute"
    with pytest.raises(InputError, match=r"unknown task 'clases'.* of: auto, binary, regression"):
        monkeypatch.delitem(TASKS, "absolute")
        StudyConfig(dataset="made", task="clases")


def test_two_kinds_in_one_study_are_refused_by_name(binary: Stand) -> None:
    said = r"two kinds.*\(numbers: numbers; classes: two classes\)\. Run each kind by itself"
    with pytest.raises(InputError, match=said):
        task_of(CLASSES, NUMBERS)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    rows = [f"{s},{y},{int(y > 2)},{'yes' if y > 2 else 'no'}" for s, y in generate(80)]
    path.write_text("\n".join(["smiles,y,number,word", *rows, ""]))
    return path


def plan(table: Path, target: str, **given: object) -> StudyPlan:
    asked = {"weak": "weak-h8-s0", "strong": "ecfp", "split_seeds": 0, **given}
    config = StudyConfig(dataset=str(table), target_column=target, **asked)
    return StudyPlan(config, Finder("mean+pooled"))


def test_a_study_s_id_is_of_what_labels_are_and_not_of_how_that_was_asked_for(
    binary: Stand, table: Path
) -> None:
    auto, named = plan(table, "number"), plan(table, "number", task="binary")
    assert auto.run_id == named.run_id
    assert auto.chosen() == named.chosen()
    as_numbers = plan(table, "number", task="regression")
    assert as_numbers.run_id != auto.run_id
    assert plan(table, "number", positive="1").run_id == auto.run_id
    assert plan(table, "number", positive="0").run_id != auto.run_id
    assert plan(table, "word").run_id != auto.run_id  # it is other words that 0 and 1 stand for
    of_numbers = plan(table, "y")
    assert of_numbers.run_id == plan(table, "y", task="regression").run_id
    assert "task" not in of_numbers.chosen()


def test_the_manifest_says_what_0_and_1_stand_for(binary: Stand, table: Path) -> None:
    assert plan(table, "word").manifest()["datasets"]["own"]["classes"] == ["no", "yes"]
    assert "classes" not in plan(table, "y").manifest()["datasets"]["own"]


def test_a_finished_study_of_classes_is_recognised(
    binary: Stand, table: Path, tmp_path: Path
) -> None:
    asked = {
        "dataset": str(table), "target_column": "word", "weak": "weak-h8-s0", "strong": "ecfp",
        "split": "stratified", "split_seeds": 0, "output_dir": tmp_path / "run",
    }  # fmt: skip
    first = run_study(**asked)
    assert first.computed
    assert set(first.results["task_kind"]) == {"binary"}
    assert set(first.predictions["truth"]) == {0.0, 1.0}
    assert not run_study(**asked).computed
    assert not run_study(**asked, task="binary").computed
    with pytest.raises(InputError, match="its positive is not given, not no"):
        run_study(**asked, positive="no")
