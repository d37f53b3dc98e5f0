import json
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from w2s_mol.run_folder import Tables, carry_out, read_manifest

from w2s_mol import files, run_folder
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.progress import Progress, silent


@dataclass
class FakeRun:
    """Three parts of two tables; ``stop_before`` a part, it is killed."""

    run_id: str = "0123"
    kind: str = "study"
    format: int = 7
    tables: tuple[str, ...] = ("results", "extra")
    names: tuple[str, ...] = ("a", "b", "c")
    factor: int = 1
    stop_before: str | None = None
    computed: list[str] = field(default_factory=list)

    def config(self) -> dict[str, Any]:
        return {"factor": self.factor, "names": list(self.names)}

    def chosen(self) -> dict[str, Any]:
        return {} if self.factor == 1 else {"factor": self.factor}

    def part_names(self) -> list[str]:
        return list(self.names)

    def parts(self, progress: Progress, done: frozenset[str]) -> Iterator[tuple[str, Tables]]:
        for number, name in enumerate(self.names):
            if name not in done:
                if name == self.stop_before:
                    raise KeyboardInterrupt
                self.computed.append(name)
                values = [self.factor * number / 3, self.factor * number / 7]
                yield (
                    name,
                    {
                        "results": pd.DataFrame({"part": [name] * 2, "value": values}),
                        "extra": pd.DataFrame({"part": [name], "number": [number]}),
                    },
                )

    def manifest(self) -> dict[str, Any]:
        return {"notes": {"a": ["a note"]}}

    def measured(self) -> dict[str, Any]:
        return {"seconds": {"work": 1.5}, "device": "cpu"}


ALL_FILES = {"results.csv", "results.parquet", "extra.parquet", "config.toml", "manifest.json"}
TABLE_FILES = ("results.csv", "results.parquet", "extra.parquet")


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def stopped(folder: Path, before: str = "c", **other) -> None:
    with pytest.raises(KeyboardInterrupt):
        carry_out(FakeRun(stop_before=before, **other), folder, silent)


def test_without_a_folder_a_run_is_its_tables_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = carry_out(FakeRun(), None, silent)
    assert list(found.tables["results"]["part"]) == ["a", "a", "b", "b", "c", "c"]
    assert list(found.tables["results"].index) == list(range(6))
    assert list(found.tables["extra"]["number"]) == [0, 1, 2]
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
    assert manifest["notes"] == {"a": ["a note"]}
    assert manifest["device"] == "cpu"
    assert manifest["seconds"]["work"] == 1.5
    assert 0 <= manifest["seconds"]["total"] < 60
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


