import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_run import FakeRun

from w2s_mol import files
from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.parts import Parts, Session, holds_any
from w2s_mol.engine.run import Part
from w2s_mol.progress import silent

RUN = FakeRun()
NONE = pd.DataFrame({"x": pd.Series([], dtype=float)})


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path, RUN)


def test_a_part_is_read_as_it_was_written(parts: Parts, tmp_path: Path) -> None:
    assert parts.read("a") is None
    rows = pd.DataFrame({"x": [0.1, np.nan], "of": ["a", None]})
    parts.write("a", Part({"results": rows}, {"own": ["a note"]}, {"work": 1.5}))
    path = tmp_path / "parts" / "a.results.arrow"
    assert parts.read("a") == {
        "run": "0123",
        "tables": {"results": files.sha256_file(path)},
        "notes": {"own": ["a note"]},
        "seconds": {"work": 1.5},
        "made_of": {},
        "measured": {},
    }
    [table] = parts.tables("results", ["a"])
    pd.testing.assert_frame_equal(table.to_pandas(), rows)
    assert parts.read("b") is None


def test_a_part_is_nothing_without_its_record(parts: Parts, tmp_path: Path) -> None:
    parts.write("a", Part({"results": NONE}))
    (tmp_path / "parts" / "a.json").unlink()
    assert parts.read("a") is None
    assert holds_any(tmp_path)


def changed_record(folder: Path, **changed: object) -> None:
    path = folder / "parts" / "a.json"
    record = {**json.loads(path.read_text()), **changed}
    path.write_text(json.dumps({n: v for n, v in record.items() if v is not None}))


@pytest.mark.parametrize("field", ["run", "tables", "notes", "seconds"])
@pytest.mark.parametrize("value", [None, [], "0124", 3])
def test_a_record_of_another_run_or_shape_is_no_part(
    parts: Parts, tmp_path: Path, field: str, value: object
) -> None:
    parts.write("a", Part({"results": NONE}))
    changed_record(tmp_path, **{field: value})
    assert parts.read("a") is None
    run = FakeRun()
    carry_out(run, tmp_path / "run", silent)
    assert run.computed == ["a", "b", "c"]


def test_a_table_named_by_a_path_is_none_of_ours(tmp_path: Path) -> None:
    """A run goes on over a spoiled record, and takes away nothing that is not its own."""
    folder = tmp_path / "run"
    (tmp_path / "victim.parquet").write_bytes(b"mine")
    parts = Parts(folder, RUN)
    parts.write("a", Part({"results": NONE}))
    hashes = {"../../../victim": files.sha256_bytes(b"mine")}
    (folder / "parts" / "a.").mkdir()  # the path leads somewhere
    changed_record(folder, tables=hashes)
    assert parts.read("a") is None
    parts.remove()
    assert (tmp_path / "victim.parquet").read_bytes() == b"mine"


FIRST, SECOND = pd.DataFrame({"x": [1.5], "y": ["a"]}), pd.DataFrame({"x": [2.5, -0.0]})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRST, SECOND),
        (SECOND, FIRST),
        (SECOND[["x"]], pd.DataFrame({"z": pd.array([3, None], dtype="Int64")})),
        (pd.DataFrame({"h": pd.array([None], dtype="Int64")}), pd.DataFrame({"h": [8]})),
        (pd.DataFrame({"t": [None]}), pd.DataFrame({"t": ["text"]})),
        (pd.DataFrame({"t": ["text"]}), pd.DataFrame({"t": [None]})),
        (pd.DataFrame({"b": [True]}), pd.DataFrame({"b": [False], "x": [np.inf]})),
        (NONE, FIRST),
        (FIRST, NONE),
    ],
)
def test_tables_of_parts_are_put_together_whatever_columns_one_lacks(
    tmp_path: Path, first: pd.DataFrame, second: pd.DataFrame
) -> None:
    class Two(FakeRun):
        def do(self, part: str, _progress: object) -> Part:
            return Part({"results": first if part == "a" else second, "extra": NONE})

    found = carry_out(Two(names=("a", "b")), tmp_path, silent)
    together = pd.concat([first, second], ignore_index=True)
    in_memory = carry_out(Two(names=("a", "b")), None, silent)
    for tables in (found.tables, in_memory.tables):
        same = {name: _plain(table) for name, table in tables.items()}
        pd.testing.assert_frame_equal(same["results"], _plain(together), check_dtype=False)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return it with None for all that is missing."""
    return table.astype(object).where(table.notna(), None)


def test_texts_that_repeat_are_put_together_from_other_texts(tmp_path: Path) -> None:
    """Each part numbers its own: 'b' is the second in one part, and the first in the next."""
    many = [f"t{number}" for number in range(300)]

    class Coded(FakeRun):
        def do(self, part: str, _progress: object) -> Part:
            texts = {"a": ["a", "b"], "b": ["b", "c", None], "c": many}[part]
            results = pd.DataFrame({"x": range(len(texts)), "t": pd.Categorical(texts)})
            return Part({"results": results, "extra": NONE})

    found = carry_out(Coded(), tmp_path, silent).tables["results"]
    assert [None if pd.isna(t) else t for t in found["t"]] == ["a", "b", "b", "c", None, *many]
    assert isinstance(found["t"].dtype, pd.CategoricalDtype)


def test_who_has_a_part_has_it_alone(tmp_path: Path) -> None:
    one, other = Parts(tmp_path, RUN), Parts(tmp_path, RUN)
    with one.claim("a") as mine, other.claim("a") as theirs, other.claim("b") as another:
        assert (mine, theirs, another) == (True, False, True)
    with other.claim("a") as mine:
        assert mine
    assert not list((tmp_path / "parts").iterdir())


def test_what_is_removed_is_what_the_run_wrote(parts: Parts, tmp_path: Path) -> None:
    parts.remove()  # there is nothing
    parts.write("a", Part({"results": NONE, "extra": NONE}))
    Session("0123", tmp_path).note()
    (tmp_path / "parts" / ".b.json.w2s-01234567.tmp").write_text("half")
    assert holds_any(tmp_path)
    parts.remove()
    assert not (tmp_path / "parts").exists()
    assert not holds_any(tmp_path)


def test_sessions_are_those_of_the_run_by_their_beginnings(tmp_path: Path) -> None:
    parts = Parts(tmp_path, RUN)
    assert parts.sessions() == []
    sessions = [Session("0123", tmp_path) for _ in range(3)]
    for session in (sessions[2], sessions[0], Session("other", tmp_path), sessions[1]):
        session.note()
    found = parts.sessions()
    assert [one["started"] for one in found] == [one.now()["started"] for one in sessions]
    assert all(0 <= one["seconds"] < 60 and one["packages"]["numpy"] for one in found)


def test_a_session_of_no_folder_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Session("0123", None).note()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "3",
        '"text"',
        "{}",
        '{"run": "0123"}',
        '{"run": "0123", "started": "0", "seconds": "x"}',
    ],
)
def test_a_session_that_cannot_be_read_is_left_out(tmp_path: Path, content: str) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "session-0.json").write_text(content)
    Session("0123", tmp_path).note()
    parts = Parts(tmp_path, RUN)
    assert len(parts.sessions()) == 1
    parts.remove()
    assert not (tmp_path / "parts").exists()
