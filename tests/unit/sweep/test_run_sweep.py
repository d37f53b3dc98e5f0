"""Many studies are as each alone; one that cannot be carried out is told, and stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from w2s_mol import run_study, run_sweep
from w2s_mol.datasets.builtin import generate
from w2s_mol.study.config import StudyConfig


@pytest.fixture
def studies(tmp_path: Path) -> dict[Path, StudyConfig]:
    rows = "".join(f"{smiles},{label}\n" for smiles, label in generate(60))
    (tmp_path / "own.csv").write_text(f"smiles,y\n{rows}")
    shared = {
        "dataset": (str(tmp_path / "own.csv"),), "target_column": ("y",), "weak": ("weak-h8-s0",),
        "strong": ("ecfp",),
    }  # fmt: skip
    return {
        tmp_path / "one": StudyConfig(**shared),
        tmp_path / "wrong": StudyConfig(**{**shared, "head": "adamw", "confidence": 0.5}),
        tmp_path / "lost": StudyConfig(**{**shared, "dataset": ("no.csv",)}),
        tmp_path / "two": StudyConfig(**{**shared, "protocol": "disjoint"}),
    }


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_each_is_as_it_is_alone_and_a_wrong_one_stops_none(
    studies: dict[Path, StudyConfig], tmp_path: Path, workers: int
) -> None:
    done = {one.folder.name: one for one in run_sweep(studies, workers=workers)}
    assert list(done) == ["one", "wrong", "lost", "two"]
    assert "squared error" in done["wrong"].refused
    assert "no.csv" in done["lost"].refused
    for name in ("one", "two"):
        finished = done[name].finished
        assert finished
        assert finished.computed
        run_study(studies[tmp_path / name], output_dir=tmp_path / "alone" / name)
        for file in ("results.csv", "predictions.parquet", "models.parquet"):
            alone = (tmp_path / "alone" / name / file).read_bytes()
            assert (tmp_path / name / file).read_bytes() == alone
    again = {one.folder.name: one for one in run_sweep(studies, workers=workers)}
    assert [one.finished.computed for one in again.values() if one.finished] == [False, False]


def test_embeddings_are_computed_once(
    studies: dict[Path, StudyConfig], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from w2s_mol.embeddings import store

    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "home"))
    made: list[str] = []
    original = store.make_block

    def counted(entry, encoder, *rest):  # type: ignore[no-untyped-def]
        made.append(encoder.name)
        return original(entry, encoder, *rest)

    monkeypatch.setattr(store, "make_block", counted)
    run_sweep(studies)
    assert sorted(made) == ["ecfp", "weak-h8-s0"]
