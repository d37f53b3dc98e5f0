"""What recommend leaves out is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol.advice.report import advise
from w2s_mol.advice.unsaid import unsaid
from w2s_mol.runs import FinishedRun, find_runs


def told(runs: list[FinishedRun]) -> list[str]:
    return list(unsaid(advise(runs, replicates=100), runs))


def test_of_a_study_with_intervals_nothing_is_to_be_said(run_folders: Path) -> None:
    assert told(find_runs([run_folders / "study"])) == []


def test_null_controls_are_said_to_be_left_out(run_folders: Path) -> None:
    every = find_runs([run_folders])
    [text] = told(every)
    assert text == (
        "null controls are left out (weak encoders with random weights; a strong encoder with "
        "random weights; every weak encoder supervises itself; every weak encoder supervises "
        "another seed of its own size; weak labels permuted among the molecules): "
        "'w2s-mol statistics --what controls' compares studies with theirs"
    )
    [alone] = told(find_runs([run_folders / "shuffled"]))
    assert alone.startswith("null controls are left out (weak labels permuted among the mol")


def test_missing_intervals_are_said_with_their_reason(run_folders: Path) -> None:
    [run] = find_runs([run_folders / "study"])
    kept = {name: sha for name, sha in run.manifest["files"].items() if "results" in name}
    bare = FinishedRun(run.folder, {**run.manifest, "files": kept})
    [text] = told([bare])
    assert text == (
        "there is no interval for lipop, strong ecfp; esol, strong ecfp: its predictions are not "
        "kept (--keep results leaves them out)"
    )


def test_supervisors_of_several_runs_have_no_interval(
    run_of_labels: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = run_of_labels.table("results")
    second = results["weak"] == "weak-h32-s0"
    halves = {"a": results[~second], "b": results[second].assign(study="b")}
    monkeypatch.setattr(FinishedRun, "table", lambda run, _: pd.DataFrame(halves[run.folder.name]))
    runs = [FinishedRun(Path(name), {"kind": "study", "study": name}) for name in halves]
    [text] = told(runs)
    assert text.startswith("there is no interval for own, strong ecfp: its supervisors are of sev")
    assert np.isnan(advise(runs)[0].choices[0].low)
