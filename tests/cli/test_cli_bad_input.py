"""What cannot be used: one clear message, exit code 2 or 1, no traceback, nothing half-written.

That there is no traceback is checked by the ``cli`` fixture, for every call.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
ROWS = (ROOT / "data" / "computed-logp.csv").read_text().splitlines()
SHIPPED = ROOT / "checkpoints" / "weak-h8-s0"
FIXED = ("--weak", "rdkit2d", "--strong", "ecfp")
TABLES = ("results.csv", "results.parquet", "predictions.parquet", "molecules.parquet")


def write_table(folder, changed=None, n=50, name="own.csv"):
    """Write a good table of n molecules, in which some lines (the header's is 1) are changed."""
    lines = list(ROWS[: n + 1])
    for number, line in (changed or {}).items():
        lines[number - 1] = line
    (folder / name).write_bytes("\n".join([*lines, ""]).encode("latin-1"))
    return folder / name


def study(*options):
    return ("run", "--dataset", "own.csv", "--target-column", "logp", *options, "-o", "made")


def check_refused(cli, folder, command, named, code=2):
    """Run a command that must fail, and check that it says what is named and leaves nothing."""
    before = sorted(folder.rglob("*"))
    done = cli(*command)
    assert (done.code, done.out) == (code, "")
    assert done.err.count("error: ") == 1
    message = done.err.partition("error: ")[2]
    for text in named:
        assert text in message
    assert sorted(folder.rglob("*")) == before
    return message


SMILES = ROWS[4].split(",")[0]


def held_elsewhere(*values):
    """Return a case whose message is held by a unit test; another shows here how it ends."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({5: "c1cc,1.0"}, ["own.csv line 5", "'c1cc'", "--on-invalid skip"]),
        held_elsewhere({5: f"{SMILES},high"}, ["own.csv line 5", "'high'", "logp"]),
        held_elsewhere({5: f"{SMILES},nan"}, ["own.csv line 5", "'nan'", "not finite"]),
        held_elsewhere({5: f"{SMILES},-inf"}, ["own.csv line 5", "'-inf'", "not finite"]),
        held_elsewhere({1: "smiles,logP7"}, ["own.csv", "'logp'", "Did you mean 'logP7'?"]),
        held_elsewhere({5: f"{SMILES},1.0 # caf\xe9"}, ["own.csv", "UTF-8", "0xe9"]),
    ],
    ids=["invalid SMILES", "text label", "NaN label", "infinite label", "no column", "Latin-1"],
)
def test_a_row_that_cannot_be_used_is_named_by_file_line_and_value(cli, tmp_path, changed, named):
    write_table(tmp_path, changed)
    check_refused(cli, tmp_path, study(*FIXED), named)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ["own.csv", "empty"]),
        held_elsewhere(
            "smiles,logp\n" + "".join(f"{row}\n" for row in ROWS[1:6]), ["own.csv", "5", "too few"]
        ),
        held_elsewhere(
            "smiles,logp\n" + "".join(f"{row.split(',')[0]},1.5\n" for row in ROWS[1:51]), ["1.5"]
        ),
    ],
    ids=["empty", "fewer rows than splits need", "constant labels"],
)
def test_a_table_that_cannot_be_studied_is_refused_by_name(cli, tmp_path, text, named):
    (tmp_path / "own.csv").write_text(text)
    check_refused(cli, tmp_path, study(*FIXED), ["own", *named])


@pytest.mark.slow  # five seconds of imports a case
@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ({"train": [0, 1, 2], "valid": [3], "test": [50]}, ["row 50", "own.csv", "0 to 49"]),
        ({"train": [0, 1, 2], "valid": [2], "test": [5]}, ["row 2", "2 times"]),
    ],
    ids=["no such row", "a row twice"],
)
def test_a_split_file_that_does_not_fit_is_refused_by_name(cli, tmp_path, rows, named):
    write_table(tmp_path)
    (tmp_path / "fold.json").write_text(json.dumps(rows))
    check_refused(cli, tmp_path, study(*FIXED, "--split-file", "fold.json"), ["fold", *named])


@pytest.mark.slow  # five seconds of imports a case
@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        (("--weak", "weak-h8", "--strong", "ecfp"), 2, ["'weak-h8'", "Did you mean 'weak-h8-s0'"]),
        (("--weak", "ecfp", "--strong", "molbrt"), 2, ["Did you mean 'molbert'"]),
        (("--weak", "empty", "--strong", "ecfp"), 2, ["empty", "config.json"]),
        ((*FIXED, "--protocol", "disjoint", "--seed", "-1"), 2, ["-1"]),
        ((*FIXED, "--split-seed", "-1"), 2, ["-1"]),
        ((*FIXED, "--dataset", "lipo"), 2, ["'lipo'", "Did you mean 'lipop'"]),
        ((*FIXED, "--dataset", "lipop", "--offline"), 1, ["Lipop.csv.gz", "--mirror"]),
        (("--weak", "ecfp", "--strong", "molbert", "--offline"), 1, ["molbert_100epochs.zip"]),
    ],
    ids=[
        *("unknown weak", "unknown strong", "no encoder in folder", "negative seed"),
        *("negative split seed", "unknown dataset", "offline without data"),
        "offline without MolBERT",
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_a_way_out(
    cli, tmp_path, fresh_home, options, code, named
):
    write_table(tmp_path)
    (tmp_path / "empty").mkdir()
    fresh_home.mkdir()
    done = cli(*study(*options))
    assert (done.code, done.out) == (code, "")
    message = done.err.partition("error: ")[2]
    for text in named:
        assert text in message
    assert not (tmp_path / "made").exists()


def test_molecules_that_would_end_the_process_are_refused_with_their_lines(cli, tmp_path):
    write_table(tmp_path, {5: "C" * 20_000 + ",1.0", 9: "C" * 600 + ",1.0"})
    named = ["own.csv: 2 of 50 rows", "limit is 500", "line 5: 20,000 in", "line 9: 600 in"]
    check_refused(cli, tmp_path, study(*FIXED), named)


@pytest.mark.slow  # five seconds of imports each
def test_molecules_that_would_end_the_process_are_invalid_rows_and_lines(cli, tmp_path):
    (tmp_path / "own.smi").write_text("CCO\n" + "C" * 20_000 + "\n" + "C" * 600 + "\n")
    done = cli("embed", "own.smi", "-e", "ecfp", "-o", "out.parquet", "--max-atoms", "600")
    assert done.code == 0
    assert "1 of them invalid" in done.err
    prepared = cli("prepare-corpus", "--corpus", "own.smi", "--workers", "1")
    assert prepared.code == 0
    assert "2 lines of own.smi left out: too many atoms, the limit is 500." in prepared.err
    for command in (("embed", "own.smi", "-e", "ecfp", "-o", "o"), ("prepare-corpus",)):
        message = cli(*command, "--max-atoms", "5001").err
        assert "max_atoms is 5,001. It should be 1 to 5,000: RDKit" in message


@pytest.mark.slow
def test_a_csv_without_a_target_column_is_asked_for_one(cli, tmp_path):
    write_table(tmp_path)
    check_refused(cli, tmp_path, ("run", "--dataset", "own.csv", *FIXED), ["--target-column"])


def truncate_weights(encoder):
    weights = encoder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    return [str(encoder.name), "truncated"]


def remove_weights(encoder):
    (encoder / "model.safetensors").unlink()
    return [str(encoder.name), "model.safetensors"]


@pytest.mark.parametrize("spoil", [truncate_weights, remove_weights])
@pytest.mark.slow
def test_an_encoder_whose_weights_are_spoiled_is_refused_by_name(cli, tmp_path, spoil):
    write_table(tmp_path)
    shutil.copytree(SHIPPED, tmp_path / "spoiled")
    named = spoil(tmp_path / "spoiled")
    check_refused(cli, tmp_path, ("embed", "own.csv", "-e", "spoiled", "-o", "made"), named)


@pytest.mark.slow
def test_a_gpu_that_is_not_there_is_an_error_and_not_a_cpu(cli, tmp_path):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    write_table(tmp_path)
    command = ("embed", "own.csv", "-e", "weak-h8-s0", "--device", "cuda", "-o", "made")
    check_refused(cli, tmp_path, command, ["'cuda'", "cpu"])


@pytest.mark.slow
def test_an_element_outside_the_vocabulary_stops_a_study_and_the_advice_given_works(cli, tmp_path):
    write_table(tmp_path, {5: "C[Na],1.0", 9: "CC[Sn](C)C,2.0"})
    command = study("--weak", "weak-h8-s0", "--strong", "ecfp", "--split-seed", "0")
    refused = cli(*command)
    assert (refused.code, refused.out) == (2, "")
    for text in ("line 5", "weak-h8-s0", "'C[Na]'", "outside", "--on-invalid skip"):
        assert text in refused.err
    assert not list(tmp_path.rglob("results*"))

    skipped = cli(*command, "--on-invalid", "skip")
    assert skipped.code == 0, skipped.err
    assert "2 rows left out" in skipped.err
    assert len(pd.read_parquet(tmp_path / "made" / "predictions.parquet")) == 48
    molecules = pd.read_parquet(tmp_path / "made" / "molecules.parquet")
    assert len(molecules) == 48
    assert not molecules["smiles"].str.contains("Na|Sn").any()


@pytest.mark.slow
def test_bbbp_has_molecules_that_small_berts_cannot_read(cli, tmp_path, mirror):
    where = ("run", "--dataset", "bbbp", "--mirror", mirror, "--offline", "-o", "made")
    done = cli(*where, "--task", "regression", "--weak", "weak-h8-s0", "--strong", "ecfp")
    assert (done.code, done.out) == (2, "")
    for text in ("line 69", "weak-h8-s0", "[Na+]", "--on-invalid skip"):
        assert text in done.err
    assert not list(tmp_path.rglob("results*"))


@pytest.mark.parametrize("output", [held_elsewhere("a-file"), "a-file/inside"])
def test_an_output_folder_that_cannot_be_is_refused_by_name(cli, tmp_path, output):
    write_table(tmp_path)
    (tmp_path / "a-file").write_text("mine")
    command = ("run", "--dataset", "own.csv", "--target-column", "logp", *FIXED, "-o", output)
    check_refused(cli, tmp_path, command, [output, "Choose a place"])
    assert (tmp_path / "a-file").read_text() == "mine"


def test_a_home_that_cannot_be_written_is_named(cli, tmp_path):
    write_table(tmp_path)
    (tmp_path / "a-file").write_text("mine")
    home = tmp_path / "a-file"
    done = cli(*study(*FIXED), W2S_MOL_HOME=str(home))
    assert (done.code, done.out) == (2, "")
    assert str(home) in done.err
    assert home.read_text() == "mine"
    assert not list(tmp_path.rglob("results*"))


def mount(folder, *options):
    return subprocess.run(
        ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", folder],
        capture_output=True,
        check=False,
    )


@pytest.fixture
def disk(tmp_path):
    """A disk of 100 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if mount(folder, "size=100k").returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root)")
    yield folder
    subprocess.run(["umount", folder], check=True)


