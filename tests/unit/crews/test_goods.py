"""Files that another machine lacks are put there, and names lead to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from w2s_mol.crews import goods as module
from w2s_mol.crews.goods import Goods, Reads, pictured
from w2s_mol.errors import InputError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a home, a working folder and files in both."""
    for name, content in {
        "home/adapted/mine/config.json": "{}",
        "work/own.csv": "smiles,y\n",
        "other/far.csv": "smiles\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def goods(here: Path) -> Goods:
    home = here / "home" / "adapted" / "mine" / "config.json"
    return Goods.of(Reads(own=(home,), named=(Path("own.csv"), Path("../other/far.csv"))))


def hashes(goods: Goods) -> list[str]:
    return [sha256 for _, sha256 in (*goods.own, *goods.named)]


@contextmanager
def elsewhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine that has nothing: its home is another, and what lay here is gone."""
    with monkeypatch.context() as patched:
        patched.setenv("W2S_MOL_HOME", str(here / "another-home"))
        patched.chdir("/")
        for name in ("work", "other"):
            (here / name).rename(here / f"{name}-gone")
        yield here / "another-home"
        for name in ("work", "other"):
            (here / f"{name}-gone").rename(here / name)


def test_where_they_came_from_nothing_is_lacking(goods: Goods, here: Path) -> None:
    assert goods.lacking() == []
    with goods.at_hand():
        assert Path.cwd() == here / "work"
        assert pictured() is None


def test_elsewhere_they_are_put_and_names_lead_to_them(
    goods: Goods, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = goods.contents(hashes(goods))
    with elsewhere(here, monkeypatch) as home:
        assert len(goods.lacking()) == 3
        with (
            pytest.raises(InputError, match=r"there is no .*config\.json here"),
            goods.at_hand(),
        ):
            pass
        goods.put(contents)
        assert goods.lacking() == []
        before = Path.cwd()
        with goods.at_hand():
            assert pictured() == str(here / "work")
            assert Path("own.csv").read_text() == "smiles,y\n"
            assert Path("../other/far.csv").read_text() == "smiles\n"
        assert Path.cwd() == before
        assert (home / "adapted" / "mine" / "config.json").read_text() == "{}"
        assert not (here / "work").exists()


def test_one_with_another_content_is_not_taken_for_it(
    goods: Goods, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = goods.contents(hashes(goods))
    (here / "work" / "own.csv").write_text("changed\n")
    assert goods.lacking()
    goods.put(contents)
    assert (here / "work" / "own.csv").read_text() == "changed\n"
    with goods.at_hand():
        assert Path("own.csv").read_text() == "smiles,y\n"


def test_what_lies_there_under_its_own_name_is_not_written_over(
    goods: Goods, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = goods.contents(hashes(goods))
    with elsewhere(here, monkeypatch) as home:
        theirs = home / "adapted" / "mine" / "config.json"
        theirs.parent.mkdir(parents=True)
        theirs.write_text("theirs")
        goods.put(contents)
        assert theirs.read_text() == "theirs"
        with pytest.raises(InputError, match=r"mine/config\.json here, or one"), goods.at_hand():
            pass


def test_too_much_to_send_is_refused(goods: Goods, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 3)
    with pytest.raises(InputError, match="Put them into a folder that all machines share"):
        goods.contents(hashes(goods))
