"""The runs that reports are made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from w2s_mol.report.blocks import Report
from w2s_mol.report.content import build_report
from w2s_mol.runs import FinishedRun, find_runs

Change = Callable[[pd.DataFrame], pd.DataFrame]
STUDIES = ("study", "self", "shuffled", "random-weak", "random-strong")


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic run of one experiment, without pretraining."""
    from w2s_mol.synthetic.run import run_synthetic

    folder = tmp_path_factory.mktemp("synthetic") / "perturbation"
    few = {"finetuning_tasks": 4, "finetuning_samples": 40}
    run_synthetic(output_dir=folder, experiment="perturbation", seeds=(0, 1), **few)
    return folder


@pytest.fixture(scope="session")
def runs(run_folders: Path, synthetic_folder: Path) -> list[FinishedRun]:
    """A study of two datasets, its four controls and one synthetic experiment."""
    return find_runs([*(run_folders / name for name in STUDIES), synthetic_folder])


@pytest.fixture(scope="session")
def report(runs: list[FinishedRun]) -> Report:
    return build_report(runs, asked=["All that is here.", "Gap: nothing."], replicates=100)


@pytest.fixture
def changed(run_folders: Path, tmp_path: Path) -> Callable[..., FinishedRun]:
    """Return the maker of a study whose results and predictions are others."""

    def make(change: Change = lambda table: table, name: str = "changed") -> FinishedRun:
        folder = tmp_path / name
        shutil.copytree(run_folders / "study", folder)
        for table in ("results", "predictions"):
            path = folder / f"{table}.parquet"
            found = pd.read_parquet(path)
            change(found[found["dataset"] == "esol"]).to_parquet(path)
        [run] = find_runs([folder])
        return run

    return make
