"""Processes that do one task: what they say is heard, whatever else they print."""

import sys
from pathlib import Path

import pytest

from w2s_mol.engine.workers import work_together
from w2s_mol.errors import InputError

WORKER = """
import os, sys, time
from pathlib import Path
from w2s_mol.engine.workers import serve
from w2s_mol.errors import InputError

def work(task, progress):
    print("a library prints what it likes")
    os.write(1, b"in any way it likes")
    progress("working", 1, 2)
    if task.get("fails"):
        raise InputError("this cannot be used. Take another.")
    mine = Path(task["folder"]) / str(os.getpid())
    mine.write_text("")
    if task.get("dies") and len(list(Path(task["folder"]).iterdir())) == 1:
        os.kill(os.getpid(), 9)
    time.sleep(0.5)
    mine.write_text("done")

serve(work)
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "a_worker.py").write_text(WORKER)
    (tmp_path / "done").mkdir()
    places = [str(tmp_path), *filter(None, sys.path)]
    monkeypatch.setenv("PYTHONPATH", ":".join(places))
    return "a_worker"


def done(tmp_path: Path) -> list[str]:
    return sorted(path.read_text() for path in (tmp_path / "done").iterdir())


def test_each_does_the_task_and_the_first_is_heard(tmp_path: Path, worker: str) -> None:
    told: list[tuple] = []
    work_together(worker, {"folder": str(tmp_path / "done")}, 2, lambda *said: told.append(said))
    assert done(tmp_path) == ["done", "done"]
    assert told == [("working", 1, 2)]


def test_what_one_cannot_use_is_raised_here(tmp_path: Path, worker: str) -> None:
    with pytest.raises(InputError, match=r"this cannot be used\. Take another\."):
        work_together(worker, {"fails": True}, 2, lambda *_: None)


def test_one_that_is_killed_is_no_error(tmp_path: Path, worker: str) -> None:
    task = {"folder": str(tmp_path / "done"), "dies": True}
    work_together(worker, task, 2, lambda *_: None)
    assert done(tmp_path) in (["", "done"], ["done", "done"])
