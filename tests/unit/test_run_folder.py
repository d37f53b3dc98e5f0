import json
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

from w2s_mol import run_folder
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent
from w2s_mol.run_folder import Tables, carry_out, read_manifest


@dataclass
class FakeRun:
    """Three parts of two tables; ``stop_before`` a part, it is killed."""

    run_id: str = "0123"
    kind: str = "study"
    tables: tuple[str, ...] = ("results", "extra")
    names: tuple[str, ...] = ("a", "b", "c")
    factor: int = 1
    stop_before: str | None = None
    computed: list[str] = field(default_factory=list)

    def config(self) -> dict[str, Any]:
        return {"factor": self.factor, "names": list(self.names)}

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


def test_a_run_of_another_version_is_not_gone_on_with(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "w2s_mol": "0.0.9"}))
    with pytest.raises(InputError, match=r"made by w2s-mol 0\.0\.9, this is"):
        carry_out(FakeRun(run_id="other"), tmp_path, silent)


def test_a_run_that_ended_before_its_first_part_gives_way_to_another(tmp_path: Path) -> None:
    stopped(tmp_path, "a")
    other = FakeRun(run_id="other", factor=2)
    carry_out(other, tmp_path, silent)
    assert read_manifest(tmp_path)["study"] == "other"
    assert tomllib.loads((tmp_path / "config.toml").read_text())["factor"] == 2


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
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"PAR1")])
def test_a_finished_run_with_a_damaged_table_is_a_clear_error(tmp_path, name: str, damage) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    damage(tmp_path / name)
    with pytest.raises(InputError, match=f"{name} is missing or damaged"):
        carry_out(FakeRun(), tmp_path, silent)


def test_a_lost_csv_is_written_again(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    before = (tmp_path / "results.csv").read_bytes()
    (tmp_path / "results.csv").unlink()
    carry_out(FakeRun(), tmp_path, silent)
    assert (tmp_path / "results.csv").read_bytes() == before


def test_no_manifest_is_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b"[]", b"3", b"null", b"\xff\xfe", b'{"study": 1}']
)
def test_a_damaged_manifest_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json cannot be read"):
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
