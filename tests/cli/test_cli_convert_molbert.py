"""MolBERT: a checkpoint of its format becomes a plain folder, and ``--strong molbert`` works.

The checkpoint is the small reference one, in the exact format of MolBERT's release.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow  # minutes together; `make test-slow` and CI run them

ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()
ARCHIVE = "molbert/molbert_100epochs.zip"
TABLES = ("results.csv", "results.parquet", "predictions.parquet", "molecules.parquet")

WITHOUT_OUR_CODE = """
import json, sys
sys.modules["w2s_mol"] = None  # importing it raises ImportError
import numpy as np, torch
from transformers import AutoModel, AutoTokenizer
folder, tokens, out = sys.argv[1:]
AutoTokenizer.from_pretrained(folder)
model = AutoModel.from_pretrained(folder).eval()
reference = json.load(open(tokens))
pooled, mean = [], []
with torch.no_grad():
    for ids, valid in zip(reference["input_ids"], reference["valid"]):
        if valid:
            output = model(input_ids=torch.tensor([[i for i in ids if i]]))
            pooled.append(output.pooler_output[0].numpy())
            mean.append(output.last_hidden_state[0].mean(dim=0).numpy())
np.savez(out, pooled=pooled, mean=mean)
"""


@pytest.fixture
def checkpoint(mirror, tmp_path):
    """A writable copy of the reference checkpoint, beside its hparams.yaml as in the release."""
    shutil.copytree(
        mirror / "molbert-reference", tmp_path / "release", copy_function=shutil.copyfile
    )
    os.chmod(tmp_path / "release" / "checkpoints", 0o755)  # noqa: PTH101
    return tmp_path / "release" / "checkpoints" / "last.ckpt"


@pytest.mark.slow
def test_a_converted_checkpoint_gives_molberts_vectors_with_transformers_alone(
    cli, checkpoint, tmp_path, mirror
):
    quiet = cli("convert-molbert", checkpoint, "-o", "made/molbert", "-q")
    assert (quiet.code, quiet.out) == (0, "")
    folder = tmp_path / "made" / "molbert"
    assert [path.name for path in folder.parent.iterdir()] == ["molbert"]
    assert "MolBERT" in (folder / "README.md").read_text()

    reference = mirror / "molbert-reference"
    made = tmp_path / "vectors.npz"
    tokens = reference / "tokens.json"
    subprocess.run(
        [sys.executable, "-c", WITHOUT_OUR_CODE, folder, tokens, made],
        check=True,
        capture_output=True,
    )
    ours, original = np.load(made), np.load(reference / "embeddings.npz")
    for pooling in ("pooled", "mean"):
        expected = original[pooling][original["valid"]]
        np.testing.assert_allclose(ours[pooling], expected, atol=1e-5)

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = cli("convert-molbert", checkpoint, "-o", "made/molbert")
    assert again.code == 2
    assert "made/molbert exists" in again.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert quiet.err == ""  # -q: no library's progress bar either


def truncated(path):
    path.write_bytes(path.read_bytes()[:20_000])


def no_checkpoint(path):
    path.write_text("smiles,logp\nCCO,1\n")


def empty(path):
    path.write_bytes(b"")


def absent(path):
    path.unlink()


@pytest.mark.parametrize("spoil", [truncated, no_checkpoint, empty, absent])
def test_what_is_no_whole_checkpoint_is_refused_by_name_and_nothing_is_written(
    cli, checkpoint, tmp_path, spoil
):
    spoil(checkpoint)
    done = cli("convert-molbert", checkpoint, "-o", "molbert")
    assert (done.code, done.out) == (2, "")
    assert "last.ckpt" in done.err
    assert done.err.count("error: ") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


def test_a_checkpoint_of_twelve_heads_needs_a_hidden_size_that_they_divide(
    cli, checkpoint, tmp_path
):
    (checkpoint.parent.parent / "hparams.yaml").unlink()  # it said tiny: true, so 2 heads
    done = cli("convert-molbert", checkpoint, "-o", "molbert")
    assert done.code == 2
    assert "hidden size 16 is not a multiple of 12 heads" in done.err
    assert not (tmp_path / "molbert").exists()


@pytest.fixture(scope="module")
def asked():
    """The paths that the server was asked for, in order."""
    return []


@pytest.fixture(scope="module")
def server(mirror, tmp_path_factory, asked):
    """The address of a local server of a small MolBERT release, laid out as a mirror."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_):
            """Say nothing."""

    served = tmp_path_factory.mktemp("served")
    (served / "molbert").mkdir()
    reference = mirror / "molbert-reference"
    with zipfile.ZipFile(served / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("checkpoints/last.ckpt", "hparams.yaml"):
            archive.write(reference / name, f"molbert_100epochs/{name}")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=served)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_strong_molbert_is_fetched_converted_and_studied_once(
    cli, server, asked, checkpoint, tmp_path, fresh_home
):
    (tmp_path / "m.csv").write_text("\n".join(ROWS[:41]) + "\n")
    table = ("run", "--dataset", "m.csv", "--target-column", "logp", "--weak", "rdkit2d")
    command = (*table, "--strong", "molbert", "--mirror", server)
    asked.clear()

    first = cli(*command, "-o", "first")
    assert first.code == 0, first.err
    assert asked == [f"/{ARCHIVE}"]
    results = pd.read_parquet(tmp_path / "first" / "results.parquet")
    assert set(results["strong"]) == {"molbert"}
    assert results[["w2s_error", "misfit", "ceiling_error"]].notna().all(axis=None)

    second = cli(*command, "-o", "second")
    assert second.code == 0, second.err
    assert asked == [f"/{ARCHIVE}"]
    for name in TABLES:
        again = (tmp_path / "second" / name).read_bytes()
        assert again == (tmp_path / "first" / name).read_bytes(), name

    # The same checkpoint, converted by the user, is the same encoder.
    assert cli("convert-molbert", checkpoint, "-o", "own").code == 0
    [converted] = (fresh_home / "encoders").rglob("model.safetensors")
    assert (tmp_path / "own" / "model.safetensors").read_bytes() == converted.read_bytes()


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    return tmp_path_factory.mktemp("homes")


