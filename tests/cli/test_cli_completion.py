"""What a shell offers when a name is begun; it is asked as the shell asks."""

from __future__ import annotations

import pytest

HEAVY = {"torch", "transformers", "rdkit", "pandas", "numpy", "scipy"}


@pytest.fixture
def offered(cli, fresh_home, tmp_path):
    for run in ("runs/lipop", "runs/plan/one", "mine"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "manifest.json").touch()
    (tmp_path / "runs" / "unfinished").mkdir()
    for encoder in ("own-encoder", "own-family/h8"):
        (tmp_path / encoder).mkdir(parents=True)
        (tmp_path / encoder / "config.json").touch()
    (tmp_path / "own.csv").touch()
    (tmp_path / "notes.txt").touch()

    def ask(line: str, **environment: str) -> list[str]:
        asking = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        done = cli(_W2S_MOL_COMPLETE="complete_bash", **asking, **environment)
        assert done.code == 0
        return done.out.split(), done.err

    return ask


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("w2s-mol run --strong st", ["strong-h256-l6-s0"]),
        ("w2s-mol run --weak weak-h9", ["weak-h96-s0", "weak-h96-s1", "weak-h96-s2"]),
        ("w2s-mol run --weak shi", ["shipped"]),
        ("w2s-mol embed x.csv --encoder e", ["ecfp"]),
        ("w2s-mol embed x.csv -e r", ["rdkit2d", "random", "random-bert"]),
        ("w2s-mol adapt mol", ["molbert"]),
        ("w2s-mol diagnose --strong own", ["own-encoder", "own-family"]),
        ("w2s-mol run --dataset e", ["esol"]),
        ("w2s-mol run -d o", ["own.csv"]),
        ("w2s-mol adapt ecfp -d li", ["lipop"]),
        ("w2s-mol data fetch gu", ["guacamol"]),
        ("w2s-mol select ", ["runs/lipop", "runs/plan", "mine"]),
        ("w2s-mol recommend runs/l", ["runs/lipop"]),
        ("w2s-mol predict x.csv --run mi", ["mine"]),
        ("w2s-mol diagnose --run runs/p", ["runs/plan"]),
        ("w2s-mol run -d no-such", []),
    ],
)
def test_names_so_begun_are_offered(offered, line, names):
    assert offered(line) == (names, "")


def test_nothing_heavy_is_imported_for_it(offered):
    names, imports = offered("w2s-mol run --strong st", PYTHONPROFILEIMPORTTIME="1")
    assert names == ["strong-h256-l6-s0"]
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in imports.splitlines()}
    assert "w2s_mol" in imported
    assert not imported & HEAVY
