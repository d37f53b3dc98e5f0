"""``w2s-mol reproduce``: the plan, before anything runs."""

from __future__ import annotations

import pytest


def test_a_dry_run_prints_the_plan_with_its_gaps_and_writes_nothing(cli, tmp_path):
    done = cli("reproduce", "--dry-run", "-o", "all", W2S_MOL_HOME=str(tmp_path / "home"))
    assert (done.code, done.err) == (0, "")
    steps = [line for line in done.out.splitlines() if not line.startswith("Gap: ")]
    gaps = [line for line in done.out.splitlines() if line.startswith("Gap: ")]
    assert [line.split(".")[0] for line in steps] == [str(n + 1) for n in range(len(steps))]
    assert "Figures 2a to 2c and 3a to 3c" in steps[0]
    assert steps[0].endswith("-> all/synthetic-exact")
    controls = [line for line in steps if "Control: " in line]
    assert len(controls) == 8
    assert sum("weak labels permuted" in line for line in controls) == 3
    assert any("esol, freesolv, lipop" in line for line in steps)
    assert any("MolBERT's weights are not here" in gap for gap in gaps)
    assert list(tmp_path.iterdir()) == []


def test_offline_what_is_not_here_is_a_gap_of_the_plan(cli, tmp_path):
    home = {"W2S_MOL_HOME": str(tmp_path / "home")}
    done = cli("reproduce", "--dry-run", "--offline", **home)
    assert (done.code, done.err) == (0, "")
    assert "Gap: esol, freesolv, lipop: not here, and --offline refuses the network." in done.out
    assert "ecfp" not in done.out
    assert "Control" not in done.out


@pytest.mark.slow
def test_a_mirror_that_is_no_folder_is_refused_before_anything_runs(cli, tmp_path):
    done = cli("reproduce", "--dry-run", "--mirror", "nowhere")
    assert (done.code, done.out) == (2, "")
    assert "nowhere is not a folder" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_named_before_anything_is_computed(cli, tmp_path):
    (tmp_path / "a-file").write_text("mine")
    done = cli("reproduce", "--offline", "-o", "a-file", W2S_MOL_HOME=str(tmp_path / "home"))
    assert done.code == 2
    assert "a-file" in done.err.partition("error: ")[2]
    assert (tmp_path / "a-file").read_text() == "mine"
