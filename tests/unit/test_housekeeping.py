import multiprocessing
import os
from pathlib import Path

import pytest

from w2s_mol import files, kept
from w2s_mol.datasets.fetch import local_path
from w2s_mol.datasets.sources import SOURCES
from w2s_mol.errors import InputError
from w2s_mol.housekeeping import Removed, items, kinds, remove

NOW = 2e9
A_DAY = 24 * 3600
OLD, NEW = (kept.Entry("embeddings", digit + 63 * "0") for digit in "ab")
CORPUS = kept.Entry("corpora", "c" + 63 * "0")
CONTENT = 1000 * "x"
EARLIER = [
    f"embeddings/ab/{64 * 'e'}.safetensors",
    f"embeddings/ab/{64 * 'e'}.lock",
    f"representations/{64 * 'e'}.safetensors",
    f"random/{16 * 'e'}/random-h8-s0/config.json",
    f"encoders/molbert-{16 * 'e'}/config.json",
    f"corpora/{32 * 'e'}/index.json",
]


def keep(entry: kept.Entry, days: float) -> None:
    with kept.held(entry):
        kept.write(entry, lambda folder: files.write_text(folder / "content", CONTENT))
    age(entry.path / kept.SEAL, days)


def age(path: Path, days: float) -> None:
    os.utime(path, (NOW - days * A_DAY,) * 2)


@pytest.fixture
def home(fresh_home: Path) -> Path:
    """Two blocks of embeddings, used 40 and 2 days ago, and a corpus, used 40 days ago."""
    keep(OLD, 40)
    keep(NEW, 2)
    keep(CORPUS, 40)
    return fresh_home


def left(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


def entries_left() -> list[kept.Entry]:
    return [entry for entry in (OLD, NEW, CORPUS) if kept.whole(entry)]


def test_every_kind_is_listed_with_its_size_and_last_use(home: Path) -> None:
    old, new = items("embeddings")
    assert (old.path, new.path) == (OLD.path, NEW.path)
    assert [round((NOW - item.used) / A_DAY) for item in (old, new)] == [40, 2]
    assert old.size == len(CONTENT) + (OLD.path / kept.SEAL).stat().st_size
    assert {kind for kind in kinds() if items(kind)} == {"embeddings", "corpora"}


def test_what_was_not_used_for_so_many_days_is_removed(home: Path) -> None:
    size = items("corpora")[0].size
    removed = remove(older_than=30, now=NOW)
    assert {kind: found for kind, found in removed.items() if found != Removed()} == {
        "embeddings": Removed(1, size),
        "corpora": Removed(1, size),
    }
    assert entries_left() == [NEW]


def test_a_kind_alone_is_removed(home: Path) -> None:
    assert list(remove(["corpora"], now=NOW)) == ["corpora"]
    assert entries_left() == [OLD, NEW]


def test_a_use_keeps_an_entry(home: Path) -> None:
    kept.whole(OLD)
    remove(["embeddings"], older_than=30, now=(OLD.path / kept.SEAL).stat().st_mtime)
    assert OLD in entries_left()


def test_a_dry_run_tells_the_same_and_removes_nothing(home: Path) -> None:
    before = left(home)
    told = remove(everything=True, dry_run=True, now=NOW)
    assert left(home) == before
    assert told == remove(everything=True, now=NOW)
    assert left(home) == set()


def test_without_a_word_of_what_nothing_is_removed(home: Path) -> None:
    with pytest.raises(InputError, match=r"--kind, --older-than DAYS or --all"):
        remove(now=NOW)
    with pytest.raises(InputError, match="Did you mean 'corpora'"):
        remove(["embeddings", "corpra"], now=NOW)
    for days in (-1, float("nan")):
        with pytest.raises(InputError, match="should be 0 or more"):
            remove(older_than=days, now=NOW)
    assert entries_left() == [OLD, NEW, CORPUS]


def _hold(claimed, done) -> None:  # type: ignore[no-untyped-def]
    with kept.held(OLD):
        claimed.set()
        done.wait(60)


def test_what_a_process_holds_is_left(home: Path) -> None:
    context = multiprocessing.get_context("spawn")
    claimed, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(claimed, done))
    process.start()
    assert claimed.wait(60)
    removed = remove(["embeddings"], now=NOW)["embeddings"]
    done.set()
    process.join()
    assert (removed.entries, removed.held) == (1, 1)
    assert entries_left() == [OLD, CORPUS]


def test_files_that_are_not_ours_are_neither_counted_nor_removed(home: Path) -> None:
    mine = [
        "notes.txt",
        "embeddings/notes.txt",
        "embeddings/ab/notes.txt",
        f"embeddings/ff/{64 * 'e'}/notes.txt",  # not where that key belongs
        f"embeddings/ee/{64 * 'e'}",  # a file, not an entry
        "embeddings/ab/.mine.lock",
        "random/mine/random-h8-s0/config.json",
        "encoders/molbert-of-mine/config.json",
        "downloads/mine.csv",
        "faults/mine.tsv",
    ]
    for name in mine:
        files.write_text(home / name, "mine")
    remove(everything=True, now=NOW)
    assert left(home) == set(mine)


def test_downloads_go_whole_and_in_part_but_their_first_hash_stays(fresh_home: Path) -> None:
    target = local_path(SOURCES["molbert"].files[0])
    part = target.with_name(f"{target.name}.part")
    for path in (target, part, target.with_name(f"{target.name}.sha256")):
        files.write_text(path, "content")
    assert [item.path for item in items("downloads")] == [target, part]
    assert remove(["downloads"], now=NOW)["downloads"] == Removed(2, 14)
    assert [Path(name).name for name in left(fresh_home)] == [f"{target.name}.sha256"]


def test_lists_of_faulty_rows_and_what_earlier_versions_kept_can_go(home: Path) -> None:
    before = left(home)
    for name in EARLIER:
        files.write_text(home / name, "content")
    files.write_text(home / "faults" / "table.csv-0123abcd.tsv", "line")
    removed = remove(["earlier", "faults"], now=NOW)
    assert removed == {"earlier": Removed(6, 42), "faults": Removed(1, 4)}
    assert left(home) == before


def test_locks_and_halves_that_killed_processes_left_go(home: Path) -> None:
    before = left(home)
    folder = OLD.path.parent
    half = folder / ".x.w2s-0123abcd.tmp"
    half.write_text("half")
    os.utime(half, (1, 1))
    (folder / f".{64 * 'a'}.lock").touch()
    files._swept.discard(folder)
    remove(["faults"], now=NOW)
    assert left(home) == before
