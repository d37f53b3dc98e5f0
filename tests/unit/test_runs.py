import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.run import Part
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent
from w2s_mol.runs import find_runs


class FakeRun:
    """One part, whose only value is the run's name."""

    tables: tuple[str, ...] = ("results", "extra")
    format = 7

    def __init__(self, name: str, kind: str = "study", *, killed: bool = False) -> None:
        self.kind, self.run_id, self._name, self._killed = kind, f"id-{name}", name, killed

    def config(self) -> dict[str, Any]:
        return {"name": self._name}

    def chosen(self) -> dict[str, Any]:
        return self.config()

    def part_names(self) -> list[str]:
        return ["whole"]

    def do(self, part: str, progress: Progress) -> Part:
        if self._killed:
            raise KeyboardInterrupt
        return Part({name: pd.DataFrame({name: [self._name]}) for name in self.tables})

    def manifest(self) -> dict[str, Any]:
        return {}

    def measured(self) -> dict[str, Any]:
        return {"device": "cpu"}


def make(folder: Path, kind: str = "study") -> Path:
    carry_out(FakeRun(folder.name, kind), folder, silent)
    return folder


def make_killed(folder: Path) -> Path:
    with pytest.raises(KeyboardInterrupt):
        carry_out(FakeRun(folder.name, killed=True), folder, silent)
    return folder


def test_a_folder_that_is_a_run_is_that_run(tmp_path: Path) -> None:
    [run] = find_runs([make(tmp_path / "one", "synthetic")])
    assert run.folder == tmp_path / "one"
    assert run.kind == "synthetic"
    assert run.manifest == json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert run.table("extra")["extra"].tolist() == ["one"]


def test_a_folder_of_runs_is_its_finished_ones_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        make(tmp_path / name)
    make_killed(tmp_path / "killed")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert [run.folder.name for run in find_runs([tmp_path])] == ["a", "b", "c"]


def test_a_run_found_twice_is_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    monkeypatch.chdir(tmp_path)
    found = find_runs([one, tmp_path, Path("one"), two])
    assert [run.folder.name for run in found] == ["one", "two"]


@pytest.mark.parametrize("place", ["empty", "nowhere", "killed", "file"])
def test_a_folder_without_a_finished_run_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    make_killed(tmp_path / "killed")
    whole = make(tmp_path / "whole")
    with pytest.raises(
        InputError, match=rf"{place} (holds no finished run|is not a folder).*w2s-mol run"
    ):
        find_runs([whole, tmp_path / place])


def test_a_run_killed_while_it_was_put_together_is_not_finished(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "finished": False}))
    with pytest.raises(InputError, match="no finished run"):
        find_runs([folder])


def test_results_without_their_manifest_are_a_studys(tmp_path: Path) -> None:
    folder = make(tmp_path / "copied")
    (folder / "manifest.json").unlink()
    [run] = find_runs([folder])
    assert run.kind == "study"
    assert run.table("results")["results"].tolist() == ["copied"]


def test_a_damaged_manifest_is_a_clear_error(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    (folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest\.json cannot be read"):
        find_runs([tmp_path])


@pytest.mark.parametrize("content", [None, b"", b"PAR1"])
def test_a_table_that_cannot_be_read_is_a_clear_error(tmp_path, content: bytes | None) -> None:
    [run] = find_runs([make(tmp_path / "run")])
    path = tmp_path / "run" / "extra.parquet"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match=r"extra\.parquet (cannot be read|is missing)"):
        run.table("extra")


@pytest.mark.parametrize("name", ["results.csv", "config.toml"])
def test_a_damaged_file_that_can_be_mended_is(tmp_path: Path, name: str) -> None:
    path = make(tmp_path / "run") / name
    before = path.read_bytes()
    path.write_bytes(before[:-2])
    [run] = find_runs([tmp_path])
    assert run.mended == (name,)
    assert path.read_bytes() == before


def test_a_damaged_table_is_named_though_it_may_not_be_asked_for(tmp_path: Path) -> None:
    path = make(tmp_path / "run") / "extra.parquet"
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"extra\.parquet is missing or damaged.*run it again"):
        find_runs([tmp_path])


def test_a_damaged_run_beside_whole_ones_is_told_to_whoever_goes_on_without_it(
    tmp_path: Path,
) -> None:
    for name in ("one", "two", "three"):
        make(tmp_path / name)
    (tmp_path / "one" / "manifest.json").write_text("{")
    (tmp_path / "two" / "extra.parquet").write_bytes(b"PAR1")
    (tmp_path / "zero").mkdir()
    (tmp_path / "zero" / "results.parquet").write_bytes(b"PAR1")
    damaged: list[InputError] = []
    assert [run.folder.name for run in find_runs([tmp_path], damaged)] == ["three"]
    manifest, table, copied = map(str, damaged)
    assert "one/manifest.json cannot be read" in manifest
    assert "two/extra.parquet is missing or damaged" in table
    assert "zero/results.parquet cannot be read" in copied
    with pytest.raises(InputError, match=r"one/manifest\.json"):
        find_runs([tmp_path])
    with pytest.raises(InputError, match=r"two/extra\.parquet"):
        find_runs([tmp_path / "two"], damaged)
    shutil.rmtree(tmp_path / "three")
    with pytest.raises(InputError, match=r"one/manifest\.json"):
        find_runs([tmp_path], damaged)
    assert len(damaged) == 3


def test_a_copy_of_the_tables_alone_is_read(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    (folder / "results.csv").unlink()
    [run] = find_runs([folder])
    assert run.mended == ()
    assert run.table("results")["results"].tolist() == ["run"]


def test_a_run_of_0_3_has_no_hashes_and_is_read(tmp_path: Path) -> None:
    folder = make(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in ("files", "sessions", "format"):
        del manifest[name]
    (folder / "manifest.json").write_text(json.dumps({**manifest, "w2s_mol": "0.3.0"}))
    [run] = find_runs([folder])
    assert run.table("extra")["extra"].tolist() == ["run"]
