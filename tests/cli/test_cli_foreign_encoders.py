"""Encoders that are not ours in the real program: a file of embeddings, a script's plug-in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PLUGIN = Path(__file__).parent / "my_encoder.py"
ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()


def table(folder):
    (folder / "m.csv").write_text("\n".join(ROWS[:81]) + "\n")
    return ("run", "--dataset", "m.csv", "--target-column", "logp", "--split-seed", "0")


@pytest.mark.slow
def test_a_study_of_what_embed_wrote_is_the_study_of_its_encoder(cli, tmp_path):
    study = table(tmp_path)
    assert cli("embed", "m.csv", "-e", "ecfp", "-o", "made/ecfp.parquet").code == 0
    for strong, folder in (("ecfp", "one"), ("file:made/ecfp.parquet", "two")):
        done = cli(*study, "--weak", "rdkit2d", "--strong", strong, "-o", folder)
        assert done.code == 0, done.err
    one, two = (pd.read_parquet(tmp_path / n / "results.parquet") for n in ("one", "two"))
    assert set(two["strong"]) == {"ecfp"}
    numbers = one.select_dtypes("float").columns
    assert "w2s_error" in numbers
    np.testing.assert_allclose(one[numbers], two[numbers], rtol=0, atol=1e-12)

    (tmp_path / "text.parquet").write_text("no")
    done = cli(*study, "--weak", "rdkit2d", "--strong", "file:text.parquet")
    assert (done.code, done.out) == (2, "")
    assert "error: cannot read text.parquet: " in done.err


def test_a_script_in_the_current_folder_takes_part_in_a_study(cli, tmp_path):
    study = table(tmp_path)
    shutil.copy(PLUGIN, tmp_path / "my_encoder.py")
    done = cli(*study, "--weak", "python:my_encoder:CountAtoms", "--strong", "ecfp", "-o", "run")
    assert done.code == 0, done.err
    results = pd.read_parquet(tmp_path / "run" / "results.parquet")
    assert set(results["weak"]) == {"count-atoms"}
    [weak] = json.loads((tmp_path / "run" / "manifest.json").read_text())["weak"]
    assert weak["pretraining"]["plugin"] == "python:my_encoder:CountAtoms"

    script = (tmp_path / "my_encoder.py").read_text()
    (tmp_path / "my_encoder.py").write_text(script.replace(".upper()", ".upper"))
    done = cli(*study, "--weak", "python:my_encoder:CountAtoms", "--strong", "ecfp", "-o", "run2")
    assert (done.code, done.out) == (2, "")
    assert "python:my_encoder:CountAtoms failed on" in done.err
    assert "AttributeError" in done.err


def test_an_installed_plugin_is_listed(cli, tmp_path):
    info = tmp_path / "site" / "atoms-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: atoms\nVersion: 1.0\n")
    points = "[w2s_mol.encoders]\ncount-atoms = my_encoder:CountAtoms\n"
    (info / "entry_points.txt").write_text(points)
    where = f"{tmp_path / 'site'}:{Path(__file__).parents[2]}"
    listed = json.loads(cli("encoders", "--format", "json", PYTHONPATH=where).out)
    [row] = [row for row in listed if row["encoder"] == "count-atoms"]
    assert row["what"] == "plug-in of atoms 1.0, my_encoder:CountAtoms"
