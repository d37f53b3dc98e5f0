"""``w2s-mol select``: the table, the pick and the ranking are those of the runs' results."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from w2s_mol import run_study

ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()
WEAK = ("weak-h8-s0", "weak-h12-s0", "weak-h16-s0")
HIDDEN = {"weak-h8-s0": 8, "weak-h12-s0": 12, "weak-h16-s0": 16}
FIXED = {"weak": "rdkit2d", "strong": "ecfp"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def make_run(folder, factor=1.0, **settings):
    """Run a study in a folder of its own, unless that was done; its labels are scaled."""
    if not (folder / "run" / "results.csv").is_file():
        folder.mkdir(exist_ok=True)
        rows = [row.rsplit(",", 1) for row in ROWS[1:51]]
        lines = [f"{smiles},{float(logp) * factor!r}" for smiles, logp in rows]
        (folder / "m.csv").write_text("\n".join(["smiles,logp", *lines]) + "\n")
        table = {"dataset": str(folder / "m.csv"), "target_column": "logp", "unit": "log10"}
        run_study(output_dir=folder / "run", **table, **settings)
    return folder / "run"


@pytest.fixture
def study(place):
    return make_run(place / "study", weak=WEAK, strong="ecfp")


@pytest.fixture
def single(place):
    return make_run(place / "single", **FIXED)


def expected_table(run, selector_split):
    """Compute Table 1 of the paper from a run's results, by hand."""
    results = pd.read_parquet(run / "results.parquet")
    seen = results[results["eval_split"] == selector_split].groupby("weak")["bound"]
    true = results[results["eval_split"] == "test"].groupby("weak")["w2s_error"]
    table = pd.DataFrame(
        {
            "bound_mean": seen.mean(),
            "bound_std": seen.std(ddof=1),
            "w2s_error_mean": true.mean(),
            "w2s_error_std": true.std(ddof=1),
        }
    )
    return table.sort_values("bound_mean")


def check_against_results(study, found, selector_split):
    expected = expected_table(study, selector_split)
    assert found["selector_split"] == selector_split
    assert [row["weak"] for row in found["table"]] == expected.index.tolist()
    assert [row["hidden"] for row in found["table"]] == [HIDDEN[name] for name in expected.index]
    assert [row["picked"] for row in found["table"]] == [True, False, False]
    for row in found["table"]:
        for name, value in expected.loc[row["weak"]].items():
            assert row[name] == pytest.approx(value, rel=1e-12)
        assert row["oracle"] == (row["weak"] == expected["w2s_error_mean"].idxmin())

    selectors = {row["selector"]: row for row in found["selectors"]}
    assert set(selectors) == {"bound", "weak_error", "hidden", "random", "oracle"}
    errors = expected["w2s_error_mean"]
    bound = selectors["bound"]
    assert bound["picks"] == expected.index[0]
    assert bound["regret"] == pytest.approx(errors.iloc[0] - errors.min(), abs=1e-12)
    assert bound["spearman"] == pytest.approx(stats.spearmanr(expected["bound_mean"], errors)[0])
    assert bound["kendall"] == pytest.approx(stats.kendalltau(expected["bound_mean"], errors)[0])
    assert selectors["hidden"]["picks"] == "weak-h16-s0"
    assert selectors["random"]["regret"] == pytest.approx(errors.mean() - errors.min())
    assert selectors["oracle"]["regret"] == 0


@pytest.mark.parametrize("selector_split", ["valid", "test"])
def test_json_has_the_means_and_spreads_of_the_results_and_picks_the_smallest_bound(
    cli, study, selector_split
):
    done = cli("select", study, "--format", "json", "--selector-split", selector_split)
    assert (done.code, done.err) == (0, "")
    [found] = json.loads(done.out)
    assert {name: found[name] for name in ("dataset", "strong", "unit", "n_splits")} == {
        "dataset": "m",
        "strong": "ecfp",
        "unit": "log10",
        "n_splits": 3,
    }
    check_against_results(study, found, selector_split)


def test_validation_is_the_default_selector_split_and_the_table_marks_pick_and_oracle(cli, study):
    done = cli("select", study)
    assert (done.code, done.err) == (0, "")
    assert "bound (valid)" in done.out
    assert "misfit on validation" in done.out
    assert "(log10)^2" in done.out
    assert "3 splits" in done.out
    expected = expected_table(study, "valid")
    rows = [line for line in done.out.splitlines() if re.match(r"weak-h\d+-s0 +.*±", line)]
    assert len(rows) == 3
    for line, (name, row) in zip(rows, expected.iterrows(), strict=True):
        assert line.startswith(f"{name} ")
        numbers = [float(number) for number in re.findall(r"(?<= )-?\d+\.\d+", line)]
        columns = ("bound_mean", "bound_std", "w2s_error_mean", "w2s_error_std")
        assert numbers[:4] == pytest.approx([row[column] for column in columns], rel=5e-3, abs=5e-3)
        assert ("pick" in line) == (name == expected.index[0])
        assert ("oracle" in line) == (name == expected["w2s_error_mean"].idxmin())
    assert all(word in done.out for word in ("Spearman", "Kendall", "regret", "random"))