@settings(deadline=None, max_examples=12)
@given(st.lists(st.integers(0, 12), max_size=4))
def test_wherever_a_run_is_killed_it_ends_with_the_same_bytes(kills: list[int]) -> None:
    """Killed after any number of written tables (3 parts x 2, then 2 whole ones), many times."""
    write = run_folder.write_parquet
    left = 0

    def killed(path: Path, frame: pd.DataFrame) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        write(path, frame)

    with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patched:
        whole, folder = Path(root) / "whole", Path(root) / "killed"
        carry_out(FakeRun(), whole, silent)
        for left in kills:  # noqa: B007 -- counted down above
            patched.setattr(run_folder, "write_parquet", killed)
            try:
                carry_out(FakeRun(), folder, silent)
            except KeyboardInterrupt:
                assert not read_manifest(folder)["finished"]
            else:
                assert read_manifest(folder)["finished"]
        patched.setattr(run_folder, "write_parquet", write)
        carry_out(FakeRun(), folder, silent)
        assert visible(folder) == ALL_FILES
        for name in TABLE_FILES:
            assert (folder / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("table", ["results", "extra"])
@pytest.mark.parametrize("content", [None, b"", b"PAR1"])
def test_a_part_that_is_not_whole_is_computed_again(
    tmp_path: Path, table: str, content: bytes | None
) -> None:
    stopped(tmp_path, "c")
    part = tmp_path / "parts" / f"a.{table}.parquet"
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
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(InputError, match=r"holds another study \(its factor is 1, not 2\)"):
        carry_out(FakeRun(run_id="other", factor=2), tmp_path, silent)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_run_of_another_kind_or_content_is_told_apart(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    with pytest.raises(InputError, match=r"holds another study \(this is a synthetic run\)"):
        carry_out(FakeRun(run_id="other", kind="synthetic"), tmp_path, silent)
    with pytest.raises(InputError, match="another content"):
        carry_out(FakeRun(run_id="other"), tmp_path, silent)


def changed_manifest(folder: Path, **changed: Any) -> None:
    path = folder / "manifest.json"
    manifest = {**json.loads(path.read_text()), **changed}
    path.write_text(json.dumps({n: v for n, v in manifest.items() if v is not None}))


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
    before = {p: p.read_bytes() for p in (tmp_path / "parts").iterdir()}
    assert len(before) == 4
    with pytest.raises(InputError, match="holds another study"):
        carry_out(FakeRun(run_id="other", **other), tmp_path, silent)
    assert {p: p.read_bytes() for p in (tmp_path / "parts").iterdir()} == before


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
    assert found["seconds"] == {"total": pytest.approx(total, abs=0.002), "work": 4.5}
    assert found["notes"] == {"a": ["a note"]}


def test_sessions_of_different_versions_are_noted(tmp_path: Path) -> None:
    stopped(tmp_path)
    sessions = json.loads((tmp_path / "manifest.json").read_text())["sessions"]
    sessions[0]["packages"]["numpy"] = "1.0"
    changed_manifest(tmp_path, sessions=sessions)
    [note] = carry_out(FakeRun(), tmp_path, silent).manifest["notes"]["this run"]
    assert note.startswith("its parts were computed with different versions: numpy 1.0, ")


@pytest.mark.parametrize("what", ["folder", "manifest", "part", "table"])
def test_a_folder_spoiled_while_a_run_is_at_work_is_a_failure(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "run"

    class Spoiled(FakeRun):
        def parts(self, progress: Progress, done: frozenset[str]) -> Iterator[tuple[str, Tables]]:
            for number, part in enumerate(super().parts(progress, done)):
                if number == 2:
                    spoil()
                yield part

    def spoil() -> None:
        if what == "folder":
            shutil.rmtree(folder)
        elif what == "manifest":
            changed_manifest(folder, finished=True)
        elif what == "part":
            (folder / "parts" / "a.results.parquet").write_bytes(b"")
        else:
            (folder / "parts" / "a.extra.parquet").unlink()

    with pytest.raises(W2SMolError, match="while the run was at work") as caught:
        carry_out(Spoiled(), folder, silent)
    assert caught.value.exit_code == 1
    if what == "folder":
        assert not folder.exists()


def test_a_finished_run_is_read_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise InputError("cannot write: Read-only file system")

    carry_out(FakeRun(), tmp_path, silent)
    monkeypatch.setattr(run_folder.files, "locked", read_only)
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


def test_no_manifest_is_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"{}", b"[]", b"3", b"null", b"\xff\xfe", b'{"study": 1}', b"[" * 100_000],
)
def test_a_damaged_manifest_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("config", "dataset"),
        ("config", {"dataset": "esol"}),
        ("finished", "yes"),
        ("study", 7),
        ("kind", []),
        ("notes", {"a": "a note"}),
        ("seconds", "long"),
        ("files", ["results.csv"]),
        ("weak", [{"name": "a", "sha256": None}]),
        ("weak", {"name": "a"}),
        ("sessions", [3]),
        ("datasets", [1]),
    ],
)
def test_a_manifest_whose_field_is_of_another_type_is_a_clear_error(
    tmp_path: Path, field: str, value: object
) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    changed_manifest(tmp_path, **{field: value})
    with pytest.raises(InputError, match=rf"cannot be read: it\['{field}'\].* is a "):
        read_manifest(tmp_path)


def test_a_manifest_that_names_no_kind_is_a_studys(tmp_path: Path) -> None:
    """As version 0.1.0 wrote them."""
    carry_out(FakeRun(), tmp_path, silent)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["kind"]
    path.write_text(json.dumps(manifest))
    assert read_manifest(tmp_path)["kind"] == "study"
    assert not carry_out(FakeRun(), tmp_path, silent).computed


def test_a_run_of_one_table_needs_no_other(tmp_path: Path) -> None:
    run = replace(FakeRun(), tables=("results",))
    assert set(carry_out(run, tmp_path, silent).tables) == {"results"}
    assert visible(tmp_path) == ALL_FILES - {"extra.parquet"}


def test_a_part_named_by_a_path_in_the_manifest_is_none_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    stopped(folder)
    victim = tmp_path / "victim.results.parquet"
    victim.write_bytes(b"mine")
    hashes = dict.fromkeys(FakeRun.tables, files.sha256_file(victim))
    changed_manifest(folder, parts={"../../victim": hashes})
    carry_out(FakeRun(), folder, silent)
    assert victim.read_bytes() == b"mine"


def test_parts_that_a_kill_left_beside_a_finished_run_are_removed(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.results.parquet").write_bytes(b"left")
    changed = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "results.csv").unlink()  # so that it is read under the lock
    assert changed["finished"]
    carry_out(FakeRun(), tmp_path, silent)
    assert not (tmp_path / "parts").exists()
