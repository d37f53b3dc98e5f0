"""Molecules without a label in a study: the student learns of them, and nothing else does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from taught_by_arrays import Says, student

from w2s_mol import run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.splits import random_split
from w2s_mol.embeddings.finding import Finder
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import gathered
from w2s_mol.study.cell import split_cells
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.draws import Draw, roles_of
from w2s_mol.study.plan import StudyPlan
from w2s_mol.tasks.registry import REGRESSION

MADE = generate(90)
LABELLED, POOL = MADE[:60], MADE[60:]
TOLD = ["weak_error", "ceiling_error", "delta_error", "stack_error", "direct_error", "mean_error"]
TAUGHT = ["w2s_error", "both_error"]


def table(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(["smiles,y", *rows, ""]))
    return path


@pytest.fixture
def settings(tmp_path: Path) -> dict:
    own = table(tmp_path, "own.csv", [f"{smiles},{y}" for smiles, y in LABELLED])
    weak = {"dataset": str(own), "target_column": "y", "weak": "rdkit2d"}
    return {**weak, "strong": ("ecfp", "self"), "split_seeds": (0, 1)}


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    return table(tmp_path, "pool.csv", [f"{smiles}," for smiles, _ in POOL])


def study_id(settings: dict, **changed: object) -> str:
    return StudyPlan(StudyConfig(**{**settings, **changed}), Finder("mean+pooled")).run_id


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"labels": ("20", "all"), "student_on": "rest"},
        {"labels": 20, "student_on": "all", "valid_labels": "share"},
        {"protocol": "disjoint"},
    ],
)
def test_what_students_learn_changes_and_all_else_is_as_without_them(
    settings: dict, pool: Path, given: dict
) -> None:
    found = run_study(**settings, **given, unlabelled=str(pool))
    without = run_study(**settings, **given)
    keys = ["strong", "split", "labels", "eval_split", "n", "split_sha256"]
    pd.testing.assert_frame_equal(found.results[keys], without.results[keys])
    pd.testing.assert_frame_equal(found.results[TOLD], without.results[TOLD], rtol=1e-9)
    measured = [r["eval_split"].isin(["valid", "test"]) for r in (found.results, without.results)]
    pairs = [r[use][some].to_numpy() for use in TAUGHT for r, some in
             zip((found.results, without.results), measured, strict=True)]  # fmt: skip
    assert not np.isclose(pairs[0], pairs[1]).any()  # w2s
    assert not np.isclose(pairs[2], pairs[3]).any()  # both
    assert set(found.results["study"]) != set(without.results["study"])
    assert set(found.results["dataset_sha256"]) != set(without.results["dataset_sha256"])
    assert {*found.predictions["row"]} <= {*range(60)}


def test_the_tables_own_rows_are_as_good_as_a_file_of_them(
    settings: dict, pool: Path, tmp_path: Path
) -> None:
    mixed = [f"{smiles},{y}" for smiles, y in LABELLED]
    for place, (smiles, _) in enumerate(POOL):
        mixed.insert(3 * place, f"{smiles},")
    (tmp_path / "mixed").mkdir()
    own = str(table(tmp_path / "mixed", "own.csv", mixed))
    of_rows = run_study(**{**settings, "dataset": own}, unlabelled="rows")
    of_file = run_study(**settings, unlabelled=str(pool))
    pd.testing.assert_frame_equal(of_rows.results, of_file.results)
    molecules = of_rows.finished.table("molecules")
    assert molecules["line"].tolist()[60:62] == [2, 5]


def test_molecules_without_a_label_are_among_those_of_a_run_in_no_part(
    settings: dict, pool: Path
) -> None:
    molecules = run_study(**settings, unlabelled=str(pool)).finished.table("molecules")
    ours = molecules[60:]
    assert ours["smiles"].tolist() == [smiles for smiles, _ in POOL]
    assert ours["row"].tolist() == [*range(60, 90)]
    assert ours[["truth", "line", "part 0", "part 1"]].isna().all(axis=None)
    assert molecules[:60][["truth", "line", "part 0", "part 1"]].notna().all(axis=None)


def test_the_notes_count_them_and_those_unlike_the_others(settings: dict, pool: Path) -> None:
    """By each strong encoder; ``self`` has none of its own."""
    found = run_study(**settings, unlabelled=str(pool)).notes["own"]
    assert found[0] == "30 molecules without a label in no part: students learn their weak labels"
    [note] = [note for note in found if "unlike" in note]
    ecfp = Finder().encoded("ecfp").features([smiles for smiles, _ in MADE])
    counts = gathered(ecfp, np.arange(90)).astype(float)
    train = counts[random_split(60, 0).train]
    spread = train.std(axis=0)
    differ = counts[:, None] - train
    alike = spread == 0  # a value that is new to all of them counts as one of 48 has alone
    apart = (differ[..., ~alike] / spread[~alike]) ** 2
    apart = apart.sum(axis=2) + 48 * (differ[..., alike] != 0).sum(axis=2)
    own = apart[random_split(60, 0).train]
    np.fill_diagonal(own, np.inf)
    limit = np.percentile(np.sqrt(own.min(axis=1)), 99)
    count = int((np.sqrt(apart[60:].min(axis=1)) > limit).sum())
    assert 0 < count < 30
    assert note == (
        f"{count} of 30 unlabelled molecules are unlike the labelled ones (strong ecfp): farther "
        "from the nearest than 99 % of these are from each other; students of such molecules were "
        "measured to be worse"
    )
    assert not any("unlike" in note for note in run_study(**settings).notes["own"])


def test_a_studys_id_has_their_content_where_there_are_such(
    settings: dict, pool: Path, tmp_path: Path
) -> None:
    one = study_id(settings, unlabelled=str(pool))
    (tmp_path / "b").mkdir()
    assert study_id(settings, unlabelled=str(shutil.copy(pool, tmp_path / "b" / "x.csv"))) == one
    pool.write_text(pool.read_text() + "CCN,\n")
    assert len({one, study_id(settings), study_id(settings, unlabelled=str(pool))}) == 3


def test_a_student_learns_weak_labels_of_them_and_nobody_is_shown_a_true_one() -> None:
    generator = np.random.default_rng(0)
    strong = generator.normal(size=(80, 4))
    truth = strong @ generator.normal(size=4) + generator.normal(size=80)
    truth[60:] = np.nan
    supervisor = Says(strong @ generator.normal(size=4) + generator.normal(size=80))
    split, asked = random_split(60, 0), StudyConfig(dataset="made", labels=20)
    pool = np.arange(60, 80)
    made = Dataset("made", ["C"] * 80, truth, "y", "log10", [split])
    roles = roles_of(Draw(0, "20", 0), made, asked)
    [cells] = split_cells(
        [supervisor],
        [student(strong)],
        Examples(["C"] * 80),
        truth,
        roles,
        REGRESSION,
        head_fitter("ols"),
    )
    [lesson] = supervisor.lessons
    assert {*pool} <= {*lesson.asked}
    assert np.isnan(lesson.truth[pool]).all()
    assert np.count_nonzero(~np.isnan(lesson.truth)) == 20 + len(split.valid)
    design = np.column_stack([strong, np.ones(80)])

    def fitted(labels: np.ndarray, rows: np.ndarray, weights: np.ndarray | float = 1.0):
        root = np.sqrt(np.broadcast_to(weights, len(rows)))
        return design @ np.linalg.lstsq(root[:, None] * design[rows], root * labels[rows])[0]

    labelled = roles.supervisor_learns
    taught = np.concatenate([labelled, pool])
    of = {name: made.predictions[split.test, 0] for name, made in cells.made.items()}
    np.testing.assert_allclose(of["w2s"], fitted(supervisor.said, taught)[split.test])
    np.testing.assert_allclose(of["ceiling"], fitted(truth, labelled)[split.test])
    np.testing.assert_allclose(of["direct"], fitted(truth, labelled)[split.test])
    twice = np.where(np.isnan(truth), 0, truth)
    candidates = []
    for weight in (0.03, 0.1, 0.3, 1.0, 3.0):
        labels, weights = supervisor.said.copy(), np.full(80, weight)
        labels[labelled] = (twice + weight * supervisor.said)[labelled] / (1 + weight)
        weights[labelled] += 1
        candidates.append(fitted(labels, taught, weights[taught])[split.test])
    assert any(np.allclose(of["both"], one) for one in candidates)
