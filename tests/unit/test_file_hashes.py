import os
import time
from pathlib import Path

import pytest

from w2s_mol import file_hashes, files


@pytest.fixture
def read(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read for their hashes, as they are."""
    names: list[str] = []
    plain = files.sha256_file

    def counted(path: Path) -> str:
        names.append(path.name)
        return plain(path)

    monkeypatch.setattr(files, "sha256_file", counted)
    return names


def aged(path: Path, data: bytes, seconds: float = 60) -> Path:
    """Write a file as if some seconds ago."""
    path.write_bytes(data)
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_a_file_of_the_same_size_and_time_is_not_read_again(
    read: list[str], tmp_path: Path
) -> None:
    one, two = aged(tmp_path / "one", b"1"), aged(tmp_path / "two", b"2")
    expected = {one: files.sha256_bytes(b"1"), two: files.sha256_bytes(b"2")}
    assert file_hashes.known([one, two]) == expected
    assert read == ["one", "two"]
    assert file_hashes.known([two, one]) == expected
    assert read == ["one", "two"]


def test_a_file_is_known_beside_others_of_its_folder(read: list[str], tmp_path: Path) -> None:
    """What is asked for later leaves what was known before."""
    one, two = aged(tmp_path / "one", b"1"), aged(tmp_path / "two", b"2")
    file_hashes.known([one])
    file_hashes.known([two])
    file_hashes.known([one, two])
    assert read == ["one", "two"]


def test_files_of_one_name_in_two_folders_are_not_confused(read: list[str], tmp_path: Path) -> None:
    places = [tmp_path / "a", tmp_path / "b"]
    for place in places:
        place.mkdir()
    one, two = (aged(place / "it", place.name.encode(), 60) for place in places)
    status = one.stat()
    os.utime(two, ns=(status.st_atime_ns, status.st_mtime_ns))
    for _ in range(2):
        found = file_hashes.known([one, two])
        assert found == {one: files.sha256_bytes(b"a"), two: files.sha256_bytes(b"b")}
    assert read == ["it", "it"]


def test_a_young_file_may_change_unseen_and_is_read_again(read: list[str], tmp_path: Path) -> None:
    path = tmp_path / "young"
    path.write_bytes(b"1")
    assert file_hashes.known([path])[path] == files.sha256_bytes(b"1")
    status = path.stat()
    path.write_bytes(b"2")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # a coarse clock
    assert file_hashes.known([path])[path] == files.sha256_bytes(b"2")
    assert read == ["young", "young"]


@pytest.mark.parametrize(("data", "seconds"), [(b"2", 30), (b"11", 60), (b"2", -3600)])
def test_a_changed_file_is_read_again(
    read: list[str], tmp_path: Path, data: bytes, seconds: float
) -> None:
    path = aged(tmp_path / "it", b"1")
    status = path.stat()
    file_hashes.known([path])
    aged(path, data, seconds)
    if seconds == 60:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file_hashes.known([path])[path] == files.sha256_bytes(data)
    assert read == ["it", "it"]


@pytest.mark.parametrize("text", ["", "[]", '{"it": 3}', '{"it": [1]}', '{"it": [1, 2, 3]}'])
def test_an_index_that_is_not_ours_is_written_anew(
    read: list[str], tmp_path: Path, fresh_home: Path, text: str
) -> None:
    path = aged(tmp_path / "it", b"1")
    file_hashes.known([path])
    [index] = (fresh_home / "hashes").iterdir()
    index.write_text(text)
    for _ in range(2):
        assert file_hashes.known([path])[path] == files.sha256_bytes(b"1")
    assert read == ["it", "it"]


def test_where_nothing_can_be_kept_it_still_works(
    read: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = aged(tmp_path / "it", b"1")
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "a file"))
    for _ in range(2):
        assert file_hashes.known([path])[path] == files.sha256_bytes(b"1")
    assert read == ["it", "it"]


def test_a_file_that_is_not_there_is_an_error(fresh_home: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        file_hashes.known([tmp_path / "nothing"])
    assert file_hashes.known([]) == {}


def test_a_file_of_the_same_size_and_time_in_its_place_is_read(
    read: list[str], tmp_path: Path
) -> None:
    """As cp -p, rsync and tar put it there."""
    path = aged(tmp_path / "it", b"old")
    file_hashes.known([path])
    other = aged(tmp_path / "other", b"new")
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    assert file_hashes.known([path]) == {path: files.sha256_bytes(b"new")}


def test_what_this_process_read_of_a_file_is_not_read_again(
    read: list[str], tmp_path: Path
) -> None:
    path = aged(tmp_path / "it", b"1")
    for _ in range(2):
        assert file_hashes.holds(path, files.sha256_bytes(b"1"))
        assert not file_hashes.holds(path, files.sha256_bytes(b"2"))
    assert read == ["it"]
    aged(path, b"2")
    assert file_hashes.holds(path, files.sha256_bytes(b"2"))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        file_hashes.holds(path, files.sha256_bytes(b"2"))


def test_what_a_young_file_held_is_not_believed(read: list[str], tmp_path: Path) -> None:
    path = tmp_path / "young"
    for data in (b"1", b"2"):
        path.write_bytes(data)
        assert file_hashes.holds(path, files.sha256_bytes(data))
    assert read == ["young", "young"]
