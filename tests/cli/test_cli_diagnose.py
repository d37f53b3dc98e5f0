"""``w2s-mol diagnose``: the table, what a run says of it, and the heat map's file."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest


@pytest.fixture
def made(run_folders):
    """The table that the study of ``run_folders`` is of, and its run."""
    return run_folders.parent / "lipop.csv", run_folders / "study"


@pytest.mark.slow
def test_a_finished_run_says_how_the_scores_go_with_its_errors(cli, made):
    table, run = made
    weak = [option for h in (8, 12, 16) for option in ("--weak", f"weak-h{h}-s0")]
    given = ("--dataset", table, "--target-column", "y", *weak, "--strong", "ecfp")
    done = cli("diagnose", *given, "--run", run, "--format", "json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["dataset"], found["molecules"]) == ("lipop", 60)
    results = pd.read_parquet(run / "results.parquet")
    test = results[(results["eval_split"] == "test") & (results["dataset"] == "lipop")]
    errors = test.groupby("weak")["w2s_error"].mean()
    assert {row["weak"] for row in found["pairs"]} == set(errors.index)
    for row in found["pairs"]:
        assert row["w2s_error"] == pytest.approx(errors[row["weak"]], rel=1e-12)
        assert 0 <= row["norm"] <= 1
    [said] = found["agreement"]
    assert said["supervisors"] == 3
    assert said["said"].endswith("nothing is known beyond size.")
    assert said["chance_within_size"] is None


@pytest.mark.slow
def test_the_heat_map_is_not_of_all_pairs(cli, made):
    table, _ = made
    given = ("--dataset", table, "--target-column", "y", "--strong", "ecfp", "--heat-map")
    several = cli("diagnose", *given, "map.png")
    assert (several.code, several.out) == (2, "")
    assert "24 weak and 1 strong encoders" in several.err


@pytest.mark.slow
def test_the_heat_map_is_of_one_pair(cli, made, tmp_path):
    table, _ = made
    given = ("--dataset", table, "--target-column", "y", "--strong", "ecfp", "--heat-map")
    one = (*given, "map.png", "--weak", "rdkit2d", "--split-name", "1")
    done = cli("diagnose", *one, "--format", "csv")
    assert done.code == 0, done.err
    header, row = done.out.splitlines()
    assert header == "family,weak,hidden,strong,norm,d_w,d_s,d_sw,cka"
    assert re.fullmatch(r"rdkit2d,rdkit2d,\d*,ecfp,0\..*", row)
    assert "chosen: weak penalty" in done.err
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
