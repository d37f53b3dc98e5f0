import dataclasses
import shlex
from pathlib import Path
from typing import Any

import pytest

from w2s_mol.report.commands import command_of
from w2s_mol.runs import FinishedRun
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import SyntheticConfig


def run_of(settings: Any, kind: str = "study") -> FinishedRun:
    """Return a run as its manifest, read from JSON, has it."""
    config = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(settings).items()
    }
    return FinishedRun(Path("runs/mine"), {"kind": kind, "config": config})


def test_what_is_as_by_default_is_left_out() -> None:
    command = command_of(run_of(StudyConfig(dataset=("lipop",))))
    assert command == "w2s-mol run --dataset lipop --output-dir runs/mine"


def test_settings_are_spelt_as_their_options_are() -> None:
    settings = StudyConfig(
        dataset=("esol", "a table.csv"),
        label_seeds=(0, 1),
        labels=("50", "all"),
        shuffle_weak_labels=True,
        split_seeds=(3,),
    )
    assert shlex.split(command_of(run_of(settings))) == [
        *("w2s-mol", "run", "--dataset", "esol", "--dataset", "a table.csv"),
        *("--labels", "50", "--labels", "all", "--label-seed", "0", "--label-seed", "1"),
        *("--shuffle-weak-labels", "--split-seed", "3", "--output-dir", "runs/mine"),
    ]


def test_a_synthetic_run_is_made_by_its_own_verb() -> None:
    command = command_of(run_of(SyntheticConfig(seeds=(0, 1)), "synthetic"))
    assert command.startswith("w2s-mol synthetic --seed 0 --seed 1 ")


@pytest.mark.parametrize("manifest", [{"kind": "study"}, {"kind": "study", "config": {}}])
def test_a_run_whose_manifest_was_lost_has_no_command(manifest: dict) -> None:
    assert command_of(FinishedRun(Path("runs/mine"), manifest)) == ""