def embed_with_molbert(cli, server, home, output):
    output.with_suffix(".csv").write_text("smiles\nCCO\nc1ccccc1O\n")
    return cli(
        *("embed", output.with_suffix(".csv"), "--encoder", "molbert", "-q", "-o", output),
        *("--mirror", server),
        W2S_MOL_HOME=str(home),
    )


@pytest.fixture
def used_home(cli, server, homes):
    """A home into which MolBERT was fetched and converted, and what it then embedded."""
    home = homes / "used"
    if not home.exists():
        assert embed_with_molbert(cli, server, home, homes / "embedded.parquet").code == 0
    return home, homes / "embedded.parquet"


@pytest.mark.parametrize("kind", ["truncated", "altered"])
def test_a_spoiled_conversion_in_the_cache_is_noticed_and_made_again(
    cli, server, used_home, tmp_path, kind
):
    used, embedded = used_home
    home = tmp_path / "home"
    shutil.copytree(used, home)
    [weights] = (home / "encoders").rglob("model.safetensors")
    whole = weights.read_bytes()
    spoiled = {"truncated": whole[: len(whole) // 2], "altered": whole[:-400] + bytes(400)}
    weights.write_bytes(spoiled[kind])

    again = embed_with_molbert(cli, server, home, tmp_path / "again.parquet")
    assert (again.code, again.err) == (0, "")
    first, second = pd.read_parquet(embedded), pd.read_parquet(tmp_path / "again.parquet")
    np.testing.assert_array_equal(np.stack(second["embedding"]), np.stack(first["embedding"]))
    assert weights.read_bytes() == whole


@pytest.mark.slow
def test_a_zip_that_is_not_molberts_is_refused_by_name(cli, tmp_path, fresh_home):
    (tmp_path / "mirror" / "molbert").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "mirror" / ARCHIVE, "w") as archive:
        archive.writestr("molbert_100epochs/readme.txt", "nothing here")
    done = embed_with_molbert(cli, tmp_path / "mirror", fresh_home, tmp_path / "out.parquet")
    assert done.code in (1, 2)
    assert "checkpoints/last.ckpt" in done.err
    assert not (tmp_path / "out.parquet").exists()
    assert not list((fresh_home / "encoders").rglob("*.*"))
