"""``w2s-mol synthetic``: a run folder, a summary of it, and what cannot be run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

SMALL = ("-e", "perturbation", "--finetuning-samples", "40")
TINY = (*SMALL, "-M", "3")


def strict_json(text: str) -> object:
    """Read JSON as every other program does: NaN is none."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("synthetic", ["--experiment", "--head", "--finetuning-tasks", "low-sample"]),
        ("statistics", ["--what", "--replicates", "gain-misfit", "ranking", "controls"]),
        ("figures", ["--format", "--output-dir", "svg", "pdf", "png"]),
        ("report", ["--format", "--output", "--title", "html", "md"]),
        ("reproduce", ["--dry-run", "--offline", "--mirror", "--output-dir"]),
    ],
)
def test_the_help_of_a_verb_names_its_options(cli, verb, options):
    done = cli(verb, "--help", COLUMNS="200")
    assert (done.code, done.err) == (0, "")
    assert all(option in done.out for option in options)
    assert f"Example: w2s-mol {verb}" in done.out


@pytest.mark.slow
def test_a_run_is_written_and_summed_up_and_its_config_runs_it_again(cli, tmp_path):
    done = cli("synthetic", *TINY, "--seed", "0", "--seed", "1", "-o", "run", "--format", "json")
    assert done.code == 0, done.err
    assert "written to run. Next: w2s-mol report run" in done.err
    names = {path.name for path in (tmp_path / "run").iterdir() if path.name[0] != "."}
    assert names == {
        *("results.csv", "results.parquet", "curves.parquet"),
        *("config.toml", "manifest.json"),
    }
    results = pd.read_parquet(tmp_path / "run" / "results.parquet")
    assert len(results) == 2 * 3
    [row] = strict_json(done.out)
    assert (row["figure"], row["experiment"]) == ("2c", "perturbation")
    for name in ("weak_error", "w2s_error", "ceiling_error", "misfit", "gain"):
        assert row[name] == pytest.approx(results[name].mean())

    again = cli("synthetic", "--config", "run/config.toml", "-o", "run", "--format", "json")
    assert (again.code, again.out) == (0, done.out)
    assert "run holds this run, finished; nothing was computed again." in again.err


@pytest.mark.slow
def test_a_run_goes_to_a_folder_named_after_its_head(cli, tmp_path):
    done = cli("synthetic", *TINY, "--head", "mlp", "--head-epochs", "1", "-q")
    assert (done.code, done.err) == (0, "")
    assert "2c" in done.out
    [folder] = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("synthetic-mlp-perturbation-")
    assert (folder / "results.csv").is_file()


@pytest.mark.slow
def test_what_is_undefined_is_empty_in_json(cli):
    """A single task has no correlation."""
    done = cli("synthetic", *SMALL, "-M", "1", "-o", "run", "--format", "json")
    assert done.code == 0, done.err
    [row] = strict_json(done.out)
    assert row["correlation"] is None


@pytest.mark.slow
def test_another_run_in_the_folder_is_left_alone(cli, tmp_path):
    assert cli("synthetic", *TINY, "-o", "run").code == 0
    before = (tmp_path / "run" / "results.csv").read_bytes()
    done = cli("synthetic", *SMALL, "-M", "4", "-o", "run")
    assert (done.code, done.out) == (2, "")
    assert "its finetuning_tasks is 3, not 4" in done.err
    assert (tmp_path / "run" / "results.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("-e", "pretaining"), ["'pretaining'", "Did you mean 'pretraining'?"]),
        pytest.param(("-M", "0"), ["finetuning_tasks is 0"], marks=pytest.mark.slow),
        pytest.param(("--seed", "-1"), ["seeds is -1"], marks=pytest.mark.slow),
    ],
    ids=["unknown experiment", "no tasks", "negative seed"],
)
def test_what_cannot_be_run_is_named_and_nothing_is_written(cli, tmp_path: Path, options, named):
    done = cli("synthetic", *options)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert all(text in done.err for text in named)
    assert list(tmp_path.iterdir()) == []
