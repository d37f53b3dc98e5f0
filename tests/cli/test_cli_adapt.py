"""``w2s-mol adapt``: from a table to an encoder in studies, and what is refused, by the program."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()
SMALL = ("--head-epochs", "2", "--batch-size", "8", "--renumberings", "2")
QUICK = (*SMALL, "--epochs", "2")
ON_CPU = ("--device", "cpu", "--workers", "1", "--offline")
TABLE = ("--dataset", "own.csv", "--target-column", "logp", "--split-seed", "0")


@pytest.fixture(autouse=True)
def _own(tmp_path, fresh_home):
    """A table of 60 molecules in the working folder, and a store of one's own."""
    (tmp_path / "own.csv").write_text("\n".join(ROWS[:61]) + "\n")


def adapt(*options):
    return ("adapt", "weak-h8-s0", *TABLE, *QUICK, *ON_CPU, *options)


@pytest.mark.slow
def test_an_adapted_encoder_joins_a_study_of_the_same_splits_and_no_other(
    cli, tmp_path, fresh_home
):
    done = cli(*adapt())
    assert done.code == 0, done.err
    name = done.out.split(": ")[0]
    assert name.startswith("adapted:weak-h8-s0-own-")
    assert ": masked-token loss " in done.out
    assert done.out.endswith("6 test molecules that it did not learn\n")
    assert "6 of 60 molecules are not learned" in done.err
    assert "Warning" not in done.err
    said = done.err.split("Next: w2s-mol run ")[1].strip()
    assert sorted(said.split()) == sorted([*TABLE, "--strong", name])
    assert name in cli("encoders", "--format", "csv").out
    study = ("run", *TABLE[:4], "--weak", "weak-h8-s0", "--weak", name, "--offline")
    ran = cli(*study, "--strong", name, "--split-seed", "0", "-o", "run")
    assert ran.code == 0, ran.err
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    exposure = manifest["datasets"]["own"]["exposure"]
    seen = "molecules of the dataset, without labels: 54; test molecules: 0"
    assert exposure[seen] == [name.removeprefix("adapted:")]
    refused = cli(*study, "--strong", "ecfp", "--split-seed", "1", "-o", "other")
    assert (refused.code, refused.out) == (2, "")
    assert "test molecules of own" in refused.err
    assert refused.err.count("\n") == 1
    assert not (tmp_path / "other").exists()
    removed = cli("cache", "remove", "--kind", "adapted")
    assert removed.code == 0, removed.err
    assert cli(*study, "--strong", name, "-o", "gone").code == 2


@pytest.mark.slow
def test_the_mark_is_in_every_table_and_every_verb_takes_a_name_that_has_it(cli, tmp_path):
    done = cli(*adapt("--transductive", "-o", "mine"))
    assert done.code == 0, done.err
    (tmp_path / "mine").rename(tmp_path / "harmless")
    mark = "harmless (transductive)"
    study = ("run", *TABLE, "--weak", "weak-h8-s0", "--weak", "weak-h12-s0", "--weak", "./harmless")
    ran = cli(*study, "--strong", "./harmless", "--strong", "ecfp", "-o", "run", "--offline")
    assert ran.code == 0, ran.err
    assert f"{mark} learned" in ran.err
    [learned] = re.findall(r"transductive: (\d+) of \d+ molecules of test parts are", done.err)
    assert f"{mark} learned {learned} of the test molecules" in ran.err
    table = (tmp_path / "run" / "results.csv").read_text()
    assert f",{mark}," in table
    assert "harmless," not in table
    asked = {
        ("select", "run"): mark,
        ("recommend", "run"): mark,
        ("predict", "own.csv", "--run", "run", "--strong", mark, "--weak", mark, "-o", "p.csv"): "",
        ("fit", "--run", "run", "--strong", mark, "--weak", "weak-h8-s0", "--use", "w2s",
         "-o", "model"): "",
        ("inspect", "run", "--strong", mark, "--weak", mark, "-o", "inspected"): "",
        ("figures", "run", "-o", "figures"): "",
        ("statistics", "run", "--replicates", "100"): mark,
        ("report", "run", "--replicates", "100", "-o", "out.html"): "",
    }  # fmt: skip
    for arguments, said in asked.items():
        found = cli(*arguments)
        assert found.code == 0, f"{arguments}\n{found.err}"
        assert said in " ".join(found.out.split())
    assert mark in (tmp_path / "model" / "README.md").read_text()
    assert mark in (tmp_path / "out.html").read_text()
    unmarked = cli("predict", "own.csv", "--run", "run", "--strong", "harmless", "-o", "q.csv")
    assert unmarked.code == 2
    assert f"Did you mean '{mark}'" in unmarked.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("adapt", "ecfp", "--dataset", "esol"), "has no weights that can be trained"),
        (("adapt", "weak-h8-s0"), "no molecules are given"),
        (("adapt", "weak-h8-s0", *TABLE, "--objectives", "pairs"), "Masked tokens, mlm"),
        (("adapt", "weak-h8-s0", "--unlabelled", "none.csv"), "none.csv"),
        (("adapt", "weak-h8-s0", *TABLE[:4], "--split-repeats", "200"), "--transductive"),
        (("adapt", "weak-h8-s0", *TABLE, "-o", "own.csv"), "own.csv"),
        (("adapt", "weak-h8-s0", *TABLE, "-o", "own.csv/mine"), "own.csv is not a folder"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(cli, arguments, said):
    done = cli(*arguments, *QUICK, *ON_CPU, "-q")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.slow
def test_a_pool_alone_is_learned_without_any_label(cli, tmp_path):
    (tmp_path / "pool.smi").write_text("\n".join(row.split(",")[0] for row in ROWS[1:41]) + "\n")
    done = cli("adapt", "weak-h8-s0", "--unlabelled", "pool.smi", *QUICK, *ON_CPU, "-o", "mine")
    assert done.code == 0, done.err
    assert "on 4 molecules held out that it did not learn" in done.out
    made = json.loads((tmp_path / "mine" / "w2s_mol.json").read_text())
    assert (made["molecules"], made["transductive"]) == (36, False)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_stopped_it_says_how_to_go_on_and_goes_on(begin, cli, tmp_path):
    command = ("adapt", "weak-h8-s0", *TABLE, *SMALL, *ON_CPU, "--epochs", "80", "-o", "mine")
    started = begin(*command)
    checkpoints = tmp_path / ".mine.training"
    while not list(checkpoints.glob("checkpoint-*/trainer_state.json")):
        assert started.poll() is None, started.wait()
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    stopped = started.wait(60)
    assert stopped.code == 130
    assert "Run the same command again to go on where it stopped." in stopped.err
    assert not (tmp_path / "mine").exists()
    done = cli(*command)
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} >= {"mine"}
    assert not checkpoints.exists()
