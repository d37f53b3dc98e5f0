import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from w2s_mol import claims, files
from w2s_mol.claims import hand_out, share
from w2s_mol.errors import W2SMolError


class Work:
    """Files to be made in a folder, each under a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.did: list[str] = []

    def claim(self, item: str) -> AbstractContextManager[bool]:
        return files.claimed(self.folder / f".{item}.lock", self.folder / item)

    def done(self, item: str) -> bool:
        return (self.folder / item).exists()

    def do(self, item: str) -> None:
        self.did.append(item)
        (self.folder / item).write_text("made")

    def share(self, items: str, **options) -> list[str]:
        share(items, self.claim, self.done, self.do, **options)
        return self.did


HOLDER = """
import sys, time
from pathlib import Path
from w2s_mol import files
with files.claimed(Path(sys.argv[1]), Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(folder: Path, item: str) -> Iterator[subprocess.Popen]:
    """Start another process that holds an item, and waits to be killed."""
    command = [sys.executable, "-c", HOLDER, str(folder / f".{item}.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            yield process
        finally:
            process.kill()


def test_all_that_is_not_done_is_done_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("made")
    assert Work(tmp_path).share("abc") == ["a", "c"]
    assert Work(tmp_path).share("abc") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_what_was_done_before_it_could_be_held_is_not_done_again(tmp_path: Path) -> None:
    work = Work(tmp_path)

    @contextmanager
    def late(item: str) -> Iterator[bool]:
        with work.claim(item) as mine:
            (tmp_path / item).write_text("made by another")
            yield mine

    share("ab", late, work.done, work.do)
    assert work.did == []


def test_what_another_is_at_is_left_to_it_where_nobody_waits(tmp_path: Path) -> None:
    with holder(tmp_path, "b"):
        assert Work(tmp_path).share("abc", wait=False) == ["a", "c"]


def test_what_a_killed_process_held_is_free(tmp_path: Path) -> None:
    told = []
    with holder(tmp_path, "a") as process:

        def waiting(*what) -> None:
            told.append(what)
            os.kill(process.pid, signal.SIGKILL)

        did = Work(tmp_path).share("ab", what="the letters", progress=waiting)
    assert did == ["b", "a"]
    assert told[0] == ("waiting for another process at work on the letters, seconds", 0, None)


def test_several_do_each_item_once_and_all_stay_until_all_is_done(tmp_path: Path) -> None:
    items = "abcdefghijklmnop"
    start = threading.Barrier(4)
    workers = [Work(tmp_path) for _ in range(4)]
    seen: list[bool] = []

    def work(worker: Work) -> None:
        start.wait()
        worker.share(items)
        seen.append(all(map(worker.done, items)))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 4
    assert sorted(item for worker in workers for item in worker.did) == list(items)
    assert sorted(path.name for path in tmp_path.iterdir()) == list(items)


def test_an_item_that_fails_is_free_for_others(tmp_path: Path) -> None:
    work = Work(tmp_path)

    def fail(item: str) -> None:
        raise ValueError(item)

    with pytest.raises(ValueError, match="a"):
        share("ab", work.claim, work.done, fail)
    assert work.share("ab") == ["a", "b"]


def _done_by(workers: int) -> Callable[[Iterator[int]], Generator[tuple[int, int], None, None]]:
    """Take a few items ahead, as a crew does, and give them back in another order."""

    def work(items: Iterator[int]) -> Generator[tuple[int, int], None, None]:
        while taken := list(itertools.islice(items, workers)):
            yield from ((item, item * item) for item in reversed(taken))

    return work


def test_what_is_handed_out_is_kept_once_and_let_go() -> None:
    held: set[int] = set()
    kept: dict[int, int] = {}

    @contextmanager
    def claim(item: int) -> Iterator[bool]:
        held.add(item)
        yield True
        held.discard(item)

    def keep(item: int, result: int) -> None:
        assert item in held
        assert item not in kept
        kept[item] = result

    hand_out(range(10), claim, lambda item: item == 3, _done_by(4), keep)
    assert kept == {item: item * item for item in range(10) if item != 3}
    assert not held


def test_what_others_are_at_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims.time, "sleep", lambda _: None)
    looks = itertools.count()
    kept: list[int] = []

    @contextmanager
    def claim(item: int) -> Iterator[bool]:
        yield item != 2

    def done(item: int) -> bool:
        return item == 2 and next(looks) > 4

    hand_out(range(4), claim, done, _done_by(2), lambda item, _: kept.append(item))
    assert sorted(kept) == [0, 1, 3]


def test_an_item_of_which_nothing_came_is_an_error() -> None:
    def forgets(items: Iterator[int]) -> Generator[tuple[int, int], None, None]:
        for item in items:
            if item != 5:
                yield item, 0

    with pytest.raises(W2SMolError, match="1 of those at work on the rest came to nothing"):
        hand_out(range(8), lambda _: nullcontext(enter_result=True), lambda _: False, forgets,
                 lambda *_: None)  # fmt: skip
