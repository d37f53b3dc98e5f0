from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
import zipfile
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from w2s_mol.datasets.download import download
from w2s_mol.datasets.fetch import fetch, is_here
from w2s_mol.datasets.sources import SOURCES, Source, SourceFile, local_path
from w2s_mol.errors import DownloadError, InputError, W2SMolError

HALF_MIB = 1 << 19
PATH = "set/file.bin"
UNREADABLE = Path("/proc/self/mem")

CHILD = """
import resource, sys
from w2s_mol.datasets import fetch, sources

address, sha256, size, limit = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
file = sources.SourceFile("set/file.bin", (address,), size, sha256)
sources.SOURCES["thing"] = sources.Source("thing", "", "", "", (file,))
try:
    fetch.fetch("thing", progress=lambda work, *_: print(work, flush=True))
except Exception as error:
    print(type(error).__name__, error, flush=True)
    raise SystemExit(1)
"""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch, fresh_home):
    quick = partial(download, timeout=5, pause=0.001)
    monkeypatch.setattr("w2s_mol.datasets.fetch.download", quick)


@pytest.fixture
def server(server, content):
    server.files["good"] = server.files[PATH] = content
    return server


@pytest.fixture
def publish(monkeypatch, server, content):
    """Register a source of one file; by default a good address, its size and its hash."""

    def register(*paths, **known):
        known = {"size": len(content), "sha256": sha256(content), **known}
        file = SourceFile(PATH, tuple(server.url(path) for path in paths or ("good",)), **known)
        monkeypatch.setitem(SOURCES, "thing", Source("thing", "", "", "", (file,)))
        return file

    return register


@pytest.fixture
def mirror_folder(tmp_path, content):
    folder = tmp_path / "mirror"
    (folder / PATH).parent.mkdir(parents=True)
    (folder / PATH).write_bytes(content)
    return folder


@pytest.fixture
def child(server, content):
    """Start another process that fetches the same file, and says what it does."""
    started = []

    def start(limit=0):
        command = [sys.executable, "-c", CHILD, server.url("good"), sha256(content)]
        process = subprocess.Popen(
            [*command, str(len(content)), str(limit)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def part_of(file: SourceFile) -> Path:
    return local_path(file).with_name(local_path(file).name + ".part")


def test_a_file_is_fetched_into_the_home_folder(publish, fresh_home, content):
    file = publish()
    [path] = fetch("thing")
    assert path == local_path(file) == fresh_home / "downloads" / PATH
    assert path.read_bytes() == content
    assert is_here(file)


def test_a_file_that_is_here_is_not_asked_for_again(publish, server):
    publish()
    fetch("thing")
    fetch("thing")
    fetch("thing", offline=True)
    assert len(server.requests) == 1


def test_an_unknown_source_suggests_the_nearest(publish):
    with pytest.raises(InputError, match="Did you mean 'guacamol'"):
        fetch("guacamole")


def test_a_mirror_folder_is_asked_before_the_network(publish, server, mirror_folder, content):
    publish()
    [path] = fetch("thing", mirror=str(mirror_folder))
    assert path.read_bytes() == content
    assert server.requests == []


def test_the_mirror_of_the_environment_is_used(publish, server, mirror_folder, monkeypatch):
    publish()
    monkeypatch.setenv("W2S_MOL_MIRROR", str(mirror_folder))
    fetch("thing", offline=True)
    assert server.requests == []


def test_an_altered_file_in_a_mirror_is_refused_naming_both_hashes(publish, mirror_folder, content):
    file = publish()
    altered = b"!" + content[1:]
    (mirror_folder / PATH).write_bytes(altered)
    with pytest.raises(DownloadError) as caught:
        fetch("thing", mirror=str(mirror_folder), offline=True)
    assert f"sha256 is {sha256(altered)}, expected {sha256(content)}" in str(caught.value)
    assert not local_path(file).exists()
    assert not part_of(file).exists()


def test_a_mirror_without_the_file_or_with_a_wrong_one_does_not_hide_the_network(
    publish, server, mirror_folder, content
):
    publish()
    (mirror_folder / PATH).write_bytes(b"something else")
    assert fetch("thing", mirror=str(mirror_folder))[0].read_bytes() == content
    (mirror_folder / PATH).unlink()
    local_path(SOURCES["thing"].files[0]).unlink()
    assert fetch("thing", mirror=str(mirror_folder))[0].read_bytes() == content
    assert len(server.requests) == 2


def test_a_mirror_that_is_no_folder_is_an_input_error(publish, tmp_path):
    publish()
    with pytest.raises(InputError, match=r"nowhere is not a folder.*http"):
        fetch("thing", mirror=str(tmp_path / "nowhere"))


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_http_mirror_is_asked_for_the_files_path_first(publish, server, content, slash):
    publish("missing")
    [path] = fetch("thing", mirror=server.url("").rstrip("/") + slash)
    assert path.read_bytes() == content
    assert [request.path for request in server.requests] == [PATH]


def test_an_http_mirror_counts_as_network(publish, server):
    publish()
    with pytest.raises(DownloadError):
        fetch("thing", mirror=server.url(""), offline=True)
    assert server.requests == []


def test_an_http_mirror_that_fails_does_not_hide_the_publisher(publish, server, content):
    publish("good")
    server.next(status=404)
    assert fetch("thing", mirror=server.url("empty"))[0].read_bytes() == content


def test_a_malformed_mirror_address_is_one_of_this_packages_errors(publish, server):
    publish("missing")
    with pytest.raises(W2SMolError, match="http://localhost:port"):
        fetch("thing", mirror="http://localhost:port")


def test_offline_without_a_mirror_names_the_ways_out(publish, server):
    publish()
    with pytest.raises(DownloadError) as caught:
        fetch("thing", offline=True)
    for way in ("file.bin", "without --offline", "--mirror", PATH):
        assert way in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"!" + data[1:]])
