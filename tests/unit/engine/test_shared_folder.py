import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from fake_run import ALL_FILES, TABLE_FILES, FakeRun, visible

from w2s_mol.engine.finished import Finished
from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.parts import Parts
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.progress import silent

SAME_FILES = (*TABLE_FILES, "config.toml")


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, bytes]:
    """What a run is that one process carries out alone."""
    carry_out(FakeRun(), tmp_path / "alone", silent)
    return {name: (tmp_path / "alone" / name).read_bytes() for name in SAME_FILES}


def is_as_alone(folder: Path, alone: dict[str, bytes]) -> None:
    assert visible(folder) == ALL_FILES
    assert {name: (folder / name).read_bytes() for name in alone} == alone


def until(there: Callable[[], object]) -> None:
    for _ in range(3000):
        if there():
            return
        time.sleep(0.01)
    raise AssertionError


def test_two_at_one_folder_share_the_parts(tmp_path: Path, alone: dict[str, bytes]) -> None:
    """Neither does its first part before the other is at one: they are at work together."""
    folder, together = tmp_path / "run", threading.Barrier(2, timeout=30)
    runs = [FakeRun(), FakeRun()]
    for run in runs:
        run.before = lambda _, run=run: together.wait() if not run.computed else None
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda run: carry_out(run, folder, silent), runs))
    assert sorted(runs[0].computed + runs[1].computed) == ["a", "b", "c"]
    assert runs[0].computed
    assert runs[1].computed
    is_as_alone(folder, alone)
    assert found[0].manifest == found[1].manifest
    assert len(found[0].manifest["sessions"]) == 2
    assert found[0].manifest["seconds"]["work"] == 4.5
    assert all(one.computed for one in found)
    for name in ("results", "extra"):
        assert found[0].tables[name].equals(found[1].tables[name])


@pytest.mark.parametrize("names", [tuple("abcdefghijkl"), ("a",)])
def test_many_at_one_folder_do_each_part_once(tmp_path: Path, names: tuple[str, ...]) -> None:
    carry_out(FakeRun(names=names), tmp_path / "alone", silent)
    runs = [FakeRun(names=names) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda run: carry_out(run, tmp_path / "run", silent), runs))
    assert sorted(part for run in runs for part in run.computed) == sorted(names)
    whole = {name: (tmp_path / "alone" / name).read_bytes() for name in SAME_FILES}
    is_as_alone(tmp_path / "run", whole)


CHILD = dedent("""
    import sys, time
    from pathlib import Path
    from fake_run import FakeRun
    from w2s_mol.engine.folder import carry_out
    from w2s_mol.progress import silent

    folder, stays_at = Path(sys.argv[1]), sys.argv[2]

    def before(part):
        if part == stays_at:
            (folder.parent / "at-it").touch()
            time.sleep(120)

    carry_out(FakeRun(before=before), folder, silent)
""")


def started(folder: Path, stays_at: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]),
    }
    command = [sys.executable, "-c", CHILD, str(folder), stays_at]
    process = subprocess.Popen(command, env=environment)
    until((folder.parent / "at-it").exists)
    return process


def test_what_a_killed_process_was_at_is_taken_over(
    tmp_path: Path, alone: dict[str, bytes]
) -> None:
    """Killed with -9 while this one waits for its part."""
    folder, told, run = tmp_path / "run", [], FakeRun()
    process = started(folder, "b")
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(carry_out, run, folder, lambda *what: told.append(what))
        until(lambda: told)
        assert run.computed == ["c"]
        process.send_signal(signal.SIGKILL)
        process.wait()
        found: Finished = work.result(timeout=60)
    assert run.computed == ["c", "b"]
    assert told[0] == (
        f"waiting for another process at work on {folder}, seconds",
        0,
        None,
    )
    is_as_alone(folder, alone)
    assert [len(found.manifest["sessions"]), found.manifest["seconds"]["work"]] == [2, 4.5]


def test_who_comes_while_a_run_is_put_together_reads_it(
    tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second finds nothing finished, waits for the lock, and then all is done."""
    folder, waits = tmp_path / "run", threading.Event()
    original, second = Parts.remove, FakeRun()

    def removed_late(parts: Parts) -> None:
        monkeypatch.setattr(Parts, "remove", original)
        assert waits.wait(30)
        original(parts)

    def tell(*_: object) -> None:
        waits.set()

    monkeypatch.setattr(Parts, "remove", removed_late)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(carry_out, FakeRun(), folder, silent)
        until(lambda: folder.exists() and (folder / "results.csv").exists())
        # As one sees it that looked a moment before the manifest was written.
        monkeypatch.setattr("w2s_mol.engine.work._whole_and_finished", lambda *_: None)
        late = pool.submit(carry_out, second, folder, tell)
        first, late = first.result(60), late.result(60)
    assert second.computed == []
    assert not late.computed
    assert late.manifest == first.manifest
    is_as_alone(folder, alone)


def test_who_looks_at_a_part_when_the_run_is_just_finished_reads_it(
    tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other has taken the parts away; none is done again and no folder of parts is left."""
    folder, run = tmp_path / "run", FakeRun()
    original, first = Parts.read, []

    def finished_by_another(parts: Parts, part: str) -> object:
        monkeypatch.setattr(Parts, "read", original)
        first.append(carry_out(FakeRun(), folder, silent))
        return parts.read(part)

    monkeypatch.setattr(Parts, "read", finished_by_another)
    found = carry_out(run, folder, silent)
    assert run.computed == []
    assert found.manifest == first[0].manifest
    is_as_alone(folder, alone)


def test_who_did_the_last_part_may_find_the_run_finished_by_another(
    tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another puts the parts together as soon as the last one is there."""
    folder, original = tmp_path / "run", Parts.write
    other = []

    def finished_at_once(parts: Parts, part: str, done: object) -> None:
        original(parts, part, done)
        if part == "c":
            other.append(carry_out(FakeRun(), folder, silent))

    monkeypatch.setattr(Parts, "write", finished_at_once)
    found = carry_out(FakeRun(), folder, silent)
    assert found.manifest == other[0].manifest
    is_as_alone(folder, alone)


def test_a_run_that_is_at_work_is_not_thrown_out_of_its_folder(tmp_path: Path) -> None:
    """Also before its first part is there."""
    at_work, told = threading.Event(), threading.Event()
    run = FakeRun()
    run.before = lambda _: (at_work.set(), told.wait(30))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(carry_out, run, tmp_path, silent)
        assert at_work.wait(30)
        with pytest.raises(InputError, match="holds another study"):
            carry_out(FakeRun(run_id="other", factor=2), tmp_path, silent)
        told.set()
        assert first.result().computed


def test_parts_that_were_made_of_different_things_are_not_put_together(tmp_path: Path) -> None:
    class Flaky(FakeRun):
        def do(self, part, progress):
            done = super().do(part, progress)
            return replace(done, made_of={"molecules of a": "1" if part == "a" else "2"})

    with pytest.raises(W2SMolError, match="made of different molecules of a"):
        carry_out(Flaky(), tmp_path, silent)


def test_what_a_kill_left_of_a_finished_run_goes_when_it_is_read(tmp_path: Path) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    (tmp_path / "parts").mkdir()
    for name in ("a.json", "a.results.arrow", "a.extra.parquet", ".b.lock"):
        (tmp_path / "parts" / name).write_text("left")
    assert not carry_out(FakeRun(), tmp_path, silent).computed
    assert not (tmp_path / "parts").exists()