def test_latex_is_one_whole_tabular_with_the_pick_in_bold(cli, study):
    done = cli("select", study, "--format", "latex")
    assert done.code == 0
    assert done.out.count("\\begin{tabular}") == done.out.count("\\end{tabular}") == 1
    assert done.out.count("{") == done.out.count("}")
    body = done.out.split("\\midrule")[1].split("\\bottomrule")[0].strip().splitlines()
    expected = expected_table(study, "valid")
    assert [re.search(r"\d+", line).group() for line in body] == [
        str(HIDDEN[name]) for name in expected.index
    ]
    assert all(line.endswith("\\\\") and line.count("&") == 2 for line in body)
    assert ["\\textbf" in line for line in body] == [True, False, False]
    assert f"{expected['bound_mean'].iloc[0]:.4f} \\pm" in body[0]


def test_a_single_weak_encoder_has_no_ranking_to_correlate(cli, single):
    done = cli("select", single)
    assert (done.code, done.err) == (0, "")
    assert "pick + oracle" in done.out
    selectors = [line for line in done.out.splitlines() if line.startswith("least ")]
    assert selectors
    assert all(line.count("n/a") == 2 for line in selectors)


def test_several_runs_are_read_together_and_a_folder_of_runs_stands_for_them(
    cli, place, study, single
):
    together = cli("select", study, single, "--format", "csv")
    assert (together.code, together.err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(together.out)))
    assert {row["weak"] for row in rows} == {*WEAK, "rdkit2d"}
    assert [row["picked"] for row in rows].count("True") == 1  # one dataset, one strong encoder
    assert [float(row["bound_mean"]) for row in rows] == sorted(
        float(row["bound_mean"]) for row in rows
    )
    expected = expected_table(study, "valid")
    for row in rows:
        if row["weak"] in WEAK:
            assert float(row["bound_mean"]) == expected.loc[row["weak"], "bound_mean"]

    twice = cli("select", study, single, study, "--format", "csv")
    assert twice.out == together.out  # rows that occur twice count once

    (place / "folder").mkdir(exist_ok=True)
    for number, run in enumerate((study, single)):
        link = place / "folder" / str(number)
        link.unlink(missing_ok=True)
        link.symlink_to(run)
    assert cli("select", place / "folder", "--format", "csv").out == together.out


@pytest.mark.parametrize("verb", ["select", pytest.param("recommend", marks=pytest.mark.slow)])
def test_a_damaged_run_among_others_is_named_and_the_others_are_shown(cli, tmp_path, single, verb):
    alone = cli(verb, single)
    for name in ("broken", "whole", "worse"):
        shutil.copytree(single, tmp_path / "runs" / name)
    (tmp_path / "runs" / "broken" / "results.parquet").write_bytes(b"PAR1")
    (tmp_path / "runs" / "worse" / "manifest.json").write_text("{")
    done = cli(verb)
    assert (done.code, done.out) == (2, alone.out)
    first, second = done.err.splitlines()[-2:]
    assert first.startswith("error: runs/broken/results.parquet is missing or damaged")
    assert second.startswith("error: runs/worse/manifest.json cannot be read")
    named = cli(verb, "runs/whole", "runs/broken")
    assert (named.code, named.out) == (2, "")


def test_two_tables_of_the_same_name_are_two_datasets(cli, place, single):
    """The second has other labels: its errors must not be mixed with the first's, or dropped."""
    scaled = make_run(place / "scaled", factor=2.0, **FIXED)
    found = json.loads(cli("select", single, scaled, "--format", "json").out)
    assert len(found) == 2
    first, second = (one["table"][0]["w2s_error_mean"] for one in found)
    assert second == pytest.approx(4 * first, rel=1e-3)


@pytest.mark.slow
def test_two_heads_trained_for_different_epochs_are_two_studies(cli, place):
    """The head's rule decides the result and is stated with it."""
    head = {"head": "adamw", "split_seeds": (0,), **FIXED}
    runs = [make_run(place / f"adamw{n}", head_epochs=n, **head) for n in (1, 20)]
    found = json.loads(cli("select", *runs, "--format", "json").out)
    assert len(found) == 2
    assert len({one["table"][0]["w2s_error_mean"] for one in found}) == 2


def test_columns_and_rows_are_shown_as_asked(cli, study):
    done = cli("select", study, "--columns", "gain,hidden", "--top", "1")
    first, second, *_ = done.out.splitlines()[1:]
    assert first.split() == ["weak", "encoder", "gain", "hidden"]
    assert re.fullmatch(r"weak-h\d+-s0 +-?[\d.]+ ± [\d.]+ +\d+  pick.*", second)
    assert re.search(r"^[12] more: --top 0", done.out, re.MULTILINE)
    refused = cli("select", study, "--columns", "hidden,gian")
    assert (refused.code, refused.out) == (2, "")
    assert "unknown column 'gian'. Did you mean 'gain'?" in refused.err
    assert "bound, gain, hidden" in refused.err


def no_folder(place):
    return ["nothing-here"], "nothing-here"


def empty_folder(place):
    (place / "empty").mkdir()
    return ["empty"], "empty"


def nothing_named(place):
    return [], "w2s-mol run"


def truncated_results(place):
    (place / "broken").mkdir()
    (place / "broken" / "results.parquet").write_bytes(b"PAR1 and no more")
    return ["broken"], "broken/results.parquet"


def other_table(place):
    (place / "other").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(place / "other" / "results.parquet")
    return ["other"], "not results"


@pytest.mark.parametrize(
    "make", [no_folder, empty_folder, nothing_named, truncated_results, other_table]
)
def test_what_is_no_finished_run_is_refused_by_name(cli, tmp_path, make):
    runs, named = make(tmp_path)
    done = cli("select", *runs)
    assert (done.code, done.out) == (2, "")
    assert named in done.err
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
