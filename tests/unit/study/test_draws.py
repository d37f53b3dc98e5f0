"""Which true labels supervisors have."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.splits import random_split
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.draws import Draw, draws, left_out, roles_of, still_drawn
from w2s_mol.study.protocols import PROTOCOLS, Roles

SPLIT = random_split(100, 3)


def config(**given: Any) -> StudyConfig:
    return StudyConfig(dataset=("made",), **given)


def dataset(*splits: Split) -> Dataset:
    return Dataset("made", ["C"] * 100, np.arange(100.0), "y", "log10", list(splits or [SPLIT]))


def roles(draw: Draw, config: StudyConfig, unlabelled: Sequence[int] = ()) -> Roles:
    """Return the roles in a dataset whose molecules from the 100th on have no label."""
    labels = np.concatenate([np.arange(100.0), np.full(len(unlabelled), np.nan)])
    made = replace(dataset(), smiles=["C"] * len(labels), labels=labels)
    return roles_of(draw, made, config)


def test_without_a_number_every_split_is_one_draw_and_as_it_was() -> None:
    [draw] = draws(dataset(), config())
    assert draw.name(SPLIT) == SPLIT.name
    assert draw.sha256(dataset(), config()) == SPLIT.sha256
    found = roles(draw, config())
    np.testing.assert_array_equal(found.supervisor_learns, SPLIT.train)
    assert list(found.parts) == ["train", "valid", "test"]


def test_each_number_is_drawn_by_each_seed_and_all_are_taken_once() -> None:
    asked = config(labels=(20, "all", "40"), label_seeds=(0, 7))
    found = draws(dataset(), asked)
    assert [(d.labels, d.seed) for d in found] == [
        ("20", 0), ("20", 7), ("all", None), ("40", 0), ("40", 7),
    ]  # fmt: skip
    names = [draw.name(SPLIT) for draw in found]
    assert names[0] == "3 labels 20 seed 0"
    assert len(set(names)) == len({draw.sha256(dataset(), asked) for draw in found}) == 5


def test_fewer_labels_of_a_seed_are_among_the_more() -> None:
    rows = [roles(Draw(0, n, 5), config(labels=n)) for n in ("10", "30")]
    few, more = ({*found.supervisor_learns.tolist()} for found in rows)
    assert len(few) == 10
    assert len(more) == 30
    assert few < more < {*SPLIT.train.tolist()}
    other = roles(Draw(0, "10", 6), config(labels="10"))
    assert few != {*other.supervisor_learns.tolist()}


@pytest.mark.parametrize(("on", "count"), [("same", 20), ("rest", 60), ("all", 80)])
def test_the_student_learns_the_same_molecules_the_rest_or_all(on: str, count: int) -> None:
    found = roles(Draw(0, "20", 0), config(labels="20", student_on=on))
    labelled, taught = {*found.supervisor_learns.tolist()}, {*found.student_learns.tolist()}
    assert len(labelled) == 20
    assert len(taught) == count
    expected = {"same": labelled, "rest": {*SPLIT.train} - labelled, "all": {*SPLIT.train}}
    assert taught == expected[on]
    rows = np.concatenate(list(found.parts.values()))
    assert len(rows) == len(set(rows.tolist()))
    assert labelled == {*found.parts["train" if on == "same" else "train-weak"].tolist()}
    np.testing.assert_array_equal(found.parts["test"], SPLIT.test)
    np.testing.assert_array_equal(found.supervisor_chooses, SPLIT.valid)


@pytest.mark.parametrize("on", ["same", "rest", "all"])
@pytest.mark.parametrize("labels", ["20", "all"])
def test_a_student_learns_of_molecules_without_a_label_in_every_draw(on: str, labels: str) -> None:
    """And nobody else, and nothing is measured on them."""
    draw = Draw(0, labels, 0 if labels == "20" else None)
    asked = config(labels=("20", labels), student_on=on)
    before, found = roles(draw, asked), roles(draw, asked, [100, 101])
    np.testing.assert_array_equal(found.student_learns, [*before.student_learns, 100, 101])
    assert {100, 101} <= {*found.asked}
    assert not {100, 101} & {*np.concatenate(list(found.parts.values()))}
    assert not {100, 101} & {*found.measured}
    for name in ("supervisor_learns", "supervisor_chooses", "student_chooses"):
        np.testing.assert_array_equal(getattr(found, name), getattr(before, name))


def test_they_are_on_the_side_of_the_student_where_molecules_are_halved() -> None:
    asked = config(protocol="disjoint")
    before, found = roles(Draw(0), asked), roles(Draw(0), asked, [100])
    np.testing.assert_array_equal(found.student_learns, [*before.student_learns, 100])
    np.testing.assert_array_equal(found.supervisor_learns, before.supervisor_learns)
    assert {*found.parts} == {"train-weak", "train-strong", "valid", "test"}


def test_validation_labels_may_be_as_small_a_share() -> None:
    found = roles(Draw(0, "40", 0), config(labels="40", valid_labels="share"))
    assert len(found.supervisor_chooses) == 5  # of 10, as 40 of 80
    assert {*found.supervisor_chooses} <= {*SPLIT.valid}
    np.testing.assert_array_equal(found.parts["valid"], found.supervisor_chooses)
    np.testing.assert_array_equal(found.student_chooses, SPLIT.valid)


def test_numbers_that_a_split_does_not_have_are_left_out_and_told() -> None:
    asked = config(labels=("20", "81", "500"))
    assert [draw.labels for draw in draws(dataset(), asked)] == ["20"]
    [note] = left_out(dataset(), asked)
    assert note.startswith("81, 500 labels are left out")
    assert left_out(dataset(), config(labels=("80", "all"))) == []
    with pytest.raises(InputError, match=r"split 3 of made has 80 molecules .* asks for 81\."):
        draws(dataset(), config(labels="81"))


def test_of_a_dataset_that_lost_molecules_the_draws_are_left_that_it_has_enough_for() -> None:
    asked = config(labels=("20", "80"), label_seeds=(0, 1))
    found = draws(dataset(), asked)
    smaller = dataset().keep(np.arange(100) != SPLIT.train[0])
    assert still_drawn(found, dataset(), asked) == found
    assert still_drawn(found, smaller, asked) == [Draw(0, "20", 0), Draw(0, "20", 1)]
    [note] = left_out(smaller, asked)
    assert note.startswith("80 labels are left out")
    assert note.endswith("79 at the least")
    with pytest.raises(InputError, match=r"split 3 of made has 79 molecules .* asks for 80\."):
        still_drawn([Draw(0, "80", 0)], smaller, config(labels="80"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"labels": "1"}, "labels is '1'. It should be a whole number of 2 or more, or 'all'"),
        ({"labels": 0}, "labels is 0. It should be a whole number of 2 or more, or 'all'"),
        ({"labels": "-5"}, "labels is '-5'. It should be a whole number of 2 or more, or 'all'"),
        ({"labels": "abc"}, "labels is 'abc'. It should be a whole number of 2 or more, or 'all'"),
        ({"labels": "9" * 5000}, r"labels is .999.* \(5,000 characters\). It should be a whole"),
        ({"labels": 2.5}, "labels is 2.5. It should be a whole number of 2 or more, or 'all'"),
        ({"labels": None}, "labels is 'None'. It should be a list or a tuple"),
        ({"labels": ()}, "no number of labels"),
        ({"label_seeds": 3}, "label_seeds is for labels that are drawn"),
        ({"student_on": "rest"}, "student_on is for labels that are drawn"),
        ({"labels": "20", "protocol": "disjoint"}, "protocol disjoint says itself"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        config(**given)


def test_a_number_may_be_given_as_one_and_counts_once() -> None:
    assert config(labels=[50, "050", "all"]).labels == ("50", "all")


def of_classes(ones: Sequence[int], split: Split = SPLIT) -> Dataset:
    """Return a dataset of which some rows are of the class that is 1."""
    labels = np.isin(np.arange(100), ones).astype(float)
    return replace(dataset(split), labels=labels, classes=("no", "yes"))


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_a_draw_of_classes_has_both_and_fewer_are_still_among_the_more(
    seed: int, flipped: bool
) -> None:
    rare = SPLIT.train[:3].tolist()
    made = of_classes([row for row in range(100) if (row in rare) != flipped])
    before: set[int] = set()
    for count in (2, 3, 5, 10, 20, 40, 80):
        found = roles_of(Draw(0, str(count), seed), made, config(labels=count)).supervisor_learns
        drawn = {*found.tolist()}
        assert len(found) == len(drawn) == count
        assert drawn & {*rare}
        assert drawn - {*rare}
        assert before < drawn <= {*SPLIT.train.tolist()}
        before = drawn


def test_only_the_last_of_a_draw_gives_way_to_the_other_class() -> None:
    made, asked, draw = of_classes(SPLIT.train[:1].tolist()), config(labels=10), Draw(0, "10", 4)
    of_numbers = {*roles_of(draw, dataset(), asked).supervisor_learns.tolist()}
    found = {*roles_of(draw, made, asked).supervisor_learns.tolist()}
    assert SPLIT.train[0] not in of_numbers
    assert found - of_numbers == {SPLIT.train[0]}
    assert len(of_numbers - found) == 1


def test_a_draw_that_has_both_classes_is_the_one_of_numbers() -> None:
    made, asked, draw = of_classes(range(0, 100, 2)), config(labels=20), Draw(0, "20", 4)
    np.testing.assert_array_equal(
        roles_of(draw, made, asked).supervisor_learns,
        roles_of(draw, dataset(), asked).supervisor_learns,
    )


def test_a_share_of_validation_labels_has_both_classes_where_it_has_two() -> None:
    made = of_classes([*SPLIT.train[:5], *SPLIT.valid[:1]])
    asked = config(labels=40, valid_labels="share")
    for seed in range(10):
        found = roles_of(Draw(0, "40", seed), made, asked).supervisor_chooses
        assert len(found) == 5
        assert SPLIT.valid[0] in found


def test_draws_of_classes_are_not_those_of_numbers() -> None:
    draw, asked = Draw(0, "20", 0), config(labels=20)
    numbers = replace(of_classes(range(50)), classes=None)
    assert draw.sha256(of_classes(range(50)), asked) != draw.sha256(numbers, asked)
    assert Draw(0).sha256(of_classes(range(50)), asked) == SPLIT.sha256


@pytest.mark.parametrize("seed", range(6))
def test_a_half_of_one_class_is_refused(seed: int) -> None:
    made = of_classes([SPLIT.train[0], SPLIT.valid[0], SPLIT.test[0]])
    asked = config(protocol="disjoint", seed=seed)
    if SPLIT.train[0] in PROTOCOLS["disjoint"].roles(SPLIT, seed).supervisor_learns:
        assert len(draws(made, asked)) == 1
        return
    said = "gives supervisors 40 train molecules of split 3 of made, all of them 'no'. Pass another"
    with pytest.raises(InputError, match=said):
        draws(made, asked)
