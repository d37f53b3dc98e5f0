import json
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from fake_run import ALL_FILES, TABLE_FILES, FakeRun, changed_manifest, contents, stopped, visible
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol import files
from w2s_mol.engine.folder import carry_out
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.progress import silent
from w2s_mol.run_record import read_manifest

NOTES = {
    "a": ["a note", "a note of a", "a note of b", "a note of c"],
    **{f"part {part}": ["its own"] for part in "abc"},
}
"""What the run and its parts say, each thing once."""


def test_without_a_folder_a_run_is_its_tables_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = carry_out(FakeRun(), None, silent)
    assert list(found.tables["results"]["part"]) == ["a", "a", "b", "b", "c", "c"]
    assert list(found.tables["results"].index) == list(range(6))
    assert list(found.tables["extra"]["number"]) == [0, 2]
    assert list(found.tables["results"]["only_c"].dropna()) == [1.5]
    assert found.folder is None
    assert found.computed
    assert not list(tmp_path.iterdir())


def test_a_folder_holds_every_table_the_settings_and_the_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet" / "there"
    found = carry_out(FakeRun(), folder, silent)
    assert visible(folder) == ALL_FILES
    in_memory = carry_out(FakeRun(), None, silent).tables
    for name, table in in_memory.items():
        pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), table)
        pd.testing.assert_frame_equal(found.tables[name], table)
    pd.testing.assert_frame_equal(pd.read_csv(folder / "results.csv"), in_memory["results"])
    assert tomllib.loads((folder / "config.toml").read_text()) == FakeRun().config()
    assert found.folder == folder


def test_the_manifest_says_what_ran_on_what_and_how_long(tmp_path: Path) -> None:
    found = carry_out(FakeRun(), tmp_path, silent)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest == found.manifest == read_manifest(tmp_path)
    assert (manifest["kind"], manifest["study"], manifest["finished"]) == ("study", "0123", True)
    assert manifest["config"] == FakeRun().config()
    assert manifest["notes"] == NOTES
    assert manifest["device"] == "cpu"
    assert 0 <= manifest["seconds"].pop("total") < 60
    assert manifest["seconds"] == {"work": 4.5, "a": 0.25, "b": 0.25, "c": 0.25}
    assert carry_out(FakeRun(), None, silent).manifest["notes"] == NOTES
    assert manifest["packages"]["torch"]


def test_a_finished_run_is_read_not_repeated(tmp_path: Path) -> None:
    first = carry_out(FakeRun(), tmp_path, silent)
    again = FakeRun()
    second = carry_out(again, tmp_path, silent)
    assert again.computed == []
    assert first.computed
    assert not second.computed
    assert second.manifest == first.manifest
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])


def test_a_stopped_run_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    stopped(tmp_path, "c")
    assert read_manifest(tmp_path)["finished"] is False
    run = FakeRun()
    assert carry_out(run, tmp_path, silent).computed
    assert run.computed == ["c"]
    assert visible(tmp_path) == ALL_FILES


@contextmanager
def killed_at(write: int) -> Iterator[list[str]]:
    """Let files be written but for one, at which the process is killed; give those written."""
    original, written = files.atomic_path, []

    @contextmanager
    def counted(path: Path) -> Iterator[Path]:
        with original(path) as temporary:
            yield temporary
            if len(written) == write:
                raise KeyboardInterrupt
        written.append(path.name)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "atomic_path", counted)
        yield written


def writes_of_a_run() -> list[str]:
    with tempfile.TemporaryDirectory() as root, killed_at(-1) as written:
        carry_out(FakeRun(), Path(root) / "run", silent)
    return written


WRITES = 19
"""Of a whole run."""


def carry_out_killed_at(folder: Path, write: int) -> None:
    with killed_at(write):
        try:
            carry_out(FakeRun(), folder, silent)
        except KeyboardInterrupt:
            manifest = read_manifest(folder)
            assert not manifest or not manifest["finished"]
        else:
            assert read_manifest(folder)["finished"]


@cache
def never_killed() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as root:
        carry_out(FakeRun(), Path(root), silent)
        return {name: (Path(root) / name).read_bytes() for name in (*TABLE_FILES, "config.toml")}


def is_as_if_never_killed(folder: Path) -> None:
    carry_out(FakeRun(), folder, silent)
    assert visible(folder) == ALL_FILES
    assert {name: (folder / name).read_bytes() for name in never_killed()} == never_killed()


def test_a_run_writes_its_manifest_first_and_last() -> None:
    written = writes_of_a_run()
    assert len(written) == WRITES
    written = [name for name in written if not name.startswith("session")]
    assert written == [
        "manifest.json",
        "config.toml",
        *("a.results.arrow", "a.extra.arrow", "a.json"),
        *("b.results.arrow", "b.json"),
        *("c.results.arrow", "c.extra.arrow", "c.json"),
        *("extra.parquet", "results.parquet", "results.csv"),
        "manifest.json",
    ]


def test_killed_at_any_write_a_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    for write in range(WRITES):
        folder = tmp_path / str(write) / "killed"
        carry_out_killed_at(folder, write)
        is_as_if_never_killed(folder)


