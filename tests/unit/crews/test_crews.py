"""Tasks done by a crew: what several need is made once, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from w2s_mol.crews.contract import Job
from w2s_mol.crews.named import Asked
from w2s_mol.errors import InputError

pytest.importorskip("distributed")


def make(folder: Path, need: str) -> Sequence[Any]:
    (folder / f"{need}-{len(list(folder.glob(f'{need}-*')))}").touch()
    return ()


def double(number: int) -> int:
    if number == 13:
        raise InputError("thirteen. Give another.")
    return 2 * number


CREWS = {"processes": Asked(2), "dask": Asked(cluster="local:2")}


@pytest.mark.parametrize("asked", CREWS.values(), ids=CREWS)
def test_each_task_is_done_once_and_each_need_is_made_once(asked: Asked, tmp_path: Path) -> None:
    job = Job(double, needs=lambda n: [f"need{n % 3}", "all"], make=partial(make, tmp_path))
    with asked.ready("counts") as crew, closing(crew.do(job, iter(range(11)))) as done:
        assert sorted(done) == [(n, 2 * n) for n in range(11)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["all-0", "need0-0", "need1-0", "need2-0"]


@pytest.mark.parametrize("asked", CREWS.values(), ids=CREWS)
def test_what_a_task_refuses_is_raised_here(asked: Asked) -> None:
    with (
        asked.ready("counts") as crew,
        closing(crew.do(Job(double), iter([13]))) as done,
        pytest.raises(InputError, match=r"thirteen\. Give another\."),
    ):
        list(done)


@pytest.mark.parametrize("asked", CREWS.values(), ids=CREWS)
def test_tasks_are_taken_when_there_is_someone_to_do_them(asked: Asked) -> None:
    taken: list[int] = []

    def tasks() -> Any:
        for number in range(100_000):
            taken.append(number)
            yield number

    with asked.ready("counts") as crew, closing(crew.do(Job(double), tasks())) as done:
        for _ in range(5):
            next(done)
    assert len(taken) < 40
