"""``w2s-mol report``, ``figures`` and ``statistics``: what finished runs have to say."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from crafted_study import crafted, forget_hashes

from w2s_mol.statistics.controls import VERDICTS
from w2s_mol.statistics.gain_misfit import FEW_MOLECULES

QUICK = ("--replicates", "100")


def refused(done, *named):
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    for text in named:
        assert text in done.err


@pytest.fixture
def study(run_folders: Path) -> Path:
    return run_folders / "study"


@pytest.mark.slow
def test_a_report_is_one_file_that_names_its_runs(cli, tmp_path, run_folders, study):
    done = cli("report", study, run_folders / "self", *QUICK, "--title", "R&D", "-o", "out.html")
    assert (done.code, done.out) == (0, "")
    assert "written to out.html" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
    page = (tmp_path / "out.html").read_text()
    assert "<h1>R&amp;D</h1>" in page
    for name in ("study", "self"):
        run = json.loads((run_folders / name / "manifest.json").read_text())
        assert f'id="run-{run["study"]}"' in page


@pytest.mark.slow
def test_a_report_in_markdown_has_its_figures_beside_it(cli, tmp_path, study):
    done = cli("report", study, *QUICK, "--format", "md", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", "report-figures"}
    text = (tmp_path / "report.md").read_text()
    for picture in (tmp_path / "report-figures").iterdir():
        assert f"](report-figures/{picture.name})" in text


@pytest.mark.slow
def test_molecules_are_looked_at_on_one_page(cli, tmp_path, study):
    done = cli("inspect", study, "-d", "esol", "--weak", "weak-h8-s0", "--molecules", 2)
    assert (done.code, done.out) == (0, "")
    assert done.err == "written to inspect.html\n"
    assert [path.name for path in tmp_path.iterdir()] == ["inspect.html"]
    page = (tmp_path / "inspect.html").read_text()
    assert "<h1>esol, strong ecfp: molecules under weak-h8-s0</h1>" in page
    assert page.count("<script") == 1  # that sorts its tables


def test_scores_that_people_know_are_printed(cli, study):
    done = cli("recommend", study, "--scores", "--format", "json")
    assert (done.code, done.err) == (0, "")
    rows = json.loads(done.out, parse_constant=pytest.fail)
    assert len(rows) == 2 * 8
    results = pd.read_parquet(study / "results.parquet").query("eval_split == 'test'")
    for row in rows:
        mine = results.query(f"dataset == '{row['dataset']}' and weak == '{row['weak']}'")
        expected = (mine[f"{row['use']}_error"] ** 0.5).mean()
        assert row["rmse"] == pytest.approx(expected)
    assert {row["spearman"] for row in rows if row["use"] == "mean"} == {None}


SLOW_REPORT = pytest.param("report", marks=pytest.mark.slow)


@pytest.mark.parametrize("verb", [SLOW_REPORT, "figures", "statistics"])
def test_without_any_run_a_way_to_make_one_is_named(cli, tmp_path, verb):
    refused(cli(verb), "w2s-mol run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["report", "figures", "statistics"])
def test_a_folder_that_holds_no_run_is_named(cli, tmp_path, verb):
    (tmp_path / "empty").mkdir()
    refused(cli(verb, "empty"), "empty holds no finished run")


def spoil(folder: Path, name: str, study: Path) -> Path:
    shutil.copytree(study, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:30])
    return folder


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        pytest.param("report", "predictions.parquet", marks=pytest.mark.slow),
        pytest.param("report", "results.parquet", marks=pytest.mark.slow),
        pytest.param("report", "manifest.json", marks=pytest.mark.slow),
        pytest.param("figures", "results.parquet", marks=pytest.mark.slow),
        ("statistics", "predictions.parquet"),
    ],
)
def test_a_damaged_run_is_named_by_its_file(cli, tmp_path, study, verb, name):
    spoil(tmp_path / "broken", name, study)
    refused(cli(verb, "broken"), f"broken/{name}")
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["report", "figures", "statistics"])
def test_a_run_of_an_older_version_is_refused_with_the_way_out(cli, tmp_path, study, verb):
    shutil.copytree(study, tmp_path / "older")
    path = tmp_path / "older" / "results.parquet"
    pd.read_parquet(path).drop(columns="shuffled_labels").to_parquet(path)
    forget_hashes(tmp_path / "older")
    refused(cli(verb, "older"), "shuffled_labels", "again")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("report", "-o", "a-file/report.html"), "a-file/report.html"),
        (("report", "-o", "a-folder"), "a-folder"),
        (("figures", "-o", "a-file"), "a-file"),
    ],
    ids=["within a file", "a folder", "figures in a file"],
)
def test_a_place_that_cannot_be_written_is_named(cli, tmp_path, study, command, named):
    (tmp_path / "a-file").write_text("mine")
    (tmp_path / "a-folder").mkdir()
    verb, *where = command
    refused(cli(verb, study, *where), named, "Choose a place")
    assert (tmp_path / "a-file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a-file", "a-folder"]


@pytest.mark.slow
def test_figures_writes_the_formats_asked_for_and_prints_their_paths(cli, tmp_path, study):
    done = cli("figures", study, "--format", "svg", "--format", "svg", "-o", "drawn")
    assert (done.code, done.err) == (0, "")
    written = sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "drawn").iterdir())
    assert sorted(done.out.splitlines()) == written
    assert {Path(path).suffix for path in written} == {".svg"}
    assert "drawn/gain-misfit.svg" in written
    assert "drawn/learning-curves.svg" in written


def test_a_format_that_is_none_is_refused_with_those_that_are(cli, tmp_path, study):
    refused(cli("figures", study, "--format", "svgg"), "'svgg'", "Did you mean 'svg'?", "pdf, png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_figures_are_in_all_three_formats_unless_told_otherwise(cli, tmp_path, study):
    done = cli("figures", study)
    assert done.code == 0
    suffixes = [Path(path).suffix for path in done.out.splitlines()]
    assert set(suffixes) == {".svg", ".pdf", ".png"}
    assert suffixes.count(".pdf") == suffixes.count(".svg") == suffixes.count(".png")


def test_statistics_are_printed_as_json(cli, run_folders, study):
    done = cli("statistics", study, run_folders / "synthetic", *QUICK, "--format", "json")
    assert (done.code, done.err) == (0, "")
    rows = json.loads(done.out, parse_constant=pytest.fail)
    results = pd.read_parquet(study / "results.parquet")
    [gain] = [r for r in rows if r["dataset"] == "esol" and r["statistic"] == "mean_gain"]
    test = results.query("dataset == 'esol' and eval_split == 'test'")
    assert gain["estimate"] == pytest.approx(test["gain"].mean())
    assert gain["observed"] == gain["estimate"]
    assert (gain["low"], gain["high"], gain["p"]) == (None, None, None)
    assert gain["why_none"] == FEW_MOLECULES
    assert (gain["strong"], gain["control"]) == ("ecfp", "none")
    assert sum(row["statistic"] == "slope" for row in rows) == 2 + 6
    synthetic = [row for row in rows if row["experiment"] == "low-sample"]
    assert {row["dataset"] for row in synthetic} == {None}


@pytest.mark.slow
def test_rankings_are_printed_as_csv_and_are_those_of_select(cli, study):
    done = cli("statistics", study, *QUICK, "--what", "ranking", "--format", "csv")
    assert (done.code, done.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert len(rows) == 2 * 3 * 3
    selected = json.loads(cli("select", study, "--format", "json").out)
    for found in selected:
        for selector in found["selectors"][:3]:
            for measure in ("spearman", "kendall", "regret"):
                [row] = [
                    row
                    for row in rows
                    if (row["dataset"], row["selector"], row["measure"])
                    == (found["dataset"], selector["selector"], measure)
                ]
                assert float(row["observed"]) == pytest.approx(selector[measure], abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["gain-misfit", "ranking", "controls"])
def test_statistics_are_printed_as_tables(cli, run_folders, what):
    done = cli("statistics", run_folders, *QUICK, "--what", what)
    assert (done.code, done.err) == (0, "")
    for text in {
        "gain-misfit": ["Gain and misfit: lipop, strong ecfp", "slope of gain on misfit"],
        "ranking": ["How the selectors rank: esol, strong ecfp", "Spearman"],
        "controls": ["shuffled labels", "random strong", "verdict"],
    }[what]:
        assert text in done.out


@pytest.mark.slow
def test_the_seed_decides_what_is_drawn(cli, run_folders):
    asked = ("statistics", run_folders / "synthetic", *QUICK, "--format", "csv", "--seed")
    first, again, other = (cli(*asked, seed).out for seed in (1, 1, 2))
    assert first == again != other


@pytest.fixture
def three_datasets(tmp_path: Path) -> list[Path]:
    """Studies of so many supervisors and molecules that each has its intervals."""
    parts = {"0": (range(200), range(200, 250), range(250, 350))}
    return [
        crafted(
            n=350,
            k=8,
            seed=seed,
            splits=parts,
            keys={"dataset": name, "dataset_sha256": name, "study": name},
        ).written(tmp_path / name)
        for seed, name in enumerate(("one", "two", "three"))
    ]


def test_what_datasets_say_together_is_printed_as_json(cli, three_datasets):
    done = cli("statistics", *three_datasets, *QUICK, "--what", "datasets", "--format", "json")
    assert (done.code, done.err) == (0, "")
    rows = {row["claim"]: row for row in json.loads(done.out, parse_constant=pytest.fail)}
    assert set(rows) == {"gain", "slack", "slack_projection", "slack_epsilon"}
    gain = rows["gain"]
    assert gain["datasets"] == 3
    assert gain["low"] < gain["estimate"] < gain["high"]
    assert gain["p"] <= gain["p_holm"] <= 1


@pytest.mark.slow
def test_what_datasets_say_together_is_printed_as_a_table(cli, three_datasets):
    done = cli("statistics", *three_datasets, *QUICK, "--what", "datasets")
    assert (done.code, done.err) == (0, "")
    assert "one, two, three" in done.out


@pytest.mark.slow
def test_two_datasets_are_too_few_to_speak_for_others(cli, three_datasets):
    done = cli("statistics", *three_datasets[:2], *QUICK, "--what", "datasets")
    refused(done, "3 datasets or more", "--dataset")


def test_controls_without_a_control_are_refused_with_how_to_make_one(cli, study):
    done = cli("statistics", study, *QUICK, "--what", "controls")
    refused(done, "--weak random", "--strong self", "--shuffle-weak-labels")


@pytest.mark.slow
def test_controls_are_printed_as_json_with_their_verdicts(cli, run_folders):
    folders = [run_folders / name for name in ("study", "self")]
    done = cli("statistics", *folders, *QUICK, "--what", "controls", "--format", "json")
    assert (done.code, done.err) == (0, "")
    rows = json.loads(done.out, parse_constant=pytest.fail)
    assert {row["dataset"] for row in rows} == {"lipop", "esol"}
    assert {row["control"] for row in rows} == {"self"}
    assert {row["verdict"] for row in rows} <= set(VERDICTS)


@pytest.mark.slow
def test_synthetic_runs_have_no_supervisors_to_rank(cli, run_folders):
    refused(cli("statistics", run_folders / "synthetic", "--what", "ranking"), "synthetic")
