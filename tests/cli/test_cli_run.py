"""``w2s-mol run``: what a run folder holds, that it is right, and that it is not made twice."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()
TABLES = ("results.csv", "results.parquet", "predictions.parquet", "molecules.parquet")
FILES = {
    *TABLES,
    "config.toml",
    "manifest.json",
    "uses.parquet",
    "models.parquet",
    "scalers.parquet",
}
QUANTITIES = [
    *("weak_error", "w2s_error", "misfit", "ceiling_error", "gain", "bound", "slack", "pgr"),
]
COLUMNS = {
    *("dataset", "split", "weak", "hidden", "seed", "strong", "protocol", "head", "eval_split"),
    *QUANTITIES,
}
WEAK_IDENTITY = ["dataset", "split", "family", "weak"]
FIXED = ("--weak", "rdkit2d", "--strong", "ecfp")  # neither needs torch, so these runs start fast


def write_table(folder, n=50):
    path = folder / "molecules.csv"
    path.write_text("\n".join(ROWS[: n + 1]) + "\n")
    return path


def scaled_copy(encoder, folder, factor):
    """Copy an encoder with all its weights but the fixed positions multiplied."""
    from safetensors.numpy import load_file, save_file

    shutil.copytree(encoder, folder)
    weights = load_file(folder / "model.safetensors")
    scaled = {k: v if "position" in k else v * np.float32(factor) for k, v in weights.items()}
    save_file(scaled, folder / "model.safetensors", metadata={"format": "pt"})


def predictions_of(folder):
    """Return every prediction with the label, the SMILES and the part of its molecule."""
    predictions = pd.read_parquet(folder / "predictions.parquet")
    molecules = pd.read_parquet(folder / "molecules.parquet")
    texts = dict.fromkeys(("dataset", "split", "family", "weak", "strong"), str)
    found = predictions.astype(texts).merge(
        molecules.astype({"dataset": str}), on=["dataset", "row"], validate="many_to_one"
    )
    assert len(found) == len(predictions)
    parts = {name: f"part {name}" for name in found["split"].unique()}
    of_split = [found.loc[found["split"] == s, part].astype(str) for s, part in parts.items()]
    return found.assign(part=pd.concat(of_split)).drop(columns=list(parts.values()))


def content(folder):
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if path.name != ".lock"
    }


def own_table(folder, n=50):
    return ("run", "--dataset", write_table(folder, n), "--target-column", "logp")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, tiny_encoder_folder):
    """A table, and two families of encoders in which the names are the same."""
    folder = tmp_path_factory.mktemp("inputs")
    write_table(folder)
    (folder / "one").mkdir()
    shutil.copytree(tiny_encoder_folder, folder / "one" / "tiny")
    scaled_copy(tiny_encoder_folder, folder / "two" / "tiny", 1.5)
    return folder


@pytest.fixture(scope="module")
def kept():
    """What finished runs printed, so that each is made once for all tests of this file."""
    return {}


def families_of(inputs):
    return (
        *("run", "--dataset", inputs / "molecules.csv", "--target-column", "logp"),
        *("--unit", "log10", "--weak", inputs / "one", "--weak", inputs / "two"),
        *("--weak", "weak-h8-s0", "--strong", "ecfp"),
    )


@pytest.fixture
def study(cli, kept, inputs):
    """A finished run of three weak transformers from three families."""
    folder = inputs / "study"
    if "study" not in kept:
        kept["study"] = cli(*families_of(inputs), "-o", folder)
        assert kept["study"].code == 0, kept["study"].err
    return folder


@pytest.fixture
def fixed_study(cli, kept, inputs):
    """A finished run of a single weak encoder, both encoders without weights."""
    folder = inputs / "fixed"
    if "fixed" not in kept:
        kept["fixed"] = cli(*fixed_command(inputs), "-o", folder)
        assert kept["fixed"].code == 0, kept["fixed"].err
    return folder


def fixed_command(inputs):
    return ("run", "--dataset", inputs / "molecules.csv", "--target-column", "logp", *FIXED)


def test_a_run_writes_its_files_and_nothing_else(study, kept):
    assert {path.name for path in study.iterdir()} - {".lock"} == FILES
    assert "weak-h8-s0" in kept["study"].out
    assert "(log10)^2" in kept["study"].out
    assert f"w2s-mol select {study}" in kept["study"].err


def test_the_results_are_tidy_and_the_csv_says_what_the_parquet_says(study):
    results = pd.read_parquet(study / "results.parquet")
    assert set(results.columns) >= COLUMNS
    assert set(results["eval_split"]) == {"train", "valid", "test"}
    assert results["split"].drop_duplicates().tolist() == ["0", "1", "2"]
    assert len(results) == 3 * 3 * 3
    assert not results.duplicated([*WEAK_IDENTITY, "eval_split"]).any()
    assert results[["dataset", "unit", "strong"]].drop_duplicates().to_numpy().tolist() == [
        ["molecules", "log10", "ecfp"]
    ]
    assert (results.groupby("eval_split")["n"].unique().explode() == [5, 40, 5]).all()

    from_csv = pd.read_csv(study / "results.csv", dtype="str")
    assert from_csv.columns.tolist() == results.columns.tolist()
    for name, column in results.items():
        number = pd.api.types.is_numeric_dtype(column) and column.dtype != bool
        read = from_csv[name].astype("float64") if number else from_csv[name].fillna("")
        expected = column.astype("float64" if number else "str")
        np.testing.assert_array_equal(read, expected, name)


def test_the_quantities_are_those_of_the_predictions(study):
    results = pd.read_parquet(study / "results.parquet")
    predictions = predictions_of(study)
    assert len(predictions) == 3 * 3 * 50
    key = [*WEAK_IDENTITY, "part"]
    parts = dict(iter(predictions.groupby(key)))
    assert len(parts) == len(results)
    for row in results.to_dict(orient="records"):
        part = parts[tuple(row[name] for name in [*WEAK_IDENTITY, "eval_split"])]
        truth, weak, w2s, ceiling = (
            part[name].to_numpy()
            for name in ("truth", "weak_prediction", "w2s_prediction", "ceiling_prediction")
        )
        weak_error, w2s_error = np.mean((weak - truth) ** 2), np.mean((w2s - truth) ** 2)
        misfit, ceiling_error = np.mean((w2s - weak) ** 2), np.mean((ceiling - truth) ** 2)
        room = weak_error - ceiling_error
        expected = {
            "weak_error": weak_error,
            "w2s_error": w2s_error,
            "misfit": misfit,
            "ceiling_error": ceiling_error,
            "gain": weak_error - w2s_error,
            "bound": weak_error - misfit,
            "slack": 2 * np.mean((w2s - truth) * (weak - w2s)),
            "pgr": (weak_error - w2s_error) / room if room > 0 else np.nan,
        }
        found = [row[name] for name in expected]
        assert row["n"] == len(part)
        np.testing.assert_allclose(found, list(expected.values()), rtol=1e-12, atol=1e-12)


def test_the_predictions_hold_every_molecule_of_the_table_in_one_part_of_each_split(study):
    predictions = predictions_of(study)
    table = pd.DataFrame([row.split(",") for row in ROWS[1:51]], columns=["smiles", "logp"])
    for _, molecules in predictions.groupby(WEAK_IDENTITY):
        in_order = molecules.sort_values("row")
        assert in_order["row"].tolist() == list(range(50))
        assert in_order["smiles"].tolist() == table["smiles"].tolist()
        assert in_order["truth"].tolist() == table["logp"].astype(float).tolist()


def test_two_families_may_have_encoders_of_the_same_name_if_their_weights_differ(study):
    results = pd.read_parquet(study / "results.parquet")
    weak = results[["family", "weak", "weak_sha256", "hidden"]].drop_duplicates()
    assert weak[["family", "weak", "hidden"]].to_numpy().tolist() == [
        ["one", "tiny", 8],
        ["two", "tiny", 8],
        ["shipped", "weak-h8-s0", 8],
    ]
    assert weak["weak_sha256"].is_unique
    errors = results.groupby("family")["weak_error"].mean()
    assert errors["one"] != errors["two"]
    assert results.loc[results["family"] == "shipped", "seed"].eq(0).all()
    assert results.loc[results["family"] != "shipped", "seed"].isna().all()


def test_the_manifest_says_what_the_run_was(study):
    manifest = json.loads((study / "manifest.json").read_text())
    results = pd.read_parquet(study / "results.parquet")
    assert manifest["finished"] is True
    assert manifest["device"] in {"cpu", "cuda"}
    assert manifest["w2s_mol"] == results["w2s_mol"].unique().item()
    assert {"torch", "transformers", "rdkit", "numpy", "pandas"} <= set(manifest["packages"])
    assert all(manifest["packages"].values())
    assert manifest["python"]
    assert manifest["config"]["seed"] == 0
    assert manifest["config"]["split_seeds"] == [0, 1, 2]
    [sha256] = results["strong_sha256"].unique()
    assert manifest["students"] == [{"name": "ecfp", "sha256": sha256}]
    assert [one["sha256"] for one in manifest["weak"]] == list(results["weak_sha256"].unique())
    assert manifest["seconds"]["total"] > 0
    assert any("embedding" in work for work in manifest["seconds"])
    assert any("heads" in work for work in manifest["seconds"])


@pytest.mark.parametrize(
    ("made", "command_of"),
    [("fixed_study", fixed_command), pytest.param("study", families_of, marks=pytest.mark.slow)],
)
def test_the_same_inputs_in_another_folder_and_an_empty_cache_give_the_same_bytes(
    cli, request, made, command_of, inputs, tmp_path, fresh_home
):
    first = request.getfixturevalue(made)
    other = tmp_path / "elsewhere"
    shutil.copytree(inputs, other, ignore=shutil.ignore_patterns("study", "fixed"))
    again = cli(*command_of(other), "-o", other / "run", "-q")
    assert again.code == 0
    assert again.err == ""  # -q: neither progress nor notes, ours or any library's
    for name in TABLES:
        assert (other / "run" / name).read_bytes() == (first / name).read_bytes(), name


@pytest.mark.slow
def test_a_split_file_may_lie_anywhere_without_changing_a_byte_of_the_results(cli, tmp_path):
    rows = {
        "train": list(range(12, 50)),
        "valid": list(range(6, 12)),
        "test": list(range(6)),
    }
    results = []
    for place in (tmp_path / "here", tmp_path / "there"):
        place.mkdir()
        (place / "fold.json").write_text(json.dumps(rows))
        options = ("--split-file", place / "fold.json", *FIXED)
        assert cli(*own_table(place), *options, "-o", place / "run").code == 0
        results.append((place / "run" / "results.csv").read_bytes())
    predictions = predictions_of(tmp_path / "here" / "run")
    found = {part: sorted(rows) for part, rows in predictions.groupby("part")["row"]}
    assert found == rows
    assert set(predictions["split"]) == {"fold"}
    assert results[0] == results[1]


def test_a_finished_run_is_read_and_not_computed_again(cli, fixed_study, inputs, kept):
    before = content(fixed_study)
    again = cli(*fixed_command(inputs), "-o", fixed_study)
    assert again.code == 0
    assert "finished; nothing was computed again" in again.err
    assert again.out == kept["fixed"].out
    assert content(fixed_study) == before


def test_columns_and_rows_of_its_table_are_shown_as_asked(cli, study, inputs, tmp_path):
    command = families_of(inputs)
    done = cli(*command, "-o", study, "--columns", "slack", "--top", "1", "-q")
    assert (done.code, done.err) == (0, "")
    _, heads, *rows = done.out.splitlines()
    assert heads.split() == ["weak", "slack"]
    assert any("pick" in row for row in rows[:2])
    assert any("oracle" in row for row in rows[:2])
    assert "more: --top 0 or results.csv." in done.out
    refused = cli(*command, "-o", tmp_path / "none", "--columns", "slak")
    assert (refused.code, refused.out) == (2, "")
    assert "unknown column 'slak'. Did you mean 'slack'?" in refused.err
    assert not (tmp_path / "none").exists()  # before anything is computed


@pytest.mark.slow
def test_the_written_config_is_the_same_study_again_and_flags_win_over_it(
    cli, fixed_study, tmp_path
):
    config = fixed_study / "config.toml"
    before = content(fixed_study)
    same = cli("run", "--config", config, "-o", fixed_study, "--format", "csv", "-q")
    assert (same.code, same.err) == (0, "")
    assert content(fixed_study) == before
    [row] = csv.DictReader(io.StringIO(same.out))
    results = pd.read_parquet(fixed_study / "results.parquet")
    assert row["weak"] == "rdkit2d"
    mean = results.loc[results["eval_split"] == "test", "w2s_error"].mean()
    assert float(row["w2s_error"]) == pytest.approx(mean, rel=1e-12)

    changed = ("--protocol", "disjoint", "--seed", "5", "--split-seed", "8")
    other = tmp_path / "other"
    assert cli("run", "--config", config, "-o", other, *changed).code == 0
    assert tomllib.loads((other / "config.toml").read_text()) == {
        **tomllib.loads(config.read_text()),
        "protocol": "disjoint",
        "seed": 5,
        "split_seeds": [8],
    }


@pytest.mark.slow
def test_disjoint_halves_the_train_molecules_between_the_weak_and_the_strong_head(cli, tmp_path):
    command = (*own_table(tmp_path), *FIXED, "--protocol", "disjoint", "--split-seed", "3")
    assert cli(*command, "-o", tmp_path / "run").code == 0
    results = pd.read_parquet(tmp_path / "run" / "results.parquet")
    predictions = predictions_of(tmp_path / "run")
    assert dict(zip(results["eval_split"], results["n"], strict=True)) == {
        "train-weak": 20,
        "train-strong": 20,
        "valid": 5,
        "test": 5,
    }
    assert sorted(predictions["row"]) == list(range(50))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [("ols",), ("adamw", "--head-epochs", "2"), ("mlp", "--head-width", "4")],
    ids=" ".join,
)
def test_other_heads_work_and_are_named_in_every_row(cli, tmp_path, options):
    command = (*own_table(tmp_path), *FIXED, "--head", *options, "--split-seed", "0")
    assert cli(*command, "-o", tmp_path / "run").code == 0
    results = pd.read_parquet(tmp_path / "run" / "results.parquet")
    assert set(results["head"]) == {options[0]}
    assert set(results["head_width"]) == {4 if options[0] == "mlp" else 0}
    assert results[["weak_error", "w2s_error", "misfit", "ceiling_error"]].notna().all(axis=None)
    assert results[["weak_penalty", "w2s_penalty", "ceiling_penalty"]].isna().all(axis=None)
    if options[0] == "ols":  # more features than molecules: the student repeats its weak labels
        assert results.loc[results["eval_split"] == "train", "misfit"].item() < 1e-20


def test_json_is_json_for_every_reader_even_where_pgr_is_undefined(cli, fixed_study, inputs):
    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    printed = cli(*fixed_command(inputs), "-o", fixed_study, "--format", "json", "-q")
    results = pd.read_parquet(fixed_study / "results.parquet")
    assert results.loc[results["eval_split"] == "test", "pgr"].isna().all()
    [row] = json.loads(printed.out, parse_constant=refuse)
    assert row["pgr"] is None
    assert row["weak_error"] > 0


def test_rows_that_cannot_be_used_are_skipped_on_demand_and_counted(cli, tmp_path):
    rows = list(ROWS[:51])
    rows[3] = "c1cc,1.0"
    rows[7] = rows[7].split(",")[0] + ",high"
    rows[9] = rows[9].split(",")[0] + ","
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n")
    command = ("run", "--dataset", "m.csv", "--target-column", "logp", *FIXED)
    done = cli(*command, "--on-invalid", "skip", "--split-seed", "0", "-o", "run")
    assert done.code == 0
    assert "3 rows left out" in done.err
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert any("3 rows left out" in note for note in manifest["notes"]["m"])
    predictions = predictions_of(tmp_path / "run")
    kept_rows = [row.split(",")[0] for i, row in enumerate(rows) if i not in {0, 3, 7, 9}]
    assert sorted(predictions["smiles"]) == sorted(kept_rows)


def test_rows_and_files_without_labels_serve_the_student(cli, tmp_path):
    table = write_table(tmp_path, 40)
    rows = table.read_text().splitlines()
    rows[1:6] = [row.split(",")[0] + "," for row in rows[1:6]]
    table.write_text("\n".join(rows) + "\n")
    (tmp_path / "pool.smi").write_text("\n".join(r.split(",")[0] for r in ROWS[40:60]) + "\n")
    asked = ("run", "--dataset", table, "--target-column", "logp", *FIXED, "-o", "run")
    done = cli(*asked, "--unlabelled", "rows", "--unlabelled", "pool.smi")
    assert done.code == 0, done.err
    assert "note: molecules: 24 molecules without a label in no part" in done.err
    assert "of 24 unlabelled molecules are unlike the labelled ones (strong ecfp)" in done.err
    molecules = pd.read_parquet(tmp_path / "run" / "molecules.parquet")
    assert (len(molecules), molecules["truth"].isna().sum()) == (59, 24)
    results = pd.read_csv(tmp_path / "run" / "results.csv")
    assert set(results["unlabelled"]) == {24}
    assert results.groupby("split")["n"].sum().tolist() == [35] * 3


@pytest.mark.slow
def test_no_split_of_one_dataset_takes_the_place_of_another_datasets(cli, tmp_path):
    """Dataset a, split b-c, and dataset a-b, split c, are different parts of a study."""
    parts = ["train"] * 34 + ["valid"] * 8 + ["test"] * 8
    header, *rows = ROWS[:51]
    lines = [f"{row},{parts[i]},{parts[-1 - i]}" for i, row in enumerate(rows)]
    for name in ("a.csv", "a-b.csv"):
        (tmp_path / name).write_text("\n".join([f"{header},b-c,c", *lines]) + "\n")
    done = cli(
        *("run", "--dataset", "a.csv", "--dataset", "a-b.csv", "--target-column", "logp", *FIXED),
        *("--split-column", "b-c", "--split-column", "c", "-o", "run"),
    )
    assert done.code == 0
    results = pd.read_parquet(tmp_path / "run" / "results.parquet")
    found = results[results["eval_split"] == "test"][["dataset", "split"]].to_numpy().tolist()
    assert found == [["a", "b-c"], ["a", "c"], ["a-b", "b-c"], ["a-b", "c"]]


@pytest.mark.slow
def test_two_processes_on_one_run_folder_do_not_spoil_it(
    begin, inputs, fixed_study, tmp_path, fresh_home
):
    command = [*fixed_command(inputs), "-o", tmp_path / "run", "-q"]
    both = [begin(*command) for _ in range(2)]
    assert [(one.code, one.err) for one in (running.wait(120) for running in both)] == [(0, "")] * 2
    assert {path.name for path in (tmp_path / "run").iterdir()} - {".lock"} == FILES
    for name in TABLES:
        assert (tmp_path / "run" / name).read_bytes() == (fixed_study / name).read_bytes(), name


@pytest.mark.slow
def test_another_study_is_refused_in_a_folder_that_holds_one_and_nothing_is_changed(
    cli, fixed_study, inputs
):
    before = content(fixed_study)
    other = cli(*fixed_command(inputs), "--head", "ols", "-o", fixed_study)
    assert (other.code, other.out) == (2, "")
    assert "its head is ridge, not ols" in other.err
    assert content(fixed_study) == before


@pytest.mark.slow
def test_a_folder_with_other_files_is_refused(cli, inputs, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    done = cli(*fixed_command(inputs), "-o", tmp_path / "mine")
    assert done.code == 2
    assert "thesis.txt" in done.err
    assert [path.name for path in (tmp_path / "mine").iterdir() if path.name != ".lock"] == [
        "thesis.txt"
    ]


def damage_results(run):
    (run / "results.parquet").write_bytes((run / "results.parquet").read_bytes()[:500])
    return "results.parquet"


def remove_predictions(run):
    (run / "predictions.parquet").unlink()
    return "predictions.parquet"


def empty_manifest(run):
    (run / "manifest.json").write_text("{}")
    return "manifest.json"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(damage_results, marks=pytest.mark.slow),
        remove_predictions,
        pytest.param(empty_manifest, marks=pytest.mark.slow),
    ],
)
def test_a_damaged_run_is_mended_or_refused_by_name(cli, fixed_study, inputs, tmp_path, damage):
    shutil.copytree(fixed_study, tmp_path / "run")
    damaged = damage(tmp_path / "run")
    done = cli(*fixed_command(inputs), "-o", tmp_path / "run")
    if done.code == 0:
        for name in TABLES:
            assert (tmp_path / "run" / name).read_bytes() == (fixed_study / name).read_bytes()
    else:
        assert done.code == 2
        assert damaged in done.err


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('protcol = "paper"', "unknown key in own.toml: 'protcol'. Did you mean 'protocol'?"),
        pytest.param('hidden = "8"', "'hidden'", marks=pytest.mark.slow),
        pytest.param('protocol = "papr"', "papr", marks=pytest.mark.slow),
        pytest.param("seed = [", "own.toml", marks=pytest.mark.slow),
        pytest.param(None, "own.toml", marks=pytest.mark.slow),
    ],
    ids=["unknown key", "another verb's key", "unknown value", "not TOML", "no file"],
)
def test_a_config_that_cannot_be_used_is_refused(cli, inputs, tmp_path, text, named):
    if text is not None:
        (tmp_path / "own.toml").write_text(text + "\n")
    done = cli(*fixed_command(inputs), "--config", "own.toml", "-o", "run")
    assert (done.code, done.out) == (2, "")
    assert named in done.err
    assert not (tmp_path / "run").exists()


def test_every_option_may_stand_in_a_config_under_its_own_name(
    cli, fixed_study, inputs, tmp_path, kept
):
    table = json.dumps(str(inputs / "molecules.csv"))
    options = {
        "dataset": f"[{table}]",
        "target-column": '"logp"',
        "weak": '["rdkit2d"]',
        "strong": '"ecfp"',
        "output-dir": json.dumps(str(fixed_study)),
        "split-seed": "[0, 1, 2]",
        "quiet": "true",
        "format": '"csv"',
    }
    lines = [f"{name} = {value}" for name, value in options.items()]
    (tmp_path / "own.toml").write_text("\n".join(lines) + "\n")
    done = cli("run", "--config", "own.toml")
    assert (done.code, done.err) == (0, "")
    assert [row["weak"] for row in csv.DictReader(io.StringIO(done.out))] == ["rdkit2d"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [("ridge",), ("ols",), ("adamw", "--head-epochs", "2"), ("mlp", "--split-repeats", "1")],
    ids=" ".join,
)
def test_any_number_of_threads_gives_the_same_bytes(cli, tmp_path, options):
    """There are molecules enough for products and eigenvectors to be shared by threads."""
    command = (*own_table(tmp_path, 800), "--weak", "rdkit2d", "--strong", "ecfp")
    command = (*command, "--head", *options, "--protocol", "disjoint")
    for threads in ("1", "2"):
        done = cli(*command, "-o", threads, OMP_NUM_THREADS=threads)
        assert done.code == 0, done.err
    for name in TABLES:
        one, two = ((tmp_path / threads / name).read_bytes() for threads in ("1", "2"))
        assert one == two, name


@pytest.mark.slow
def test_another_seed_is_another_folder_and_damage_is_mended_by_whoever_reads(cli, tmp_path):
    command = (*own_table(tmp_path), *FIXED, "--protocol", "disjoint", "--split-seed", "0")
    assert cli(*command).code == 0
    assert cli(*command, "--seed", "1").code == 0
    assert len(list((tmp_path / "runs").iterdir())) == 2
    first, second = sorted((tmp_path / "runs").iterdir(), key=lambda folder: len(folder.name))
    assert first.name == "molecules-ecfp-disjoint-ridge-rdkit2d-target-column-logp-splits0"
    assert second.name.replace("-seed1", "") == first.name
    whole = (first / "results.csv").read_bytes()
    (first / "results.csv").write_bytes(whole[:-20])
    done = cli("select", first)
    assert done.code == 0
    assert "results.csv was damaged; it is written again" in done.err
    assert (first / "results.csv").read_bytes() == whole

    table = bytearray((first / "predictions.parquet").read_bytes())
    table[200] ^= 1
    (first / "predictions.parquet").write_bytes(table)
    for again in (command, ("select", first), ("report", first)):
        done = cli(*again)
        assert (done.code, done.out) == (2, "")
        assert "predictions.parquet is missing or damaged" in done.err


@pytest.mark.slow
def test_any_number_or_combination_may_supervise(cli, tmp_path):
    """A column with empty cells, a property, their mean and a chain, beside an encoder."""
    header, *rows = ROWS[:51]
    dock = [f"{row},{'' if i % 4 == 0 else i / 7}" for i, row in enumerate(rows)]
    table = tmp_path / "docked.csv"
    table.write_text("\n".join([f"{header},dock", *dock]) + "\n")
    weak = ["column:dock", "raw:dock", "property:TPSA", "rdkit2d"]
    combined = ["mean:column:dock+property:TPSA", "chain:raw:dock>rdkit2d"]
    named = [part for name in (*weak, *combined) for part in ("--weak", name)]
    arguments = ("run", "--dataset", table, "--target-column", "logp", *named, "--strong", "ecfp")
    run = cli(*arguments, "--labels", "20", "--labels", "all", "-o", tmp_path / "run")
    assert run.code == 0, run.err
    assert "column:dock: missing on some molecules, 13 of 50 (26.0%)" in run.err
    results = pd.read_csv(tmp_path / "run" / "results.csv")
    assert list(results["weak"].unique()) == [*weak, *combined]
    assert results.groupby("weak")["n"].sum()["raw:dock"] < results["n"].groupby(
        results["weak"]
    ).sum()["rdkit2d"]  # fmt: skip
    again = cli(*arguments, "--labels", "20", "--labels", "all", "-o", tmp_path / "run")
    assert "nothing was computed" in again.err
    picked = cli("select", tmp_path / "run", "--top", "0")
    assert picked.code == 0
    assert "mean:column:dock" in picked.out
    table.write_text(table.read_text().replace(",\n", ",1.5\n", 1))
    other = cli(*arguments, "--labels", "20", "--labels", "all", "-o", tmp_path / "run")
    assert other.code == 2
    assert "holds another study" in other.err
    constant = cli(*arguments, "--weak", "property:NumRadicalElectrons", "-o", tmp_path / "no")
    assert (constant.code, (tmp_path / "no").exists()) == (2, False)


def test_errors_told_apart_are_a_sentence_and_for_programs_rows(cli, tmp_path):
    table = write_table(tmp_path, 60)
    header, *rows = table.read_text().splitlines()
    marked = [f"{row},{number % 2}" for number, row in enumerate(rows)]
    table.write_text("\n".join([f"{header},odd", *marked, ""]))
    command = ("run", "--dataset", table, "--target-column", "logp", "--apart", "odd", "-q")
    command += ("--weak", "property:MolLogP", "--strong", "ecfp", "-o", "run")
    done = cli(*command)
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "On the test molecules whose odd is 1, " in said
    assert said.count("(all: ") == 3  # weak, true and ceiling error
    lines = list(csv.DictReader(io.StringIO(cli(*command, "--format", "csv").out)))
    assert [line["eval_split"] for line in lines] == ["test", "test, odd"]
    refused = cli(*command[:6], "even", *command[7:])
    assert refused.code == 2
    assert "unknown column" in refused.err


@pytest.mark.slow
def test_every_supervisor_may_teach_its_peer(cli, tmp_path):
    write_table(tmp_path)
    common = ("run", "-d", "molecules.csv", "--target-column", "logp", "--split-seed", "0")
    weak = ("--weak", "weak-h8-s0", "--weak", "weak-h8-s1", "--weak", "random-bert-h8-s0")
    done = cli(*common, *weak, "--strong", "peer", "-o", "peer")
    assert done.code == 0, done.err
    results = pd.read_parquet(tmp_path / "peer" / "results.parquet")
    assert set(results["strong"]) == {"peer"}
    assert (results["misfit"] > 0).all()
    manifest = json.loads((tmp_path / "peer" / "manifest.json").read_text())
    peers = {encoder["name"] for encoder in manifest["encoders"]}
    assert peers >= {"weak-h8-s2", "random-bert-h8-s1"}
    again = cli(*common, *weak, "--strong", "peer", "-o", "peer")
    assert again.code == 0
    asked = cli("predict", "molecules.csv", "--run", "peer", "-o", "said.csv")
    assert asked.code == 0, asked.err
    assert "null control (peer)" in asked.err
    none = cli(*common, "--weak", "rdkit2d", "--strong", "peer", "-o", "none")
    assert none.code == 2
    assert "rdkit2d has none" in none.err
    assert not (tmp_path / "none").exists()
