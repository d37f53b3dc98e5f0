"""The misfit where nobody has a true label: which molecules these are, and what rows hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from taught_by_arrays import Says, student

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.splits import random_split
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.study.cell import split_cells
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.draws import Draw, roles_of
from w2s_mol.study.predictions import prediction_rows, use_rows
from w2s_mol.study.protocols import Roles
from w2s_mol.study.results import ON_UNLABELLED, StudyContext, result_rows
from w2s_mol.tasks.registry import REGRESSION

SPLIT = random_split(100, 3)
POOL = np.arange(100, 110)
FEW = Draw(0, "20", 0)


def roles(draw: Draw = FEW, **given: object) -> Roles:
    config = StudyConfig(dataset="made", labels=draw.labels, **given)
    labels = np.concatenate([np.arange(100.0), np.full(len(POOL), np.nan)])
    made = Dataset("made", ["C"] * 110, labels, "y", "log10", [SPLIT])
    return roles_of(draw, made, config)


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("on", ["same", "rest", "all"])
def test_they_are_those_that_nobody_knows_and_the_student_is_not_taught_on(
    on: str, share: bool
) -> None:
    found = roles(student_on=on, valid_labels="share" if share else "all")
    untaught = {*SPLIT.train} - {*found.student_learns} - {*found.supervisor_learns}
    assert len(untaught) == (60 if on == "same" else 0)
    unseen = {*SPLIT.valid} - {*found.supervisor_chooses}
    assert bool(unseen) == share
    assert {*found.unlabelled} == untaught | unseen
    assert not {*found.unlabelled} & {*SPLIT.test, *POOL}
    assert {*found.unlabelled} <= {*found.asked}


def test_with_all_labels_there_is_none() -> None:
    assert not len(roles(Draw(0)).unlabelled)


def study(labels: str = "20", **given: object) -> tuple[pd.DataFrame, Roles, np.ndarray]:
    """Return results of two supervisors, one of them silent on some, and what would be the misfit.

    True labels of molecules that nobody knows are NaN: no row may need them.
    """
    generator = np.random.default_rng(0)
    strong = generator.normal(size=(100, 4))
    truth = strong @ generator.normal(size=4) + generator.normal(size=100)
    said = [strong @ generator.normal(size=4) + generator.normal(size=100) for _ in range(2)]
    said[1][::3] = np.nan
    draw = Draw(0, labels, None if labels == "all" else 0)
    config = StudyConfig(dataset="made", labels=labels, head="ols", **given)
    known = Dataset("made", ["C"] * 100, truth.copy(), "y", "log10", [SPLIT])
    there = roles_of(draw, known, config)
    truth[there.unlabelled] = np.nan
    made = replace(known, labels=truth)
    supervisors = [Says(one) for one in said]
    [cells] = split_cells(
        supervisors,
        [student(strong)],
        Examples(["C"] * 100),
        truth,
        there,
        REGRESSION,
        head_fitter("ols"),
    )
    context = StudyContext(config, "id", REGRESSION)
    found = result_rows(context, made, draw, supervisors, there, cells)
    measured = {row for rows in there.parts.values() for row in rows.tolist()}
    kept = prediction_rows(made, "3", supervisors, there, cells)
    assert {*kept["row"]} == measured
    assert {*use_rows(made, "3", supervisors, there, cells)["row"]} == {*there.measured}
    design = np.column_stack([strong, np.ones(100)])
    misfits = []
    for one in said:
        learn = there.student_learns[~np.isnan(one[there.student_learns])]
        student_says = design @ np.linalg.lstsq(design[learn], one[learn])[0]
        misfits.append((student_says - one)[there.unlabelled] ** 2)
    return found, there, np.array(misfits)


def test_rows_hold_the_misfit_on_them_and_the_rule_with_it() -> None:
    found, there, misfits = study(valid_labels="share")
    assert len(there.unlabelled) > 60
    half = len(found) // 2
    for rows, every in zip((found[:half], found[half:]), misfits, strict=True):
        said = every[~np.isnan(every)]
        np.testing.assert_allclose(rows["misfit_unlabelled"], said.mean())
        assert set(rows["n_misfit_unlabelled"]) == {len(said)}
        np.testing.assert_allclose(rows["bound_unlabelled"], rows["weak_error"] - said.mean())
        on_valid = rows[rows["eval_split"] == "valid"].iloc[0]
        assert on_valid["bound"] != pytest.approx(on_valid["bound_unlabelled"])


@pytest.mark.parametrize("given", [{"labels": "all"}, {"student_on": "all"}])
def test_rows_hold_nothing_where_there_is_none(given: dict[str, str]) -> None:
    found, there, _ = study(**given)
    assert not len(there.unlabelled)
    misfit, number, bound = ON_UNLABELLED
    assert found[[misfit, bound]].isna().all(axis=None)
    assert (found[number] == 0).all()
