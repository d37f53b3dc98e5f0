"""``w2s-mol data`` and ``w2s-mol encoders``: what there is, and fetching it from a mirror."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil

import pytest

from w2s_mol.datasets.moleculeace import MOLECULEACE


def as_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_list_says_the_same_in_every_format_and_that_the_built_in_labels_are_computed(
    cli, fresh_home
):
    table = cli("data", "list")
    records = json.loads(cli("data", "list", "--format", "json").out)
    assert table.code == 0
    assert {record["name"] for record in records} == {
        *("computed-logp", "esol", "freesolv", "lipop", "bace", "bbbp", "guacamol", "molbert"),
        *MOLECULEACE,
    }
    assert set(records[0]) == {"name", "what", "from", "size", "licence", "here"}
    assert as_csv(cli("data", "list", "--format", "csv").out) == records
    assert all(record["name"] in table.out for record in records)
    by_name = {record["name"]: record for record in records}
    assert "computed" in by_name["computed-logp"]["what"]
    assert by_name["computed-logp"]["here"] == "yes"
    assert by_name["guacamol"]["size"] == "77.3 MB"
    assert by_name["moleculeace:CHEMBL204_Ki"]["what"] == "2,754 pKi, thrombin"
    assert {by_name[name]["here"] for name in by_name if name != "computed-logp"} == {"no"}
    assert not fresh_home.exists()


def test_the_encoders_are_the_shipped_ones_and_those_without_weights(cli):
    listed = json.loads(cli("encoders", "--format", "json").out)
    hidden = {one["encoder"]: one["hidden"] for one in listed}
    assert {"rdkit2d", "ecfp", "molbert"} <= set(hidden)
    shipped = {name: size for name, size in hidden.items() if name.startswith("weak-")}
    assert set(shipped.values()) == {8, 12, 16, 24, 32, 48, 64, 96}
    assert all(re.fullmatch(rf"weak-h{size}-s\d", name) for name, size in shipped.items())


def test_what_was_fetched_from_a_mirror_is_here_and_not_needed_from_it_again(
    cli, fresh_home, mirror
):
    fetched = cli("data", "fetch", "esol", "--offline", "--mirror", mirror)
    assert fetched.code == 0
    assert "esol: 4 files in" in fetched.out
    table = fresh_home / "downloads" / "chembench" / "ESOL" / "ESOL.csv.gz"
    original = mirror / "chembench" / "ESOL" / "ESOL.csv.gz"
    assert table.read_bytes() == original.read_bytes()
    assert not list(fresh_home.rglob("*.part"))

    again = cli("data", "fetch", "esol", "--offline")
    assert (again.code, again.out) == (0, fetched.out)
    listed = json.loads(cli("data", "list", "--format", "json").out)
    assert {one["name"] for one in listed if one["here"] == "yes"} == {"computed-logp", "esol"}

    table.write_bytes(table.read_bytes()[:100])
    assert cli("data", "fetch", "esol", "--offline", "--mirror", mirror).code == 0
    assert table.read_bytes() == original.read_bytes()


def test_what_a_mirror_lacks_or_has_altered_fails_by_name_and_the_rest_is_fetched(
    cli, tmp_path, fresh_home, mirror
):
    own = tmp_path / "mirror" / "chembench"
    shutil.copytree(mirror / "chembench" / "ESOL", own / "ESOL", copy_function=shutil.copyfile)
    shutil.copytree(mirror / "chembench" / "BACE", own / "BACE", copy_function=shutil.copyfile)
    table = own / "BACE" / "BACE.csv.gz"
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    done = cli("data", "fetch", "bace", "freesolv", "esol", "--offline", "--mirror", own.parent)
    assert done.code == 1
    assert "esol: 4 files in" in done.out
    assert "FreeSolv.csv.gz" in done.err
    assert "BACE.csv.gz" in done.err
    assert "sha256" in done.err
    kept = fresh_home / "downloads" / "chembench"
    assert (kept / "ESOL" / "ESOL.csv.gz").is_file()
    assert not [path for path in (kept / "BACE").iterdir() if path.suffix in {".gz", ".part"}]


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["lipp"], 2, "Did you mean 'lipop'?"),
        (["moleculeace:CHEMBL204-Ki"], 2, "Did you mean 'moleculeace:CHEMBL204_Ki'?"),
        (["esol", "--mirror", "nowhere"], 2, "mirror nowhere is not a folder"),
        (["lipop", "--offline"], 1, "Lipop.csv.gz"),
        ([], 2, "Missing argument 'NAME'"),
    ],
    ids=["unknown name", "unknown set", "no such mirror", "offline without data", "no name"],
)
def test_a_fetch_that_cannot_be_done_says_why(cli, fresh_home, arguments, code, named):
    done = cli("data", "fetch", *arguments)
    assert (done.code, done.out) == (code, "")
    assert named in done.err
    assert not list(fresh_home.rglob("*.gz"))
