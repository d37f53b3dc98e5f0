import errno
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest

from w2s_mol import files, kept
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.kept import Entry

ENTRY = Entry("random", "ab" + 62 * "0")
OTHER = Entry("random", "ab" + 62 * "1")


def save(content: str, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "content").write_text(content)
    (folder / "deep" / "more").write_text("more")


def keep(entry: Entry = ENTRY, content: str = "made") -> list[str]:
    """Return what was made: nothing if the entry was there."""
    made = []

    def make() -> str:
        made.append(content)
        return content

    folder = kept.kept(entry, make, save)
    assert folder == entry.path
    assert (folder / "content").read_text() == content
    assert (folder / "deep" / "more").read_text() == "more"
    return made


def everything(home: Path) -> list[str]:
    return sorted(path.name for path in home.rglob("*") if path.is_file())


def test_what_is_kept_is_made_once_and_nothing_else_is_left(fresh_home: Path) -> None:
    assert keep() == ["made"]
    assert keep() == []
    assert ENTRY.path == fresh_home / "random" / "ab" / ENTRY.key
    assert everything(fresh_home) == [".sha256.json", "content", "more"]


def test_a_kind_that_is_not_declared_is_a_programmers_mistake() -> None:
    with pytest.raises(KeyError, match="rnadom"):
        Entry("rnadom", "ab")


def truncate(folder: Path) -> None:
    (folder / "content").write_text("ma")


def alter(folder: Path) -> None:
    (folder / "deep" / "more").write_text("mose")


def lose_a_file(folder: Path) -> None:
    (folder / "content").unlink()


def lose_the_seal(folder: Path) -> None:
    (folder / ".sha256.json").unlink()


def cut_the_seal(folder: Path) -> None:
    (folder / ".sha256.json").write_text('{"key": "ab')


def another_seal(folder: Path) -> None:
    (folder / ".sha256.json").write_text("[1]")


def anothers(folder: Path) -> None:
    keep(OTHER, "another's")
    shutil.rmtree(folder)
    shutil.copytree(OTHER.path, folder)


@pytest.mark.parametrize(
    "harm",
    [truncate, alter, lose_a_file, lose_the_seal, cut_the_seal, another_seal, anothers],
)
def test_what_is_not_as_it_was_written_is_made_again(fresh_home: Path, harm) -> None:
    keep()
    harm(ENTRY.path)
    assert kept.whole(ENTRY) is None
    assert keep() == ["made"]
    assert keep() == []


def test_the_sound_files_of_a_growing_entry_are_told(fresh_home: Path) -> None:
    with kept.held(ENTRY):
        for name in ("one", "two"):
            files.write_text(ENTRY.path / name, name)
        hashes = {name: files.sha256_bytes(name.encode()) for name in ("one", "two")}
        kept.seal(ENTRY, hashes)
    assert kept.sound_files(ENTRY) == hashes
    assert kept.whole(ENTRY) == ENTRY.path
    (ENTRY.path / "one").write_text("one more")
    assert kept.sound_files(ENTRY) == {"two": hashes["two"]}
    assert kept.whole(ENTRY) is None


def test_a_use_is_noted(fresh_home: Path) -> None:
    keep()
    seal = ENTRY.path / kept.SEAL
    os.utime(seal, (1, 1))
    keep()
    assert seal.stat().st_mtime > 1e9


def test_a_full_disk_leaves_nothing(fresh_home: Path) -> None:
    def fill_the_disk(content: str, folder: Path) -> None:
        save(content, folder)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(W2SMolError, match="Free some space"):
        kept.kept(ENTRY, lambda: "made", fill_the_disk)
    assert everything(fresh_home) == []
    assert kept.whole(ENTRY) is None


def test_a_home_that_cannot_be_written_to_is_the_users_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot write"):
        keep()


def _hold(claimed, done) -> None:  # type: ignore[no-untyped-def]
    with kept.claimed(ENTRY) as mine:
        assert mine
        claimed.set()
        done.wait(60)
        kept.write(ENTRY, lambda folder: save("made", folder))


@pytest.fixture
def holder(fresh_home: Path):
    """Another process that holds ENTRY until it is told to write it."""
    context = multiprocessing.get_context("spawn")
    claimed, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(claimed, done))
    process.start()
    assert claimed.wait(60)
    yield process, done
    process.kill()
    process.join()


def test_two_processes_that_want_the_same_entry_make_it_once(holder) -> None:
    _, done = holder
    with kept.claimed(ENTRY) as mine, kept.claimed(OTHER) as others:
        assert (mine, others) == (False, True)
    told = []

    def waiting(work: str, seconds: int, total: int | None) -> None:
        told.append(work)
        done.set()

    folder = kept.kept(ENTRY, pytest.fail, save, waiting)
    assert (folder / "content").read_text() == "made"
    assert told[0] == f"waiting for another process at work on {ENTRY.path}, seconds"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process")
def test_the_claim_of_a_killed_process_is_free_and_its_lock_file_goes(
    holder, fresh_home: Path
) -> None:
    process, _ = holder
    process.kill()
    process.join()
    assert everything(fresh_home) == [f".{ENTRY.key}.lock"]
    with kept.claimed(ENTRY) as mine:
        assert mine
    assert everything(fresh_home) == []


def _take_turns(place: Path, times: int) -> None:
    for _ in range(times):
        with files.locked(place / ".lock", place):
            count = place / "count"
            now = int(count.read_text())
            count.write_text(str(now + 1))


def test_a_lock_whose_file_comes_and_goes_keeps_two_apart(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_take_turns, args=(tmp_path, 50)) for _ in range(3)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert (tmp_path / "count").read_text() == "150"
    assert not (tmp_path / ".lock").exists()