def test_a_damaged_file_in_the_cache_is_noticed_and_fetched_again(publish, server, content, damage):
    file = publish()
    [path] = fetch("thing")
    path.write_bytes(damage(content))
    assert not is_here(file)
    assert fetch("thing") == [path]
    assert path.read_bytes() == content
    assert len(server.requests) == 2


def test_the_second_address_is_tried_when_the_first_fails(publish, server, content):
    publish("missing", "good")
    assert fetch("thing")[0].read_bytes() == content
    assert [request.path for request in server.requests] == ["missing", "good"]


def test_the_second_address_is_tried_when_the_first_has_another_file(publish, server, content):
    server.files["wrong"] = content[::-1]
    publish("wrong", "good")
    assert fetch("thing")[0].read_bytes() == content


def test_the_second_address_is_tried_when_the_first_answers_with_a_page(publish, server, content):
    server.files["page"] = b"<html>Come back later</html>"
    server.honours_range = False
    publish("page", "good")
    assert fetch("thing")[0].read_bytes() == content


def test_when_all_addresses_fail_each_is_named_with_its_reason(publish, server, content):
    server.files["wrong"] = content[::-1]
    file = publish("missing", "wrong")
    with pytest.raises(DownloadError) as caught:
        fetch("thing")
    for reason in ("/missing: ", "HTTP 404", "/wrong ", sha256(content[::-1]), "--mirror"):
        assert reason in str(caught.value)
    assert not local_path(file).exists()


def test_wrong_bytes_left_by_an_earlier_run_are_fetched_anew(publish, server, content):
    file = publish()
    part_of(file).parent.mkdir(parents=True)
    part_of(file).write_bytes(b"of another file")
    assert fetch("thing")[0].read_bytes() == content
    assert server.ranges == ["bytes=15-", None]


def test_a_broken_download_is_kept_and_finished_by_the_next_run(publish, server, content):
    file = publish()
    server.next(cut=HALF_MIB)
    server.next(status=404)
    with pytest.raises(DownloadError, match="Run it again to go on"):
        fetch("thing")
    assert part_of(file).stat().st_size == HALF_MIB
    assert not local_path(file).exists()
    assert fetch("thing")[0].read_bytes() == content
    assert server.ranges[-1] == f"bytes={HALF_MIB}-"


def test_nothing_but_the_file_its_lock_and_its_first_hash_is_left(publish):
    publish(sha256=None, size=None)
    [path] = fetch("thing")
    names = {left.name for left in path.parent.iterdir()} - {".file.bin.lock"}
    assert names == {"file.bin", "file.bin.sha256"}


def test_a_file_without_a_published_hash_is_held_to_its_first(publish, server, content):
    file = publish(sha256=None, size=None)
    [path] = fetch("thing")
    first, later = sha256(content), sha256(content[::-1])
    path.unlink()
    server.files["good"] = content[::-1]
    with pytest.raises(DownloadError) as caught:
        fetch("thing")
    assert f"sha256 is {later}, expected {first}" in str(caught.value)
    assert f"remove {path}.sha256" in str(caught.value)
    assert not local_path(file).exists()


