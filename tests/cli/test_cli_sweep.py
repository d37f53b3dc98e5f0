"""``sweep`` by the real program: a plan beside its table, read by the verbs that come after."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from w2s_mol.datasets.builtin import generate

PLAN = """
dataset = ["own.csv"]
target-column = "y"
weak = ["weak-h8-s0", "weak-h12-s0"]
strong = [["ecfp"], ["weak-h16-s0"]]
shuffle-weak-labels = [false, true]
split-seed = [0, 1]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """It lies in a folder of its own: its paths are seen from there."""
    folder = tmp_path / "plans"
    folder.mkdir()
    rows = "".join(f"{smiles},{label}\n" for smiles, label in generate(60))
    (folder / "own.csv").write_text(f"smiles,y\n{rows}")
    (folder / "plan.toml").write_text(PLAN)
    return folder / "plan.toml"


@pytest.mark.slow
def test_a_plan_is_carried_out_once_and_read_as_one(
    cli: Callable, plan: Path, tmp_path: Path
) -> None:
    said = cli("sweep", "plans/plan.toml", "--dry-run")
    assert said.code == 0, said.err
    assert len(said.out.split()) == 4
    assert "4 studies" in said.err
    assert not (tmp_path / "runs").exists()
    done = cli("sweep", "plans/plan.toml")
    assert done.code == 0, done.err
    assert "4 studies written to runs/plan, 0 were there" in done.err
    folders = {path.parent.name for path in (tmp_path / "runs" / "plan").glob("*/results.csv")}
    assert folders == {Path(line).name for line in said.out.split()}
    again = cli("sweep", "plans/plan.toml", "--workers", 2)
    assert "0 studies written to runs/plan, 4 were there" in again.err
    selected = json.loads(cli("select", "runs/plan", "--format", "json").out)
    assert len(selected) >= 4
    for verb in ("statistics", "report", "figures"):
        done = cli(verb, "runs/plan", *(["-o", "r.html"] if verb == "report" else []))
        assert done.code == 0, done.err


def test_a_study_that_is_said_twice_is_one_and_that_is_told(cli: Callable, plan: Path) -> None:
    plan.write_text(PLAN.replace("[false, true]", "[false, true, true]"))
    said = cli("sweep", "plans/plan.toml", "--dry-run")
    assert said.code == 0, said.err
    assert len(said.out.split()) == 4
    assert "repeats itself 2 times" in said.err


@pytest.mark.slow
def test_a_study_that_cannot_be_carried_out_is_told_at_the_end(
    cli: Callable, plan: Path, tmp_path: Path
) -> None:
    plan.write_text(
        f'{PLAN}\n[[study]]\n[[study]]\nstrong = ["ecfp"]\nshuffle-weak-labels = false\n'
        'head = "adamw"\nconfidence = 0.5\n'
    )
    done = cli("sweep", "plans/plan.toml", "-o", "out", "--workers", 2)
    assert done.code == 2, done.err
    assert "confidence" in done.err
    assert "1 of 5 studies cannot be carried out" in done.err
    assert len(list((tmp_path / "out").glob("*/results.csv"))) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dataset = [", "It should be TOML"),
        ('dataset = ["own.csv"]\nstrnog = ["ecfp"]', "Did you mean 'strong'"),
        ('strong = ["ecfp"]', "no dataset is given"),
    ],
)
def test_what_is_no_plan_is_refused(cli: Callable, plan: Path, text: str, message: str) -> None:
    plan.write_text(text)
    done = cli("sweep", "plans/plan.toml")
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
