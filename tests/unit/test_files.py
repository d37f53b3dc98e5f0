import errno
import os
import time
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from w2s_mol import files
from w2s_mol.errors import InputError, W2SMolError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError), files.atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_the_programs_failure_not_the_users(tmp_path: Path) -> None:
    with pytest.raises(W2SMolError, match="Free some space") as caught:  # noqa: SIM117
        with files.atomic_path(tmp_path / "a"):
            raise OSError(28, "No space left on device")
    assert caught.value.exit_code == 1


def test_a_place_that_cannot_be_written_to_is_the_users_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for inside in (Path("a"), Path("deeper/a")):
        with pytest.raises(InputError, match=r"cannot write .*: .*/file is a file, not a folder"):
            files.write_text(tmp_path / "file" / inside, "text")


def test_a_name_that_is_too_long_for_a_folder_is_the_users_to_change(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="File name too long"):
        files.write_text(tmp_path / ("a" * 300) / "b", "text")


def test_a_folder_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with files.atomic_folder(folder) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(RuntimeError), files.atomic_folder(folder) as temporary:
        (temporary / "b").write_text("2")
        raise RuntimeError
    assert [p.name for p in folder.iterdir()] == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_written_files_have_the_users_permissions(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a", "text")
    (tmp_path / "b").write_text("text")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_who_waits_for_a_lock_is_told_what_for(tmp_path: Path) -> None:
    told = []

    def give_way(work: str, waited: int, total: int | None) -> None:
        told.append((work, waited))
        holder.release()

    holder = FileLock(tmp_path / ".lock")
    holder.acquire()
    with files.locked(tmp_path / ".lock", tmp_path / "corpus", give_way):
        pass
    [(work, waited)] = told
    assert str(tmp_path / "corpus") in work
    assert waited == 1


def test_a_lock_is_let_go_and_patience_ends(tmp_path: Path) -> None:
    lock = tmp_path / "new folder" / ".lock"
    with files.locked(lock, tmp_path), pytest.raises(Timeout):  # noqa: SIM117
        with files.locked(lock, tmp_path, patience=0):
            pass
    with files.locked(lock, tmp_path, patience=0):
        pass


def test_the_processs_umask_is_never_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread would make files in that moment that anyone can write to."""
    before = os.umask(0o027)
    with monkeypatch.context() as patched:
        patched.setattr(os, "umask", None)
        files.write_text(tmp_path / "a", "text")
        with files.atomic_folder(tmp_path / "folder"):
            pass
    os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o750


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    old, young, foreign = (
        tmp_path / name
        for name in (".a.w2s-0123abcd.tmp", ".b.w2s-01234567.tmp", ".mine.backup01.tmp")
    )
    for path in (old, young, foreign):
        path.write_text("half")
    (tmp_path / ".c.w2s-01234567.tmp").mkdir()
    long_ago = time.time() - 25 * 3600
    for path in (old, foreign, tmp_path / ".c.w2s-01234567.tmp"):
        os.utime(path, (long_ago, long_ago))
    files.write_text(tmp_path / "new", "text")
    assert {path.name for path in tmp_path.iterdir()} == {young.name, foreign.name, "new"}


@pytest.mark.parametrize("text", ["", "{", "nul", "[" * 100_000, "\xff"])
def test_what_is_not_json_is_a_value_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_bytes(text.encode("latin1"))
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own words
        files.read_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "any words"), True),
        (OSError(errno.EDQUOT, "any words"), True),
        (RuntimeError("PytorchStreamWriter failed writing file data/4: file write failed"), True),
        (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0"), True),
        (ValueError("I/O error: No space left on device (os error 28)"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (RuntimeError("a loss"), False),
    ],
)
def test_a_full_disk_is_told_from_other_failures(
    tmp_path: Path, error: Exception, full: bool
) -> None:
    assert files.means_full_disk(error, tmp_path) == full
    wrapped = W2SMolError("it failed")
    wrapped.__cause__ = error
    assert files.means_full_disk(wrapped, tmp_path) == full
