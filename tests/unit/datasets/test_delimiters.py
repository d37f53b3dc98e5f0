from __future__ import annotations

import pytest

from w2s_mol.datasets.delimiters import found_delimiter, given_delimiter
from w2s_mol.errors import InputError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("smiles,y\nC,1", ","),
        ("smiles;y\nC;0,1\nCC;0,2", ";"),
        ("smiles\ty\nC\t1", "\t"),
        ("smiles", ","),
        ("", ","),
        ("smiles\nC |x,y;z|", ","),  # the header has one column, whatever a row holds
        ("smiles;a, b, c;y\nC;d;1\nN;e, f;2", ";"),
        ("smiles,a;b\nC,1\nN,2", ","),
        ('"a;b;c",y\nC,1', ","),
        ("a;b,c", ","),  # either could be: the usual one
    ],
)
def test_the_delimiter_is_the_one_that_header_and_rows_agree_on(text, found):
    assert found_delimiter(text.splitlines(keepends=True), ",") == found


def test_the_suffix_settles_what_the_rows_leave_open():
    assert found_delimiter(["a\tb,c\n", "1\t2,3\n"], "\t") == "\t"
    assert found_delimiter(["a\tb,c\n", "1\t2,3\n"], ",") == ","


@pytest.mark.parametrize(
    ("given", "sign"),
    [("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("\\t", "\t"), ("blank", " "), ("|", "|")],
)
def test_a_delimiter_is_a_word_or_one_character(given, sign):
    assert given_delimiter(given) == sign


@pytest.mark.parametrize("given", ["", "commas", "||", "a", "1", '"', "\n"])
def test_what_can_be_no_delimiter_is_refused(given):
    with pytest.raises(InputError, match="comma, semicolon, tab, blank; or one character"):
        given_delimiter(given)
