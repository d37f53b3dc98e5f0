"""A plan becomes studies: every combination once, and what cannot be one is told by its place."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s_mol.errors import InputError
from w2s_mol.sweep.plan import studies_of

BASE: dict[str, Any] = {"dataset": ["esol"], "strong": ["ecfp"]}


def test_a_list_where_one_value_is_taken_is_a_study_each() -> None:
    found = studies_of({**BASE, "seed": [0, 1], "protocol": ["paper", "disjoint"]})
    assert [(one.seed, one.protocol) for one in found] == [
        (0, "paper"), (0, "disjoint"), (1, "paper"), (1, "disjoint"),
    ]  # fmt: skip


def test_a_list_where_several_are_taken_is_one_study_s() -> None:
    [one] = studies_of({**BASE, "dataset": ["esol", "lipop"]})
    assert one.dataset == ("esol", "lipop")
    found = studies_of({**BASE, "dataset": [["esol"], ["lipop", "esol"]]})
    assert [one.dataset for one in found] == [("esol",), ("lipop", "esol")]


def test_tables_are_combinations_of_their_own_with_what_stands_above() -> None:
    plan = {**BASE, "seed": [0, 1], "study": [{}, {"seed": 7, "protocol": "disjoint"}]}
    assert [(one.seed, one.protocol) for one in studies_of(plan)] == [
        (0, "paper"), (1, "paper"), (7, "disjoint"),
    ]  # fmt: skip


def test_a_study_that_is_said_again_is_there_again() -> None:
    found = studies_of({**BASE, "seed": [3, 3], "study": [{}, {"seed": 3}]})
    assert len(found) == 3
    assert len(set(found)) == 1


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True),
       st.lists(st.sampled_from(["paper", "disjoint"]), min_size=1, unique=True),
       st.lists(st.sampled_from(["ecfp", "rdkit2d", "self"]), min_size=1, unique=True))  # fmt: skip
def test_every_combination_is_there_once(
    seeds: list[int], protocols: list[str], strong: list[str]
) -> None:
    plan = {**BASE, "seed": seeds, "protocol": protocols, "strong": [[one] for one in strong]}
    found = [(one.seed, one.protocol, one.strong[0]) for one in studies_of(plan)]
    assert sorted(found) == sorted(itertools.product(seeds, protocols, strong))


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({**BASE, "sede": 1}, r"unknown option in plan p\.toml: 'sede'\. Did you mean 'seed'"),
        ({**BASE, "seed": []}, "seed is an empty list"),
        ({**BASE, "dataset": ["esol", ["lipop"]]}, "mixes lists and single values"),
        ({**BASE, "protocol": ["paper", "papr"]}, r"Did you mean 'paper'.*protocol = papr"),
        ({**BASE, "seed": "one"}, r"seed is .*in the study of"),
        ({**BASE, "study": {"seed": 1}}, r"each begun by \[\[study\]\]"),
        ({"dataset": ["esol"], "strong": []}, "strong is an empty list"),
    ],
)
def test_what_is_no_plan_is_refused(plan: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        studies_of(plan, "plan p.toml")
