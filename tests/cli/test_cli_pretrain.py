"""``w2s-mol pretrain-weak``: encoders that transformers loads, and training that can be stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # minutes together; `make test-slow` and CI run them

ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()
SMILES = [row.split(",")[0] for row in ROWS[1:]]
# Enough steps that a training can be stopped in its middle: a checkpoint every 29 of 294.
SMALL = ("--workers", "1", "--epochs", "6", "--batch-size", "4", "--device", "cpu")

WITHOUT_OUR_CODE = """
import sys
sys.modules["w2s_mol"] = None  # importing it raises ImportError
from transformers import AutoModel, AutoTokenizer
for folder in sys.argv[1:]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder)
    batch = tokenizer(["CCO", "C1=CC=CC=C1Cl"], padding=True, return_tensors="pt")
    assert batch["input_ids"][0].tolist() == [1, 8, 8, 10, 2] + [0] * 9, batch
    print(*model(**batch).pooler_output.shape, model.config.num_hidden_layers)
"""


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Small models train fastest so, whatever else the machine does; and always the same way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a corpus of 200 molecules, a blank line and two lines of no use."""
    folder = tmp_path_factory.mktemp("pretraining")
    lines = [*SMILES[:100], "", "c1cc", *SMILES[100:200], "C[Na]"]
    (folder / "corpus.smi").write_text("\n".join(lines) + "\n")
    return folder


def command(place, *options):
    return ("pretrain-weak", "--corpus", place / "corpus.smi", *SMALL, *options)


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def trained(cli, place, kept):
    """A finished pretraining of two encoders."""
    folder = place / "trained"
    if "trained" not in kept:
        kept["trained"] = cli(*command(place, "--hidden", "8", "--hidden", "12"), "-o", folder)
        assert kept["trained"].code == 0, kept["trained"].err
    return folder


