"""A run that is stopped at any moment goes on, and ends with the bytes of one never stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load

import w2s_mol

pytestmark = pytest.mark.slow  # minutes together; `make test-slow` and CI run them

ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()
TABLES = ("results.csv", "results.parquet", "predictions.parquet", "molecules.parquet")
MODELS = ("uses.parquet", "models.parquet", "scalers.parquet")
FILES = {*TABLES, *MODELS, "config.toml", "manifest.json"}
STOPPED = (130, -signal.SIGINT)  # a shell says 130 of both


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Keep the heads from waiting for each other's threads on a machine that does more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("interrupts")
    (folder / "m.csv").write_text("\n".join(ROWS[:301]) + "\n")
    return folder


def command(place, output):
    """Describe a study that embeds for some seconds and then has six splits."""
    seeds = [option for seed in range(6) for option in ("--split-seed", str(seed))]
    table = ("run", "--dataset", str(place / "m.csv"), "--target-column", "logp")
    return [*table, "--weak", "rdkit2d", "--strong", "ecfp", *seeds, "-o", str(output)]


@pytest.fixture
def undisturbed(cli, place):
    """The same study, never stopped, and the home that it filled."""
    if not (place / "undisturbed" / "results.csv").is_file():
        home = str(place / "home")
        done = cli(*command(place, place / "undisturbed"), W2S_MOL_HOME=home)
        assert done.code == 0, done.err
    return place / "undisturbed"


def check_same_results(folder, undisturbed):
    assert {path.name for path in folder.iterdir() if path.suffix != ".tmp"} - {".lock"} == FILES
    for name in TABLES:
        assert (folder / name).read_bytes() == (undisturbed / name).read_bytes(), name


def start(arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "w2s_mol", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(reached, running):
    deadline = time.monotonic() + 120
    while not reached() and running.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def sessions(folder):
    """Return how many times a run was begun or gone on with."""
    return len(list(folder.glob("parts/session-*.json")))


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_130_wherever_it_strikes_and_the_next_run_goes_on(
    cli, place, undisturbed, tmp_path, fresh_home
):
    """Ctrl-C reaches the whole process group, as in a terminal.

    The embedding begins with imports that swallow every exception, and goes on with substructure
    searches in which RDKit takes Ctrl-C for itself, ends early with wrong counts and says nothing.
    """
    folder = tmp_path / "run"
    for seconds in (0.0, 0.4, 1.0, 1.4):
        before = sessions(folder)
        running = start(command(place, folder))
        wait_until(lambda before=before: sessions(folder) > before, running)
        time.sleep(seconds)
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=10)
        assert running.returncode in STOPPED, (seconds, err)
        assert out == ""
        assert "Traceback" not in err
        assert err.endswith("stopped. Run the same command again to go on where it stopped.\n")
        assert not list(folder.glob("results*"))

    assert cli(*command(place, folder)).code == 0
    check_same_results(folder, undisturbed)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at Linux's /proc")
def test_ctrl_c_while_the_program_is_still_starting_is_no_traceback(place, tmp_path):
    running = start(command(place, tmp_path / "run"))
    loaded = Path(f"/proc/{running.pid}/maps")
    wait_until(lambda: "_multiarray_umath" in loaded.read_text(), running)  # numpy's core
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=10)
    assert running.returncode in STOPPED
    assert "stopped." in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_an_impatient_user_who_strikes_ctrl_c_again_and_again_sees_no_traceback(
    begin, place, tmp_path
):
    running = begin(*command(place, tmp_path / "run"))
    wait_until((tmp_path / "run" / "manifest.json").exists, running)
    deadline = time.monotonic() + 120
    while running.poll() is None:
        assert time.monotonic() < deadline
        with suppress(ProcessLookupError):  # it has just ended
            running.send_signal(signal.SIGINT)
        time.sleep(0.01)
    stopped = running.wait(10)
    assert stopped.code in STOPPED
    assert "Traceback" not in stopped.err


LOSING_CTRL_C = """
import signal, sys
import w2s_mol
from w2s_mol.cli.main import main
w2s_mol.load_encoder("rdkit2d").embed(["C"])  # imports all that is needed
signal.signal(signal.SIGINT, lambda *_: None)  # as code does that takes Ctrl-C for itself
print("ready", file=sys.stderr, flush=True)
main(["embed", "m.csv", "--encoder", "rdkit2d", "-o", "out.parquet", "-q"])
"""


def test_no_ctrl_c_changes_a_descriptor(tmp_path):
    """RDKit ends a substructure search early on Ctrl-C and returns the counts it has so far.

    Such a row would be kept in the store as if it were right: a search must not see the signal.
    """
    smiles = [row.split(",")[0] for row in ROWS[1:201]]
    (tmp_path / "m.csv").write_text("\n".join(["smiles", *smiles]) + "\n")
    running = subprocess.Popen(
        [sys.executable, "-c", LOSING_CTRL_C], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr.readline() == "ready\n"
    while running.poll() is None and not (tmp_path / "out.parquet").exists():
        running.send_signal(signal.SIGINT)
        time.sleep(0.002)
    _, err = running.communicate(timeout=60)
    assert running.returncode in (0, *STOPPED), err
    if running.returncode == 0:
        written = pq.read_table(tmp_path / "out.parquet")["embedding"].to_pylist()
        expected = w2s_mol.load_encoder("rdkit2d").embed(smiles).embeddings
        np.testing.assert_array_equal(np.array(written, dtype=np.float32), expected)


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_the_bytes_of_one_never_stopped(
    begin, cli, place, undisturbed, tmp_path, fresh_home
):
    folder = tmp_path / "run"
    parts = folder / "parts"
    moments = {
        "while the first molecules are embedded": lambda: any(fresh_home.rglob("*.lock")),
        "when the run folder has just been begun": (folder / "manifest.json").exists,
        "after the first split": lambda: any(parts.glob("*.results.arrow")),
        "after some splits": lambda: len(list(parts.glob("*.results.arrow"))) > 2,
        "while the results are put together": (folder / "predictions.parquet").exists,
    }
    killed = 0
    for reached in moments.values():
        running = begin(*command(place, folder))
        wait_until(reached, running)
        with suppress(ProcessLookupError):
            running.send_signal(signal.SIGKILL)
        killed += running.wait().code == -signal.SIGKILL
    assert killed >= 4  # the last moment may be missed
    assert cli(*command(place, folder)).code == 0
    check_same_results(folder, undisturbed)


def only_a_manifest(folder):
    """Leave what a kill between the writing of the first manifest and of the config leaves."""
    no_final_manifest(folder)
    for path in folder.iterdir():
        if path.name not in {".lock", "manifest.json"}:
            path.unlink()


def a_temporary_file(folder):
    """Leave what a kill while the first file is written leaves."""
    for path in folder.iterdir():
        if path.name != ".lock":
            path.unlink()
    (folder / ".config.toml.x3kd0a1z.tmp").write_text("dataset = [")


def no_final_manifest(folder):
    """Leave what a kill after the results and before the last manifest leaves."""
    manifest = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(manifest.replace('"finished": true', '"finished": false'))
    (folder / ".manifest.json.x3kd0a1z.tmp").write_text("{")


@pytest.mark.parametrize("leave", [only_a_manifest, a_temporary_file, no_final_manifest])
def test_a_run_killed_between_two_of_its_files_goes_on(
    cli, place, undisturbed, tmp_path, leave, monkeypatch
):
    monkeypatch.setenv("W2S_MOL_HOME", str(place / "home"))
    shutil.copytree(undisturbed, tmp_path / "run")
    leave(tmp_path / "run")
    done = cli(*command(place, tmp_path / "run"))
    assert done.code == 0, done.err
    for name in TABLES:
        again = (tmp_path / "run" / name).read_bytes()
        assert again == (undisturbed / name).read_bytes(), name


def records(folder: Path) -> list[Path]:
    """Return the records of the parts that are done."""
    return [p for p in folder.glob("parts/*.json") if not p.name.startswith("session-")]


def test_a_split_that_was_done_before_the_kill_is_not_computed_again(
    cli, place, undisturbed, tmp_path, fresh_home
):
    folder = tmp_path / "run"
    running = start(command(place, folder))
    wait_until(lambda: records(folder), running)
    running.kill()
    running.communicate()
    assert 1 <= len(records(folder)) < 6
    noted = seconds_of_heads(*records(folder))
    assert noted
    assert cli(*command(place, folder)).code == 0
    found = seconds_of_heads(folder / "manifest.json")
    assert len(found) == 6
    assert {name: found[name] for name in noted} == noted  # as the first session measured them


def seconds_of_heads(*files: Path) -> dict[str, float]:
    """Return how long the heads of each split took, as records of parts or a manifest say it."""
    each = [json.loads(path.read_text())["seconds"] for path in files]
    return {n: value for seconds in each for n, value in seconds.items() if n.startswith("heads ")}


def test_a_truncated_and_an_altered_embedding_are_noticed_and_computed_again(
    cli, place, undisturbed, tmp_path
):
    home = tmp_path / "home"
    shutil.copytree(place / "home", home)
    entries = sorted((home / "embeddings").rglob("*.safetensors"), key=lambda p: p.stat().st_size)
    assert len(entries) == 2  # the weak encoder's and the strong one's
    whole = [entry.read_bytes() for entry in entries]
    entries[0].write_bytes(whole[0][: len(whole[0]) // 2])
    entries[1].write_bytes(whole[1][:-5000] + bytes([3]) * 5000)
    assert cli(*command(place, tmp_path / "run"), W2S_MOL_HOME=str(home)).code == 0
    check_same_results(tmp_path / "run", undisturbed)
    for entry, data in zip(entries, whole, strict=True):
        mended, original = load(entry.read_bytes()), load(data)
        for name in ("embeddings", "valid"):
            np.testing.assert_array_equal(mended[name], original[name])