def half_written(folder):
    return [path for path in folder.rglob("*") if path.suffix == ".tmp"]


@pytest.mark.slow
def test_a_run_on_a_full_disk_fails_clearly_and_ends_well_once_there_is_room(cli, tmp_path, disk):
    write_table(tmp_path)
    command = ("run", "--dataset", "own.csv", "--target-column", "logp", *FIXED)
    full = cli(*command, "-o", disk / "made")
    assert (full.code, full.out) == (1, "")
    assert "No space left on device" in full.err
    assert "disk/made" in full.err
    assert not half_written(disk)
    assert not list(disk.rglob("results.csv"))

    assert mount(disk, "remount", "size=4m").returncode == 0
    assert cli(*command, "-o", disk / "made").code == 0
    assert cli(*command, "-o", "undisturbed").code == 0
    for name in TABLES:
        whole = (tmp_path / "undisturbed" / name).read_bytes()
        assert (disk / "made" / name).read_bytes() == whole, name


def test_embeddings_for_a_full_disk_leave_the_last_ones_as_they_were(cli, tmp_path, disk):
    write_table(tmp_path, n=1500)
    (disk / "out.parquet").write_text("the last result")
    done = cli("embed", "own.csv", "--encoder", "ecfp", "-o", disk / "out.parquet")
    assert (done.code, done.out) == (1, "")
    assert "No space left on device" in done.err
    # The shards that were made are kept: the same command goes on with them.
    assert {path.name for path in disk.iterdir()} <= {"out.parquet", ".out.parquet.shards"}
    assert (disk / "out.parquet").read_text() == "the last result"