def content(folder):
    return {
        path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_makes_a_folder_for_each_size_and_counts_what_it_left_out(trained, kept):
    assert {path.name for path in trained.iterdir()} == {"weak-h8-s0", "weak-h12-s0"}
    printed = kept["trained"]
    losses = {}
    for line in printed.out.splitlines():
        folder, _, loss = line.partition(": validation loss ")
        losses[Path(folder).name] = float(loss)
    assert list(losses) == ["weak-h8-s0", "weak-h12-s0"]
    for reason in ("blank line", "cannot parse SMILES", "outside the vocabulary"):
        assert sum(reason in line for line in printed.err.splitlines()) == 1
    [listed] = [line for line in printed.err.splitlines() if "listed in" in line]
    rows = Path(listed.partition("listed in ")[2]).read_text().splitlines()
    assert [row.split("\t")[0] for row in rows] == ["line", "101", "102", "203"]
    for name, loss in losses.items():
        made = json.loads((trained / name / "w2s_mol.json").read_text())
        assert made["final"]["loss"] == pytest.approx(loss, abs=1e-4)


def test_only_the_program_itself_speaks_on_stderr(trained, kept):
    assert "[transformers]" not in kept["trained"].err
    assert "Warning" not in kept["trained"].err


def test_the_encoders_load_with_transformers_alone(trained):
    folders = [trained / "weak-h8-s0", trained / "weak-h12-s0"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_OUR_CODE, *folders],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["2 8 2", "2 12 2"]


def test_a_model_card_and_metadata_say_how_each_was_made(trained):
    for hidden in (8, 12):
        folder = trained / f"weak-h{hidden}-s0"
        made = json.loads((folder / "w2s_mol.json").read_text())
        expected = {"hidden": hidden, "layers": 2, "heads": 2, "epochs": 6, "batch_size": 4}
        assert {name: made[name] for name in expected} == expected
        assert (made["seed"], made["corpus"]) == (0, "corpus.smi")
        assert made["molecules"] + made["validation_molecules"] == 200
        assert made["steps"] == 6 * -(-made["molecules"] // 4)
        final = made["final"]
        parts = final["mlm"] + final["descriptors"]
        assert final["loss"] == pytest.approx(parts, rel=1e-5)
        validated = [entry["valid_loss"] for entry in made["history"] if "valid_loss" in entry]
        trained_on = [entry["train_loss"] for entry in made["history"] if "train_loss" in entry]
        assert validated[-1] < validated[0]  # it learns
        assert trained_on[-1] < trained_on[0]
        card = (folder / "README.md").read_text()
        assert card.startswith("---\n")
        for said in (f"weak-h{hidden}-s0", "corpus.smi", made["corpus_sha256"], "200 norm"):
            assert said in card
        assert f"{final['loss']:.4f}" in card


def test_a_second_call_prints_the_same_and_does_nothing_again(cli, place, trained, kept):
    before = content(trained)
    again = cli(*command(place, "--hidden", "8", "--hidden", "12"), "-o", trained, "-q")
    assert (again.code, again.out, again.err) == (0, kept["trained"].out, "")
    assert content(trained) == before


def test_other_settings_for_an_encoder_that_is_there_are_refused(cli, place, trained):
    before = content(trained)
    other = cli(*command(place, "--hidden", "8", "--learning-rate", "0.01"), "-o", trained)
    assert (other.code, other.out) == (2, "")
    assert "learning_rate 0.003, not 0.01" in other.err
    assert content(trained) == before


def checkpoints(folder):
    found = (folder / ".weak-h8-s0.training").glob("checkpoint-*/trainer_state.json")
    return sorted(int(path.parent.name.split("-")[1]) for path in found)


def stop_at_a_later_checkpoint(running, folder, how):
    """Stop a training as soon as there is a checkpoint beyond those of now."""
    known = max(checkpoints(folder), default=0)
    deadline = time.monotonic() + 120
    while max(checkpoints(folder), default=0) <= known:
        assert running.poll() is None, running.wait()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    running.send_signal(how)
    return running.wait(60)


@pytest.fixture
def killed(begin, place, trained, kept):
    """An output folder in which a training was interrupted, resumed and killed."""
    folder = place / "killed"
    if "interrupted" not in kept:
        training = (*command(place, "--hidden", "8"), "-o", folder)
        first = begin(*training)
        kept["interrupted"] = stop_at_a_later_checkpoint(first, folder, signal.SIGINT)
        second = begin(*training, "--resume")
        assert stop_at_a_later_checkpoint(second, folder, signal.SIGKILL).code == -signal.SIGKILL
    return folder


def test_ctrl_c_ends_a_training_with_130_and_says_how_to_go_on(killed, kept):
    stopped = kept["interrupted"]
    assert stopped.code == 130
    assert stopped.out == ""
    assert "stopped. Run the same command with --resume" in stopped.err
    assert "Traceback" not in stopped.err


def test_an_unfinished_encoder_is_not_begun_again_unasked(cli, place, killed):
    before = content(killed)
    done = cli(*command(place, "--hidden", "8"), "-o", killed)
    assert (done.code, done.out) == (2, "")
    assert "--resume" in done.err
    assert ".weak-h8-s0.training" in done.err
    assert content(killed) == before


def check_same_encoder(folder, trained):
    assert [path.name for path in folder.iterdir()] == ["weak-h8-s0"]
    made, whole = folder / "weak-h8-s0", trained / "weak-h8-s0"
    assert (made / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    found, expected = (json.loads((f / "w2s_mol.json").read_text()) for f in (made, whole))
    for metadata in (found, expected):
        assert metadata.pop("seconds") > 0
        metadata.pop("trained_beside")
    assert found == expected


def test_a_training_stopped_twice_and_resumed_is_bit_for_bit_one_never_stopped(
    cli, place, killed, trained, tmp_path
):
    shutil.copytree(killed, tmp_path / "resumed")
    done = cli(*command(place, "--hidden", "8"), "-o", tmp_path / "resumed", "--resume")
    assert done.code == 0, done.err
    check_same_encoder(tmp_path / "resumed", trained)


def test_a_checkpoint_that_a_kill_left_half_written_is_passed_over(
    cli, place, killed, trained, tmp_path
):
    folder = tmp_path / "resumed"
    shutil.copytree(killed, folder)
    last = folder / ".weak-h8-s0.training" / f"checkpoint-{checkpoints(folder)[-1]}"
    (last / "trainer_state.json").unlink()  # written last
    optimizer = last / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:1000])
    done = cli(*command(place, "--hidden", "8"), "-o", folder, "--resume")
    assert done.code == 0, done.err
    check_same_encoder(folder, trained)


@pytest.mark.parametrize("kind", ["truncated", "altered"])
def test_a_spoiled_prepared_corpus_is_noticed_and_prepared_again(
    cli, place, trained, tmp_path, kind
):
    corpora = Path(os.environ["W2S_MOL_HOME"]) / "corpora"
    made = json.loads((trained / "weak-h8-s0" / "w2s_mol.json").read_text())
    [used] = [
        folder
        for folder in corpora.glob("*/*")
        if any(
            json.loads(account.read_text())["sha256"] == made["corpus_sha256"]
            for account in folder.glob("account-*.json")
        )
    ]
    shutil.copytree(used, tmp_path / "home" / used.relative_to(corpora.parent))
    shards = sorted((tmp_path / "home").rglob("*.safetensors"))
    whole = [shard.read_bytes() for shard in shards]
    for shard, data in zip(shards, whole, strict=True):
        spoiled = {"truncated": data[:500], "altered": data[:-400] + bytes(400)}
        shard.write_bytes(spoiled[kind])
    done = cli(
        *command(place, "--hidden", "8"),
        *("-o", trained),
        W2S_MOL_HOME=str(tmp_path / "home"),
    )
    assert done.code == 0, done.err
    assert [shard.read_bytes() for shard in shards] == whole


def session_of(leader):
    """Return the live processes of a session, by Linux's /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, session, *_ = path.read_text().rpartition(") ")[2].split()
        except OSError:  # it just ended
            continue
        if int(session) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at Linux's /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_a_preparation_that_is_stopped_leaves_no_process_behind(tmp_path, how):
    """Ctrl-C reaches the whole group, as in a terminal; kill -9 the program alone."""
    (tmp_path / "corpus.smi").write_text("\n".join(SMILES * 4) + "\n")
    corpus = str(tmp_path / "corpus.smi")
    options = ("--hidden", "8", "--workers", "2", "--corpus", corpus, "-o", str(tmp_path / "made"))
    with (tmp_path / "err.txt").open("w") as err:
        running = subprocess.Popen(
            [sys.executable, "-m", "w2s_mol", "pretrain-weak", *options],
            env={**os.environ, "W2S_MOL_HOME": str(tmp_path / "home")},
            stderr=err,
            start_new_session=True,
        )
    try:
        assert wait_for(lambda: len(session_of(running.pid)) >= 5, 60)
        time.sleep(1.5)  # into the workers' work
        if how == signal.SIGINT:
            os.killpg(running.pid, how)
        else:
            running.send_signal(how)
        running.wait(timeout=15)
        assert wait_for(lambda: not session_of(running.pid), 10)
    finally:
        for process in session_of(running.pid):
            os.kill(process, signal.SIGKILL)
    said = (tmp_path / "err.txt").read_text()
    assert "Traceback" not in said
    if how == signal.SIGINT:
        assert running.returncode == 130
        assert "stopped." in said


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--hidden", "9"), "hidden size 9"),
        (("--hidden", "abc"), "'abc'"),
        (("--hidden", "²"), "'²'"),
        (("--hidden", "0"), "hidden size 0"),
        (("--hidden", "8", "--heads", "0"), "heads is 0"),
        (("--hidden", "8", "--epochs", "0"), "epochs is 0"),
        (("--hidden", "8", "--seed", "-1"), "-1"),
        (("--hidden", "8", "--objectives", "mlm,descriptor"), "'descriptor'"),
        (("--hidden", "8", "--learning-rate", "0"), "learning_rate is 0"),
        (("--hidden", "8", "--corpus", "nowhere.smi"), "nowhere.smi"),
        (("--hidden", "8", "--valid-corpus", "nowhere.smi"), "nowhere.smi"),
        (("--hidden", "8", "-o", "a-file/here"), "a-file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_settings_that_cannot_be_used_are_refused_by_name(cli, place, tmp_path, options, named):
    (tmp_path / "a-file").write_text("")
    small = [("--corpus", str(place / "corpus.smi")), *zip(SMALL[::2], SMALL[1::2], strict=True)]
    usual = [part for option in small if option[0] not in options for part in option]
    done = cli("pretrain-weak", *usual, *options)
    assert (done.code, done.out) == (2, "")
    assert named in done.err
    assert done.err.count("error: ") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        (b"", 2, "empty"),
        (b"\n\nc1cc\nxyz\n", 2, "cannot parse SMILES: 2"),
        (b"CCO\n" * 20, 2, "too few"),
        (b"CCO\n\xff\xfe\x00\n", 2, "UTF-8"),
    ],
    ids=["empty", "all broken", "too few to validate on", "not text"],
)
def test_a_corpus_that_cannot_be_used_is_refused_by_name(cli, tmp_path, text, code, named):
    (tmp_path / "corpus.smi").write_bytes(text)
    done = cli("pretrain-weak", "--hidden", "8", "--workers", "1", "--corpus", "corpus.smi")
    assert (done.code, done.out) == (code, "")
    assert "corpus.smi" in done.err
    assert named in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.smi"]


def test_guacamol_that_is_not_here_is_not_fetched_offline(cli, tmp_path, fresh_home):
    done = cli("pretrain-weak", "--hidden", "8", "--offline")
    assert (done.code, done.out) == (1, "")
    assert "guacamol_v1_train.smiles" in done.err
    assert "--offline" in done.err


def test_a_corpus_is_prepared_once_and_found_by_the_training(cli, tmp_path, fresh_home):
    (tmp_path / "corpus.smi").write_text("\n".join(SMILES[:120]) + "\n")
    done = cli("prepare-corpus", "--corpus", "corpus.smi", "--workers", "1")
    assert done.code == 0, done.err
    assert done.out.startswith("120 molecules; account: ")
    account = json.loads(Path(done.out.strip().partition("account: ")[2]).read_text())
    assert (account["molecules"], account["rejected"]) == (120, {})
    [shard] = fresh_home.rglob("*.safetensors")
    when = shard.stat().st_mtime_ns
    options = ("--hidden", "8", "--epochs", "1", "--device", "cpu", "-o", "made")
    trained = cli("pretrain-weak", "--corpus", "corpus.smi", *options)
    assert trained.code == 0, trained.err
    assert shard.stat().st_mtime_ns == when


def test_evaluation_molecules_are_left_out_with_one_flag(cli, tmp_path, mirror, fresh_home):
    import pandas as pd

    table = pd.read_csv(mirror / "chembench" / "FreeSolv" / "FreeSolv.csv.gz")
    own = ["C1CC1C1CCCC1C1CCC1", "CC1CCC1C1CCCC1CCl"]
    (tmp_path / "corpus.smi").write_text("\n".join([*own, *table["smiles"][:5]]) + "\n")
    arguments = ("prepare-corpus", "--corpus", "corpus.smi", "--workers", "1")
    without = cli(*arguments, "--exclude-evaluation", "--mirror", mirror, "--offline")
    assert without.code == 0, without.err
    assert without.out.startswith("2 molecules; ")
    account = json.loads(Path(without.out.strip().partition("account: ")[2]).read_text())
    assert account["molecules_left_out_of"] == ["esol", "freesolv", "lipop"]
    assert sum(account["rejected"].values()) == 5
    assert cli(*arguments).out.startswith("7 molecules; ")


def test_a_strong_encoder_is_made_by_the_same_engine(cli, place):
    options = ("--hidden", "24", "--layers", "3", "--heads", "4", "--epochs", "1")
    precise = ("--precision", "bf16", "--objectives", "mlm,descriptors=10,pairs")
    arguments = ("pretrain-strong", "--corpus", place / "corpus.smi", *options, *precise)
    done = cli(*arguments, "--workers", "1", "--device", "cpu", "-o", place / "strong")
    assert done.code == 0, done.err
    folder = place / "strong" / "strong-h24-l3-s0"
    assert done.out.startswith(f"{folder}: validation loss ")
    made = json.loads((folder / "w2s_mol.json").read_text())
    assert made["objectives"] == {"mlm": 1.0, "descriptors": 10.0, "pairs": 1.0}
    assert (made["precision"], made["layers"], made["heads"]) == ("bf16", 3, 4)
    assert set(made["final"]) == {"loss", "mlm", "descriptors", "pairs"}
    assert "descriptors (weight 10)" in (folder / "README.md").read_text()


@pytest.fixture(params=["80k", "400k"])
def small_disk(tmp_path, request):
    """A disk on which two checkpoints have no room; of the larger, more than 64 kB are left."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={request.param}", "tmpfs", disk],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_ends_a_training_with_a_clear_error(cli, place, trained, small_disk):
    done = cli(*command(place, "--hidden", "8"), "-o", small_disk / "made")
    assert (done.code, done.out) == (1, "")
    assert "no space left" in done.err.lower()
    assert str(small_disk) in done.err
    assert not (small_disk / "made" / "weak-h8-s0").exists()
