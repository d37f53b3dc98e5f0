from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s_mol.datasets.splits import random_split
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.protocols import PROTOCOLS, Roles


def test_a_protocol_is_a_setting_once_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"unknown protocol 'other'"):
        StudyConfig(dataset=("esol",), protocol="other")
    monkeypatch.setitem(PROTOCOLS, "other", PROTOCOLS["paper"])
    assert StudyConfig(dataset=("esol",), protocol="other").protocol == "other"


def test_paper_gives_the_train_molecules_to_both() -> None:
    split = random_split(50, 3)
    roles = PROTOCOLS["paper"].roles(split, 0)
    assert list(roles.parts) == ["train", "valid", "test"]
    for part, rows in split.parts().items():
        np.testing.assert_array_equal(roles.parts[part], rows)
    np.testing.assert_array_equal(roles.supervisor_learns, split.train)
    np.testing.assert_array_equal(roles.student_learns, split.train)
    np.testing.assert_array_equal(roles.supervisor_chooses, split.valid)
    np.testing.assert_array_equal(roles.student_chooses, split.valid)


@given(st.integers(0, 1000), st.integers(20, 200))
def test_disjoint_halves_the_train_part_and_nothing_else(seed: int, n: int) -> None:
    split = random_split(n, 0)
    roles = PROTOCOLS["disjoint"].roles(split, seed)
    assert list(roles.parts) == ["train-weak", "train-strong", "valid", "test"]
    np.testing.assert_array_equal(roles.supervisor_learns, roles.parts["train-weak"])
    np.testing.assert_array_equal(roles.student_learns, roles.parts["train-strong"])
    halves = np.concatenate([roles.supervisor_learns, roles.student_learns])
    assert sorted(halves) == sorted(split.train)
    assert abs(len(roles.supervisor_learns) - len(roles.student_learns)) <= 1
    for rows in (roles.supervisor_learns, roles.student_learns):
        assert sorted(rows) == rows.tolist()
    np.testing.assert_array_equal(roles.supervisor_chooses, split.valid)
    np.testing.assert_array_equal(roles.student_chooses, split.valid)
    np.testing.assert_array_equal(roles.parts["valid"], split.valid)
    np.testing.assert_array_equal(roles.parts["test"], split.test)


def test_the_halves_are_those_of_the_seed_that_finished_runs_have() -> None:
    split = random_split(20, 0)
    found = PROTOCOLS["disjoint"].roles(split, 0)
    assert found.supervisor_learns.tolist() == [5, 7, 9, 10, 11, 12, 14, 18]


@pytest.mark.parametrize("name", list(PROTOCOLS))
@given(st.integers(0, 1000), st.integers(20, 60))
def test_no_protocol_measures_a_molecule_twice_or_learns_on_test(
    name: str, seed: int, n: int
) -> None:
    split = random_split(n, 0)
    first, again = (PROTOCOLS[name].roles(split, seed) for _ in range(2))
    for field in fields(Roles):
        np.testing.assert_equal(getattr(first, field.name), getattr(again, field.name))
    measured = np.concatenate(list(first.parts.values()))
    assert len(set(measured)) == len(measured)
    chosen = {*first.supervisor_chooses, *first.student_chooses}
    known = {*first.supervisor_learns, *first.student_learns, *chosen}
    assert not known & {*split.test}
    assert not chosen & {*first.supervisor_learns, *first.student_learns}
    np.testing.assert_array_equal(first.asked, np.arange(n))


def test_what_is_asked_for_is_all_rows_of_all_roles() -> None:
    rows = [np.array(some) for some in ([5, 3], [8], [9, 3], [1], [7], [2])]
    roles = Roles({"test": rows[0]}, *rows[1:5], unlabelled=rows[5])
    assert roles.asked.tolist() == [1, 2, 3, 5, 7, 8, 9]


def test_roles_are_told_in_the_numbers_of_the_whole_dataset() -> None:
    rows = [np.array(some) for some in ([1], [0, 1], [2], [0])]
    roles = Roles({"test": np.array([2, 0])}, *rows, drawn=True, unlabelled=np.array([1, 2]))
    found = roles.of(np.array([10, 20, 30]))
    assert found.parts["test"].tolist() == [30, 10]
    assert found.supervisor_learns.tolist() == [20]
    assert found.student_learns.tolist() == [10, 20]
    assert found.supervisor_chooses.tolist() == [30]
    assert found.student_chooses.tolist() == [10]
    assert found.unlabelled.tolist() == [20, 30]
    assert found.drawn
