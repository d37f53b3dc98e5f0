"""Processes that work for this one: whatever becomes of them, every task is done once."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.processes import in_processes, said_done


def squared(number: int) -> int:
    if number == 7:
        raise InputError("7 is refused")
    return number * number


def die_once(folder: Path, number: int) -> int:
    """Be killed at the first try of some numbers."""
    tried = folder / str(number)
    if number % 3 == 0 and not tried.exists():
        tried.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def slowly(number: int) -> str:
    said_done(number)
    time.sleep(1.5)
    return os.environ["OMP_NUM_THREADS"]


def test_each_task_comes_back_with_its_result() -> None:
    found = dict(in_processes(squared, range(7), 2))
    assert found == {number: number**2 for number in range(7)}


def test_no_task_is_no_work() -> None:
    assert list(in_processes(squared, [], 2)) == []


def test_what_a_task_raises_is_raised() -> None:
    with pytest.raises(InputError, match="7 is refused"):
        list(in_processes(squared, [7], 1))


def test_a_process_that_is_killed_costs_its_task_alone(tmp_path: Path) -> None:
    found = list(in_processes(partial(die_once, tmp_path), range(5), 2))
    assert sorted(found) == [(number, number) for number in range(5)]


def test_a_task_that_kills_every_process_ends_in_an_error_that_names_it() -> None:
    with pytest.raises(W2SMolError, match=r"at work on task 4 was killed 3 times, perhaps for mem"):
        list(in_processes(die, [4], 1, "task {}".format))


def test_no_task_is_taken_before_someone_is_free() -> None:
    taken = []

    def tasks():
        for number in range(6):
            taken.append(number)
            yield number

    working = in_processes(squared, tasks(), 2)
    next(working)
    assert len(taken) <= 3
    working.close()
    assert len(taken) <= 3


def test_what_is_done_of_tasks_in_hand_is_told_and_cores_are_shared() -> None:
    told = []
    [(_, threads)] = in_processes(slowly, [40], 1, tell=told.append)
    assert 40 in told
    assert int(threads) >= 1


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_what_it_lacks(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from w2s_mol.processes import in_processes\n"
        "for _ in in_processes(abs, [-1, -2], 1):\n"
        "    pass\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode
    assert "no process that was to work on -1 could begin" in done.stderr
