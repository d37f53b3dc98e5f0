"""Errors against the number of true labels."""

import json
from pathlib import Path

import pandas as pd
import pytest

from w2s_mol.advice.errors import SOURCE_USES, words
from w2s_mol.figures.budgets import budget_pictures
from w2s_mol.figures.pictures import draw_pictures
from w2s_mol.figures.style import house_style
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.uses.registry import DIRECT


@pytest.fixture
def run(run_folders: Path, tmp_path: Path) -> FinishedRun:
    """Return a study of ESOL with all labels and, made up, with a tenth of them."""
    manifest = json.loads((run_folders / "study" / "manifest.json").read_text())
    results = pd.read_parquet(run_folders / "study" / "results.parquet")
    few = results[results["dataset"] == "esol"].assign(labels="10", n_labels=10)
    few["direct_error"] *= 2
    pd.concat([results, few]).to_parquet(tmp_path / "results.parquet")
    del manifest["files"]  # their hashes are of what the run wrote
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    [found] = find_runs([tmp_path])
    return found


def test_a_picture_has_a_line_for_each_use_over_the_numbers_of_labels(run: FinishedRun) -> None:
    with house_style():
        [picture] = budget_pictures([run])
    assert picture.name == "errors-by-labels-esol-ecfp"
    errors, ranks = picture.figure.axes
    lines = {line.get_label(): line for line in errors.get_lines()}
    assert list(lines) == [words(use) for use in (*SOURCE_USES, DIRECT)]
    few, more = lines["direct"].get_ydata()
    assert few == pytest.approx(2 * more)
    assert lines["direct"].get_xdata()[0] == 10
    assert len(ranks.get_lines()) == 2


def test_the_rule_on_unlabelled_molecules_has_a_line_where_it_is_there(
    run_of_labels: FinishedRun,
) -> None:
    with house_style():
        [picture] = budget_pictures([run_of_labels])
    lines = picture.figure.axes[1].get_lines()
    assert [str(line.get_label()) for line in lines] == [
        "smallest weak error - misfit",
        "smallest weak error - misfit on unlabelled molecules",
        "smallest weak error",
    ]


def test_studies_of_other_numbers_of_labels_have_pictures_of_their_own(run: FinishedRun) -> None:
    names = [picture.name for picture in draw_pictures([run])]
    assert len(names) == len(set(names))
    assert {"selection-esol-ecfp", "selection-esol-ecfp-10-labels"} <= set(names)