def test_a_new_release_is_accepted_once_the_first_hash_is_removed(publish, server, content):
    publish(sha256=None, size=None)
    [path] = fetch("thing")
    path.unlink()
    Path(f"{path}.sha256").unlink()
    server.files["good"] = content[::-1]
    assert fetch("thing")[0].read_bytes() == content[::-1]


def test_an_altered_file_without_a_published_hash_is_noticed(publish, content):
    file = publish(sha256=None, size=None)
    [path] = fetch("thing")
    path.write_bytes(b"!" + content[1:])
    assert not is_here(file)
    assert fetch("thing")[0].read_bytes() == content


def test_a_page_in_place_of_a_zip_does_not_become_the_first_hash(publish, server, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("release/checkpoints/last.ckpt", "weights")
    server.files["page"] = b"<html>maintenance</html>"
    server.files["other"] = (tmp_path / "a.zip").read_bytes()
    wanted = {"size": None, "sha256": None, "holds": ("checkpoints/last.ckpt",)}
    publish("page", **wanted)
    with pytest.raises(DownloadError, match="not a whole zip"):
        fetch("thing")
    publish("page", "other", **wanted)
    [path] = fetch("thing")
    assert path.read_bytes() == server.files["other"]


def test_an_empty_record_of_the_first_hash_is_no_record(publish, content):
    publish(sha256=None, size=None)
    [path] = fetch("thing")
    path.unlink()
    Path(f"{path}.sha256").write_text("")
    assert fetch("thing")[0].read_bytes() == content
    assert Path(f"{path}.sha256").read_text().strip() == sha256(content)


@pytest.mark.parametrize("broken", [False, True])
def test_others_may_fetch_as_soon_as_a_fetch_ends(publish, broken):
    file = publish("missing" if broken else "good")
    try:
        fetch("thing")
    except DownloadError as error:
        kept = error
        assert broken, kept
    lock = FileLock(local_path(file).with_name(".file.bin.lock"))
    lock.acquire(timeout=0)
    lock.release()


@pytest.mark.slow
def test_two_processes_at_once_share_one_download(publish, server, child, content):
    file = publish()
    server.next(pause_after=HALF_MIB)
    first = child()
    wait_until(lambda: server.requests)
    second = child()
    waiting = second.stdout.readline()
    assert waiting.startswith(f"waiting for another process at work on {local_path(file)}")
    server.released.set()
    assert [first.wait(30), second.wait(30)] == [0, 0]
    assert local_path(file).read_bytes() == content
    assert server.ranges == [None]


def test_a_killed_process_leaves_a_part_that_the_next_finishes(publish, server, child, content):
    file = publish()
    server.next(pause_after=HALF_MIB)
    killed = child()
    wait_until(lambda: part_of(file).exists() and part_of(file).stat().st_size > 0)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(30) == -signal.SIGKILL
    assert not local_path(file).exists()
    left = part_of(file).stat().st_size
    assert fetch("thing")[0].read_bytes() == content
    assert server.ranges == [None, f"bytes={left}-"]


def test_a_full_disk_is_an_error_and_leaves_no_file(publish, child):
    file = publish()
    process = child(limit=HALF_MIB)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "W2SMolError cannot write" in said
    assert not local_path(file).exists()


def test_a_home_that_cannot_be_made_is_an_input_error(publish, tmp_path, monkeypatch):
    publish()
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InputError, match=r"cannot write .*Choose a place you can write to"):
        fetch("thing")


def test_a_home_with_a_file_in_a_folders_place_is_an_input_error(publish, fresh_home):
    publish()
    fresh_home.mkdir()
    (fresh_home / "downloads").write_text("not a folder")
    with pytest.raises(InputError, match="cannot write"):
        fetch("thing")


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file that root cannot read")
def test_an_unreadable_file_in_a_mirror_does_not_hide_the_network(publish, mirror_folder, content):
    publish()
    (mirror_folder / PATH).unlink()
    (mirror_folder / PATH).symlink_to(UNREADABLE)
    assert fetch("thing", mirror=str(mirror_folder))[0].read_bytes() == content


def test_a_file_where_the_target_is_a_folder_is_one_of_this_packages_errors(publish):
    file = publish()
    (local_path(file) / "sub").mkdir(parents=True)
    with pytest.raises(W2SMolError, match="cannot write"):
        fetch("thing")


def test_progress_names_the_file(publish, content):
    publish()
    told = []
    fetch("thing", progress=lambda *report: told.append(report))
    assert told[-1] == ("fetching file.bin", len(content), len(content))
