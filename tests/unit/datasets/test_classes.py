"""Which two classes a column of labels holds, if it holds classes, and which of them is 1."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import pytest

from w2s_mol.datasets.classes import Classes, classes_note, codes_note, found_classes
from w2s_mol.errors import InputError

WHERE = "column 'y' of own.csv"


def found(*cells: str, asked: str = "auto", positive: str | None = None) -> tuple | None:
    classes = found_classes(WHERE, [*cells, *cells], asked, positive)
    return classes and classes.words


@pytest.mark.parametrize("asked", ["auto", "binary"])
@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("0", "1"), ("0", "1")),
        (("1.0", "0.0", "1"), ("0", "1")),
        (("2", "1"), ("1", "2")),
        (("1", "-1"), ("-1", "1")),
        (("yes", "no"), ("no", "yes")),
        (("Y", "n"), ("n", "Y")),
        (("True", "False"), ("False", "True")),
        (("BBB+", "BBB-"), ("BBB-", "BBB+")),
        (("hit", "no hit"), ("no hit", "hit")),
        (("inhibition", "no inhibition"), ("no inhibition", "inhibition")),
        (("hERG blocker", "hERG non-blocker"), ("hERG non-blocker", "hERG blocker")),
        (("an", "ay"), ("an", "ay")),
        (("active", "inactive"), ("inactive", "active")),
        (("pos", "neg"), ("neg", "pos")),
        (("+", "-"), ("-", "+")),
        (("toxic", "non-toxic"), ("non-toxic", "toxic")),
        (("soluble", "insoluble"), ("insoluble", "soluble")),
        (("zebra", "ant"), ("ant", "zebra")),
    ],
)
def test_two_words_or_two_whole_numbers_are_classes(
    asked: str, cells: Sequence[str], words: tuple[str, str]
) -> None:
    for order in itertools.permutations(cells):
        assert found(*order, asked=asked) == words


def test_words_are_the_same_in_any_case_and_told_as_they_are_written_most() -> None:
    assert found("Active", "ACTIVE", "active", "active", "INACTIVE") == ("INACTIVE", "active")


@pytest.mark.parametrize(
    "cells",
    [
        ("0.5", "1"),
        ("0", "1", "2"),
        ("0", "1", "0.5"),
        ("3", "3"),
        ("1", "", "1"),
        ("0,5", "1,5"),
        (">100", "<5"),
        ("", "nan", "NA", "n/a"),
        ("0.1", "abc", "0.2", "def", "0.3"),
        (),
    ],
)
def test_all_else_is_numbers_or_nothing_and_left_to_their_reading(cells: Sequence[str]) -> None:
    assert found(*cells) is None


@pytest.mark.parametrize("faulty", ["?", "", "nan", "maybe", "0,5", "1e400"])
def test_a_few_cells_that_cannot_be_read_make_no_numbers_of_classes(faulty: str) -> None:
    assert found("0", "1", "1", faulty) == ("0", "1")
    assert found("no", "yes", "na", "", "nan", "5") == ("no", "yes")


def test_a_column_is_read_no_further_than_its_third_number() -> None:
    def cells() -> Iterator[str]:
        yield from ("0", "1", "0", "1", "0.5")
        pytest.fail("it was plain what the column holds")

    assert found_classes(WHERE, cells(), "auto") is None


@pytest.mark.parametrize("asked", ["auto", "binary"])
def test_more_than_two_words_are_refused_with_their_counts(asked: str) -> None:
    said = (
        r"column 'y' of own\.csv holds 3 different words: 'low' \(4\), 'high' \(2\), 'mid' \(2\)\. "
        "Labels should be numbers, or words for two classes"
    )
    with pytest.raises(InputError, match=said):
        found("low", "high", "low", "mid", asked=asked)
    with pytest.raises(
        InputError, match=r"holds 7 different words: 'a' \(2\), .*'e' \(2\), \.\.\."
    ):
        found(*"abcdefg", asked=asked)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("0", "1", "2"), "holds different numbers, such as 0, 1, 2, and task is binary"),
        (("0.2", "0.7"), "holds real numbers, as probabilities are, such as 0.2, 0.7, and task is"),
        (("0", "0.5", "1"), "real numbers, as probabilities are, such as 0, 0.5, 1"),
        (("-3.2", "1", "5"), "holds real numbers, such as -3.2, 1, 5"),
        (("1", "1"), "holds one class only, '1'"),
        (("yes", "Yes"), "holds one class only, 'yes'"),
    ],
)
def test_what_is_no_two_classes_is_refused_where_they_are_asked_for(
    cells: Sequence[str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        found(*cells, asked="binary")


def test_one_word_alone_is_one_class_and_one_number_a_constant_label() -> None:
    with pytest.raises(InputError, match="holds one class only, 'active'"):
        found("active", "active")
    assert found("1", "1") is None


def test_a_word_and_a_number_are_no_two_classes() -> None:
    said = r"holds 'no' \(4\), 1 \(2\)\. Write classes as two words, or as two numbers"
    with pytest.raises(InputError, match=said):
        found("1", "no", "no")


def test_codes_that_may_be_classes_are_told_and_numbers_are_not() -> None:
    note = codes_note("y", [0.0, 1.0, -1.0, 1.0, math.nan])
    assert "column 'y' are read as numbers, and are -1 (1), 0 (1), 1 (2); if two of them" in note
    for labels in ([0.0, 1.0], [0.0, 1.0, 0.5], [1.0, 2.0, 3.0, 4.0, 5.0], []):
        assert codes_note("y", labels) == ""


def test_numbers_asked_for_are_numbers() -> None:
    assert found("0", "1", asked="regression") is None
    assert found("yes", "no", asked="regression") is None


@pytest.mark.parametrize(
    ("cells", "positive", "words"),
    [
        (("active", "inactive"), "inactive", ("active", "inactive")),
        (("active", "inactive"), "ACTIVE", ("inactive", "active")),
        (("0", "1"), "0.0", ("1", "0")),
        (("ant", "zebra"), " ant ", ("zebra", "ant")),
    ],
)
def test_the_class_that_is_1_may_be_said(
    cells: Sequence[str], positive: str, words: tuple[str, str]
) -> None:
    assert found(*cells, positive=positive) == words


def test_a_class_that_there_is_not_is_refused_and_any_where_labels_are_numbers() -> None:
    said = "positive is 'on', which is none of the classes of .*one of: no, yes"
    with pytest.raises(InputError, match=said):
        found("yes", "no", positive="on")
    for cells, asked in ((("0.1", "0.2"), "auto"), (("0", "1"), "regression")):
        with pytest.raises(InputError, match=r"positive is '1', and labels of .* read as numbers"):
            found(*cells, asked=asked, positive="1")


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("yes", 1, ""),
        ("NO", 0, ""),
        ("maybe", math.nan, "label is none of the classes 'No' and 'Yes'"),
        ("1", math.nan, "label is none of the classes 'No' and 'Yes'"),
        ("", math.nan, "empty label"),
        ("nan", math.nan, "label is not finite"),
    ],
)
def test_a_cell_is_one_of_the_classes_or_has_a_reason(text: str, label: float, reason: str) -> None:
    assert Classes(("No", "Yes")).label_of(text) == (pytest.approx(label, nan_ok=True), reason)


def test_what_was_found_is_told_with_the_ways_out() -> None:
    words, numbers = Classes(("not active", "active")), Classes(("0", "1"))
    assert classes_note("y", words, "auto", None) == (
        "labels of column 'y' are classes: 'active' is 1, 'not active' is 0; pass --positive "
        "'not active' for the other way"
    )
    assert classes_note("y", numbers, "auto", None).endswith(
        "; pass --task regression for numbers or --positive 0 for the other way"
    )
    assert classes_note("y", numbers, "binary", "1") == (
        "labels of column 'y' are classes: '1' is 1, '0' is 0"
    )