@pytest.mark.slow
def test_a_conversion_on_a_full_disk_fails_clearly(cli, tmp_path, disk, mirror):
    assert mount(disk, "remount", "size=40k").returncode == 0
    reference = tmp_path / "release"
    shutil.copytree(mirror / "molbert-reference", reference, copy_function=shutil.copyfile)
    checkpoint = reference / "checkpoints" / "last.ckpt"
    done = cli("convert-molbert", checkpoint, "-o", disk / "molbert")
    assert (done.code, done.out) == (1, "")
    assert "no space left" in done.err.lower()
    assert str(disk) in done.err
    assert list(disk.iterdir()) == []


def test_a_read_only_disk_is_named_and_more_space_is_not_the_advice(cli, tmp_path, disk):
    assert mount(disk, "remount", "ro").returncode == 0
    write_table(tmp_path)
    command = ("embed", "own.csv", "--encoder", "ecfp", "-o", disk / "out.parquet")
    message = check_refused(cli, tmp_path, command, ["disk/out.parquet", "Read-only"])
    assert "Free some space" not in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes wherever it likes")
def test_a_folder_without_the_right_to_write_is_named(cli, tmp_path):
    write_table(tmp_path)
    (tmp_path / "closed").mkdir(mode=0o555)
    command = ("run", "--dataset", "own.csv", "--target-column", "logp", *FIXED)
    check_refused(cli, tmp_path, (*command, "-o", "closed/made"), ["closed/made", "Permission"])