@settings(deadline=None, max_examples=12)
@given(st.lists(st.integers(0, WRITES), max_size=4))
def test_killed_many_times_a_run_ends_with_the_same_bytes(kills: list[int]) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "killed"
        for write in kills:
            carry_out_killed_at(folder, write)
        is_as_if_never_killed(folder)


@pytest.mark.parametrize("name", ["a.results.arrow", "a.extra.arrow", "a.json"])
@pytest.mark.parametrize("content", [None, b"", b"PAR1", b"[]", b"{}"])
def test_a_part_that_is_not_whole_is_computed_again(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    stopped(tmp_path, "c")
    part = tmp_path / "parts" / name
    part.unlink() if content is None else part.write_bytes(content)
    run = FakeRun()
    found = carry_out(run, tmp_path, silent)
    assert run.computed == ["a", "c"]
    expected = carry_out(FakeRun(), None, silent).tables
    for name in ("results", "extra"):
        pd.testing.assert_frame_equal(found.tables[name], expected[name])


@pytest.mark.timeout(20)
def test_an_interrupted_run_can_be_asked_for_again_in_the_same_process(tmp_path: Path) -> None:
    """A notebook keeps the traceback, and with it everything the run held."""
    with pytest.raises(KeyboardInterrupt) as kept:
        carry_out(FakeRun(stop_before="b"), tmp_path, silent)
    assert carry_out(FakeRun(), tmp_path, silent).computed
    assert kept


@pytest.mark.parametrize("finished", [True, False])
def test_another_run_is_not_written_over(tmp_path: Path, finished: bool) -> None:
    carry_out(FakeRun(), tmp_path, silent) if finished else stopped(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(InputError, match=r"holds another study \(its factor is 1, not 2\)"):
        carry_out(FakeRun(run_id="other", factor=2), tmp_path, silent)
    assert contents(tmp_path) == before


def test_a_run_of_another_kind_or_content_is_told_apart(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    with pytest.raises(InputError, match=r"holds another study \(this is a synthetic run\)"):
        carry_out(FakeRun(run_id="other", kind="synthetic"), tmp_path, silent)
    with pytest.raises(InputError, match="another content"):
        carry_out(FakeRun(run_id="other"), tmp_path, silent)


def test_a_version_number_alone_makes_no_other_run(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    changed_manifest(tmp_path, w2s_mol="9.9.9")
    assert not carry_out(FakeRun(), tmp_path, silent).computed


def test_a_run_of_another_format_is_said_to_be_of_the_version_that_made_it(tmp_path: Path) -> None:
    """As a run of 0.3.0, whose manifest has no format: choose another folder."""
    carry_out(FakeRun(), tmp_path, silent)
    changed_manifest(tmp_path, w2s_mol="0.3.0", format=None, files=None, sessions=None)
    with pytest.raises(InputError, match=r"\(made by w2s-mol 0\.3\.0, whose results .* Choose an"):
        carry_out(FakeRun(run_id="other"), tmp_path, silent)


def test_a_run_that_ended_before_its_first_part_gives_way_to_another(tmp_path: Path) -> None:
    stopped(tmp_path, "a")
    other = FakeRun(run_id="other", factor=2)
    carry_out(other, tmp_path, silent)
    assert read_manifest(tmp_path)["study"] == "other"
    assert tomllib.loads((tmp_path / "config.toml").read_text())["factor"] == 2


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "synthetic"},
        {"tables": ("results",)},
        {"names": ("x", "y")},
        {"factor": 2},
    ],
    ids=lambda other: min(other),
)
def test_the_parts_of_another_unfinished_run_are_someones_work(tmp_path: Path, other) -> None:
    stopped(tmp_path)
    before = contents(tmp_path / "parts")
    tables = {"a.results.arrow", "a.extra.arrow", "b.results.arrow"}
    kept = {"a.json", "b.json", *tables}
    assert {p.name for p in before if not p.name.startswith("session-")} == kept
    with pytest.raises(InputError, match="holds another study"):
        carry_out(FakeRun(run_id="other", **other), tmp_path, silent)
    assert contents(tmp_path / "parts") == before


def test_what_others_keep_among_the_parts_is_left_there(tmp_path: Path) -> None:
    stopped(tmp_path)
    (tmp_path / "parts" / "notes.txt").write_text("mine")
    carry_out(FakeRun(), tmp_path, silent)
    assert [p.name for p in (tmp_path / "parts").iterdir()] == ["notes.txt"]


def test_what_differs_is_named_whatever_it_is(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    with pytest.raises(InputError, match=r"its names is \['a', 'b', 'c'\], not \['a'\]"):
        carry_out(FakeRun(run_id="other", names=("a",)), tmp_path, silent)
    changed_manifest(tmp_path, datasets={"own": {"sha256": "12", "splits": {"0": "34"}}})
    run = FakeRun(run_id="other")
    inputs = {"datasets": {"own": {"sha256": "12", "splits": {"0": "56"}}}, "notes": {}}
    run.manifest = lambda: inputs
    with pytest.raises(InputError, match=r'its datasets own splits 0 is "34", not "56"'):
        carry_out(run, tmp_path, silent)


def test_a_setting_that_an_older_version_did_not_have_was_at_its_default(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    changed_manifest(tmp_path, config={"names": ["a", "b", "c"]})
    with pytest.raises(InputError, match="another content"):
        carry_out(FakeRun(run_id="other"), tmp_path, silent)
    with pytest.raises(InputError, match="its factor is not given, not 2"):
        carry_out(FakeRun(run_id="other", factor=2), tmp_path, silent)


def test_seconds_are_those_of_all_sessions(tmp_path: Path) -> None:
    for before in ("b", "c"):
        stopped(tmp_path, before)
        assert read_manifest(tmp_path)["seconds"]["total"] >= 0
    found = carry_out(FakeRun(), tmp_path, silent).manifest
    sessions = found["sessions"]
    assert len(sessions) == 3
    assert sessions == sorted(sessions, key=lambda one: one["started"])
    assert all(one["packages"]["torch"] for one in sessions)
    total = sum(one["seconds"] for one in sessions)
    assert found["seconds"].pop("total") == pytest.approx(total, abs=0.002)
    assert found["seconds"] == {"work": 4.5, "a": 0.25, "b": 0.25, "c": 0.25}
    assert found["notes"] == NOTES


def test_sessions_of_different_versions_are_noted(tmp_path: Path) -> None:
    stopped(tmp_path)
    [path] = (tmp_path / "parts").glob("session-*.json")
    session = json.loads(path.read_text())
    session["packages"]["numpy"] = "1.0"
    path.write_text(json.dumps(session))
    [note] = carry_out(FakeRun(), tmp_path, silent).manifest["notes"]["this run"]
    assert note.startswith("its parts were computed with different versions: numpy 1.0, ")


@pytest.mark.parametrize("what", ["folder", "manifest", "part", "record", "table"])
def test_a_folder_spoiled_while_a_run_is_at_work_is_a_failure(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "run"

    def spoil(part: str) -> None:
        if part != "c":
            return
        if what == "folder":
            shutil.rmtree(folder)
        elif what == "manifest":
            changed_manifest(folder, finished=True)
        elif what == "part":
            (folder / "parts" / "a.results.arrow").write_bytes(b"")
        elif what == "record":
            (folder / "parts" / "a.json").unlink()
        else:
            (folder / "parts" / "a.extra.arrow").unlink()

    with pytest.raises(W2SMolError, match="while the run was at work") as caught:
        carry_out(FakeRun(before=spoil), folder, silent)
    assert caught.value.exit_code == 1
    if what == "folder":
        assert not folder.exists()


def test_a_finished_run_is_read_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise InputError("cannot write: Read-only file system")

    carry_out(FakeRun(), tmp_path, silent)
    monkeypatch.setattr(files, "locked", read_only)
    assert not carry_out(FakeRun(), tmp_path, silent).computed
    with pytest.raises(InputError, match="holds another study"):
        carry_out(FakeRun(run_id="other", factor=2), tmp_path, silent)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = [flipped, Path.unlink, lambda p: p.write_bytes(b""), lambda p: p.write_bytes(b"PAR1")]


@pytest.mark.parametrize("name", ["results.csv", "config.toml"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_can_be_had_from_what_is_whole_is_mended(tmp_path: Path, name: str, damage) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    before = (tmp_path / name).read_bytes()
    damage(tmp_path / name)
    found = carry_out(FakeRun(), tmp_path, silent)
    assert not found.computed
    assert found.mended == (name,)
    assert (tmp_path / name).read_bytes() == before
    assert carry_out(FakeRun(), tmp_path, silent).mended == ()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"holds other files \(thesis\.tex\)"):
        carry_out(FakeRun(), tmp_path, silent)
    assert visible(tmp_path) == {"thesis.tex"}


def test_hidden_files_are_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*")
    carry_out(FakeRun(), tmp_path, silent)
    assert (tmp_path / ".gitignore").read_text() == "*"


@pytest.mark.parametrize("place", ["file", "file/run"])
def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        carry_out(FakeRun(), tmp_path / place, silent)


@pytest.mark.parametrize("name", ["results.parquet", "extra.parquet"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_finished_run_with_a_damaged_table_is_a_clear_error(tmp_path, name: str, damage) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    damage(tmp_path / name)
    with pytest.raises(InputError, match=f"{name} is missing or damaged"):
        carry_out(FakeRun(), tmp_path, silent)


def test_a_run_of_one_table_needs_no_other(tmp_path: Path) -> None:
    run = replace(FakeRun(), tables=("results",))
    assert set(carry_out(run, tmp_path, silent).tables) == {"results"}
    assert visible(tmp_path) == ALL_FILES - {"extra.parquet"}


def test_parts_that_a_kill_left_beside_a_finished_run_are_removed(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.results.arrow").write_bytes(b"left")
    changed = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "results.csv").unlink()  # so that it is read under the lock
    assert changed["finished"]
    carry_out(FakeRun(), tmp_path, silent)
    assert not (tmp_path / "parts").exists()
