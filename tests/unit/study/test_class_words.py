from pathlib import Path

import pandas as pd
import pytest

from w2s_mol.runs import FinishedRun
from w2s_mol.study.class_words import class_words, spoken


def run_of(folder: Path, manifest: dict) -> FinishedRun:
    rows = [("own", "binary"), ("other", "binary"), ("numbers", "regression")]
    table = pd.DataFrame(rows, columns=["dataset", "task_kind"])
    table.to_parquet(folder / "results.parquet")
    return FinishedRun(folder, {"kind": "study", **manifest})


def test_words_are_those_of_the_manifest(tmp_path: Path) -> None:
    datasets = {"own": {"classes": ["no", "yes"]}, "other": {"classes": ["1", "2"]}, "numbers": {}}
    run = run_of(tmp_path, {"datasets": datasets})
    assert class_words(run, "own") == ("no", "yes")
    assert class_words(run, "other") == ("1", "2")
    assert class_words(run, "numbers") is None


def test_where_the_manifest_is_lost_numbers_stand_for_them(tmp_path: Path) -> None:
    assert class_words(run_of(tmp_path, {}), "own") == ("0", "1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no", "yes"), ["no", "yes"]),
        (("0", "1"), ["class 0", "class 1"]),
        (("1", "2"), ["1", "2"]),
    ],
)
def test_a_number_alone_is_called_a_class(words: tuple[str, str], said: list[str]) -> None:
    assert [spoken(words, label) for label in (0, 1)] == said
