"""A study opened by another process is the same study, or is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from w2s_mol import paths
from w2s_mol.crews import goods as goods_of
from w2s_mol.datasets.builtin import generate
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.files import seen_from
from w2s_mol.errors import InputError
from w2s_mol.progress import silent
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.elsewhere import _seen_from
from w2s_mol.study.plan import StudyPlan


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("weak-h8-s0", "weak-h8-s0"),
        ("fam/mine", "fam/mine"),
        ("/a/b/fam/mine", "fam/mine"),
        ("/a/b/mine", "./mine"),
        ("/a/c/mine", "../c/mine"),
        ("file:/a/b/x.parquet", "file:./x.parquet"),
        ("hf:/a/b/mine", "hf:./mine"),
        ("mean:/a/b/x+weak-h8-s0", "mean:./x+weak-h8-s0"),
        ("chain:weak-h8-s0>/a/b/f/x>file:/a/y.parquet", "chain:weak-h8-s0>f/x>file:../y.parquet"),
        ("column:/a/b", "column:/a/b"),
    ],
)
def test_whole_paths_are_seen_from_a_folder(name: str, seen: str) -> None:
    assert _seen_from(name, "/a/b") == seen
    if not name.startswith(("mean:", "chain:")):
        assert seen_from(name, "/a/b") == seen


def plan_of(**settings: object) -> StudyPlan:
    config = StudyConfig(**settings)  # type: ignore[arg-type]
    return StudyPlan(config, Finder(config.pooling, "cpu", config.items))


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    rows = "".join(f"{smiles},{label}\n" for smiles, label in generate(60))
    shutil.copytree(paths.shipped("checkpoints") / "weak-h8-s1", folder / "fam" / "mine")
    (folder / "own.csv").write_text(f"smiles,y\n{rows}")
    monkeypatch.chdir(folder)
    return folder


def settings(work: Path) -> dict[str, object]:
    weak = (str(work / "fam" / "mine"), f"mean:weak-h8-s0+{work / 'fam' / 'mine'}")
    own = {"dataset": (str(work / "own.csv"),), "target_column": ("y",)}
    return {**own, "weak": weak, "strong": ("ecfp",)}


def test_in_a_picture_it_is_the_same_to_the_last_byte(work: Path, tmp_path: Path) -> None:
    """On a machine that has nothing of it: results, names, addresses of models."""
    plan = plan_of(**settings(work))
    before, elsewhere = plan.do("000-000-000", silent), plan.elsewhere()
    goods = goods_of.Goods.of(plan.files())
    contents = goods.contents([sha256 for _, sha256 in goods.named])
    work.rename(tmp_path / "gone")
    try:
        goods.put(contents)
        with goods.at_hand():
            after = elsewhere.open().do("000-000-000", silent)
    finally:
        (tmp_path / "gone").rename(work)
    assert before.tables.keys() == after.tables.keys()
    for name, table in before.tables.items():
        assert after.tables[name].equals(table), name
    assert after.measured["device"] == "cpu"


def test_another_content_is_another_study(work: Path) -> None:
    elsewhere = plan_of(**settings(work)).elsewhere()
    assert elsewhere.open().run_id == elsewhere.run_id
    with (work / "own.csv").open("a") as table:
        table.write("CCO,1.5\n")
    with pytest.raises(InputError, match="has another content here"):
        elsewhere.open()


def test_another_name_is_refused(work: Path) -> None:
    elsewhere = plan_of(**settings(work)).elsewhere()
    called = tuple(name.replace("mine", "theirs") for name in elsewhere.called)
    with pytest.raises(InputError, match="is named by its whole path"):
        replace(elsewhere, called=called).open()


def test_parts_of_a_dataset_need_its_blocks_once(work: Path) -> None:
    plan = plan_of(**settings(work))
    needs = [set(plan.needs(part)) for part in plan.part_names()]
    assert {need.name for need in needs[0]} == {"mine", "weak-h8-s0", "ecfp"}
    assert all(some == needs[0] for some in needs)
    same = plan_of(**{**settings(work), "protocol": "disjoint"})
    assert set(same.needs(same.part_names()[0])) == needs[0]
