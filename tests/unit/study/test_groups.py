"""Results of several runs, told apart."""

import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.errors import InputError
from w2s_mol.selection.rendering import in_short
from w2s_mol.study.groups import STUDY_KEYS, of_a_study, study_groups
from w2s_mol.tasks.registry import REGRESSION, TASK_KIND, TASKS, find_task, task_of

NEWER = (TASK_KIND, "labels", "student_on", "valid_labels", "unlabelled", "head_width", "teaching")


def results() -> pd.DataFrame:
    return crafted().tables()[0]


def test_results_of_before_tasks_were_said_are_of_regression() -> None:
    old = results().drop(columns=TASK_KIND, errors="ignore")
    assert set(of_a_study(old)[TASK_KIND]) == {"regression"}
    assert set(of_a_study(old)["labels"]) == {"all"}
    [(keys, control, rows)] = study_groups(pd.concat([old, of_a_study(old)]))
    assert keys[TASK_KIND] == "regression"
    assert control == "none"
    assert len(rows) == 2 * len(old)


def test_studies_with_and_without_molecules_without_a_label_are_two() -> None:
    """Also beside results that do not say it; they had none."""
    old, one = results().drop(columns="unlabelled", errors="ignore"), results()
    tables = [old, one.assign(unlabelled=0), one.assign(unlabelled=1200)]
    found = [(keys, len(rows)) for keys, _, rows in study_groups(pd.concat(tables))]
    assert [(keys["unlabelled"], n) for keys, n in found] == [(0, 2 * len(one)), (1200, len(one))]
    assert [in_short(keys).partition("strong")[2].partition(",")[2] for keys, _ in found] == [
        "", " 1,200 molecules without a label",
    ]  # fmt: skip


def test_studies_of_two_tasks_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "absolute", REGRESSION)
    one, other = results(), results().assign(**{TASK_KIND: "absolute"})
    found = list(study_groups(pd.concat([one, other])))
    assert [keys[TASK_KIND] for keys, _, _ in found] == ["regression", "absolute"]
    assert [task_of(rows) for _, _, rows in found] == [REGRESSION, REGRESSION]


def test_a_task_that_is_not_registered_is_named() -> None:
    with pytest.raises(InputError, match="unknown task 'clases'"):
        find_task("clases")


@pytest.mark.parametrize("column", [k for k in STUDY_KEYS if k not in NEWER])
def test_what_a_study_s_results_lack_is_named(column: str) -> None:
    with pytest.raises(InputError, match=f"they lack the column '{column}'"):
        of_a_study(results().drop(columns=column))


@pytest.mark.parametrize(
    ("weak", "control"),
    [
        ("random-h8-s0", "random weak"),
        ("mean:random-h8-s0+random-h8-s1", "random weak"),
        ("mean:chain:random-h8-s0>random-h12-s0+random-h8-s1", "random weak"),
        ("mean:random", "random weak"),
        ("random-bert-h8-s0", "random weak"),
        ("mean:random-bert", "random weak"),
        ("mean:random-h8-s0+random-bert-h8-s0", "random weak"),
        ("mean:random-h8-s0+ecfp", "none"),
        ("concat:h8+no-longer-here", "none"),
    ],
)
def test_a_combination_of_untrained_encoders_alone_is_a_control(weak: str, control: str) -> None:
    frame = results().assign(weak=weak)
    assert {found for _, found, _ in study_groups(frame)} == {control}


@pytest.mark.parametrize(("other", "control"), [("random", "random weak"), ("weak", "none")])
def test_what_takes_the_best_of_others_is_a_control_where_they_are(
    other: str, control: str
) -> None:
    frame = results()
    frame["weak"] = frame["weak"].where(frame["hidden"] != 8, "top:2")
    frame["weak"] = frame["weak"].str.replace("weak-", f"{other}-")
    assert {found for _, found, _ in study_groups(frame)} == {control}


def test_a_student_of_untrained_encoders_side_by_side_is_a_control() -> None:
    for strong, control in (("concat:random-h8-s0+random-h8-s1", "random strong"),
                            ("random-bert-h8-s0", "random strong"),
                            ("concat:random-h8-s0+ecfp", "none")):  # fmt: skip
        frame = results().assign(strong=strong)
        assert {found for _, found, _ in study_groups(frame)} == {control}
